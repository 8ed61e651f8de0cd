/*
 * crl_round.h - one issuer's CRLs that are due, made with one number (inside ca/ only).
 */
#ifndef CA_CRL_ROUND_H
#define CA_CRL_ROUND_H

#include "ca/authority_state.h"

/*
 * Makes, records and shelves: with CRL_DUE_SCHEDULED all of them, else that of all
 * certificates, its delta, and those shards that lack a revocation.
 */
int crl_round_run(struct authority *authority, struct issuer *issuer,
    struct crl_shelf *shelf, enum crl_due what, int64_t now, struct error *err);

#endif

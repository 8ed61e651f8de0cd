/*
 * subordinate.h - the request of an authority elsewhere that one of ours is to certify.
 *
 * Its subject is taken as it is; what makes it an authority comes from the profile
 * "intermediate" and never from the request. It certifies leaves only.
 */
#ifndef CA_SUBORDINATE_H
#define CA_SUBORDINATE_H

#include "ca/identity.h"

#define SUBORDINATE_PATH_LEN 0

/* identity gets a subject and no names; the caller clears it in either case. */
int subordinate_read(const struct csr *csr, const X509 *issuer, struct identity *identity,
    struct warnings *w, struct violations *v, struct error *err);

#endif

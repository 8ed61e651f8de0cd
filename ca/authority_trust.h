/* authority_trust.h - which roots clients are to trust. */
#ifndef CA_AUTHORITY_TRUST_H
#define CA_AUTHORITY_TRUST_H

#include "ca/authority.h"

/*
 * Appends in PEM, each once, the roots that issuers lead to that are active or retire:
 * during a rotation the old one and the next, and those of outside authorities. Not what
 * has expired at now. ERROR_NOT_FOUND when there is none.
 */
int authority_trust(
    struct authority *authority, int64_t now, struct buffer *pem, struct error *err);

#endif

/*
 * reason.h - why a certificate was revoked: CRLReason of RFC 5280 section 5.3.1, by names
 * in snake_case.
 */
#ifndef CA_REASON_H
#define CA_REASON_H

#include "base/error.h"

#define REASON_UNSPECIFIED 0

/* ERROR_BAD_REQUEST lists the names, or says why keyhold has no such revocation. */
int reason_read(const char *name, int *reason, struct error *err);

/* NULL for a number that is none of those that reason_read gives. */
const char *reason_name(int reason);

#endif

/* calendar.h - how long public authorities may still make certificates: ever less. */
#ifndef CA_CALENDAR_H
#define CA_CALENDAR_H

#include <stdint.h>

#include <openssl/x509v3.h>

#include "ca/profile.h"
#include "ca/validity.h"
#include "ca/warning.h"

/*
 * Seconds from notBefore to notAfter, both included, for a certificate that is issued
 * then: 398 days, 200 from 2026-03-15, 100 from 2027-03-15, 47 from 2029-03-15
 * (BR 6.3.2).
 */
int64_t calendar_longest_s(int64_t issued);

/*
 * Warns of a certificate for TLS servers that is longer, when all its names look public:
 * DNS names under a top-level name of the Public Suffix List. A private authority may
 * issue it; programs that hold it to the public ones' calendar may refuse it.
 */
void calendar_warn(const struct profile *profile, const GENERAL_NAMES *names,
    const struct validity *validity, struct warnings *w);

#endif

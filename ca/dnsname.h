/* dnsname.h - the host names that may stand in a certificate. */
#ifndef CA_DNSNAME_H
#define CA_DNSNAME_H

#include <stdbool.h>

#include "base/buffer.h"
#include "ca/violation.h"

/* Adds what is wrong with the name to v, under field. Lengths count, not NULs. */
void dnsname_check(
    struct bytes name, bool allow_wildcard, const char *field, struct violations *v);

#endif

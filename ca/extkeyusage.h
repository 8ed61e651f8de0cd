/* extkeyusage.h - the purposes of a key (RFC 5280 section 4.2.1.12). */
#ifndef CA_EXTKEYUSAGE_H
#define CA_EXTKEYUSAGE_H

#include <stdbool.h>

#include "ca/profile.h"

/* A purpose that a stored profile may have: a name of the table, or a dotted OID that is
 * neither anyExtendedKeyUsage nor one that speaks for the authority itself. */
bool extkeyusage_is_allowed(const char *purpose);

/* RFC 3161 section 2.3: a time stamper's is critical, and alone. */
bool extkeyusage_is_time_stamping(const char *purpose);
bool extkeyusage_is_critical(const struct profile *profile);

#endif

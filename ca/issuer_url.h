/*
 * issuer_url.h - where a relying party asks about what an issuer signed.
 *
 * http:// and nothing else: whoever fetches a CRL over TLS must first check the
 * certificate of that server, which may need the same CRL (RFC 5280 section 8).
 */
#ifndef CA_ISSUER_URL_H
#define CA_ISSUER_URL_H

#include <stdbool.h>

#include "ca/violation.h"
#include "store/issuers.h"

/* Whether url may stand in certificates; *why says why not. */
bool issuer_url_is_fine(const char *url, const char **why);

/* Sets those that are not NULL; what is wrong with one goes to v. */
int issuer_set_urls(struct issuer_row *row, const char *crl, const char *ocsp,
    const char *ca_issuers, struct violations *v, struct error *err);

#endif

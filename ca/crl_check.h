/*
 * crl_check.h - a CRL read again before it is released.
 *
 * The entries are read by a walk that allocates nothing; the rest, which is small, by
 * OpenSSL, as relying parties will.
 */
#ifndef CA_CRL_CHECK_H
#define CA_CRL_CHECK_H

#include <stdbool.h>

#include <openssl/types.h>

#include "base/buffer.h"
#include "base/error.h"

struct crl_spec;

/* All point into the CRL. */
struct crl_parts {
	struct bytes tbs;     /* with its header, as everything here but entries */
	struct bytes head;    /* from version to nextUpdate, one after the other */
	struct bytes entries; /* the content of revokedCertificates; empty without it */
	struct bytes extensions;   /* [0] and what is in it */
	struct bytes inner, outer; /* AlgorithmIdentifiers */
	struct bytes signature;    /* without the octet of unused bits */
};

/* False when it is not the DER of a v2 CRL as crl_sign writes it. */
bool crl_read(struct bytes der, struct crl_parts *parts);

/* Takes one entry off the front; false when it is none that crl_add writes. */
bool crl_take_entry(struct bytes *entries, struct bytes *serial);

/* Whether der says what spec does in count entries, and is signed by spec's issuer. */
int crl_check(OSSL_LIB_CTX *libctx, struct bytes der, const struct crl_spec *spec,
    size_t count, struct error *err);

#endif

/* bundle.h - a CA certificate from outside, and those above it. */
#ifndef CA_BUNDLE_H
#define CA_BUNDLE_H

#include <openssl/types.h>
#include <openssl/x509.h>

#include "base/buffer.h"
#include "base/error.h"
#include "ca/violation.h"
#include "ca/warning.h"

#define BUNDLE_MAX_BYTES 65536
#define BUNDLE_MAX       10 /* certificates */

struct bundle {
	X509 *cert;
	STACK_OF(X509) * above;   /* nearest first */
	struct buffer der, chain; /* the first, and the others one after the other */
};

/*
 * Reads one certificate in DER, or in PEM several: the CA's first, then each one's
 * issuer. Text between the blocks is skipped; a private key is refused. The caller clears
 * bundle in either case.
 */
int bundle_read(
    OSSL_LIB_CTX *libctx, struct bytes body, struct bundle *bundle, struct error *err);
void bundle_clear(struct bundle *bundle);

/* What an issuer's certificate must be. */
struct bundle_wanted {
	const unsigned char *spki_sha256;
	const X509_NAME *subject; /* NULL: any but none */
	int64_t now;
};

/* Each broken rule goes to v, what a relying party may dislike to w. */
int bundle_check(OSSL_LIB_CTX *libctx, const struct bundle *bundle,
    const struct bundle_wanted *wanted, struct warnings *w, struct violations *v,
    struct error *err);

#endif

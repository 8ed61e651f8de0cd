/* outside.h - certificates of authorities as another house makes them, right or wrong. */
#ifndef TESTS_CA_OUTSIDE_H
#define TESTS_CA_OUTSIDE_H

#include <stdbool.h>

#include <openssl/types.h>

#include "base/buffer.h"

#define DAY 86400

struct making {
	const char *cn;            /* NULL: no subject */
	const char *basic, *usage; /* as of openssl.cnf; usage may be NULL */
	bool no_key_id, version_1;
	long from_s, until_s; /* from now */
};

/* issuer NULL: self-signed. The caller frees. */
X509 *
outside_make(EVP_PKEY *key, X509 *issuer, EVP_PKEY *signer, const struct making *making);

/* Behind what is in pem already. */
void outside_append(X509 *cert, struct buffer *pem);

#endif

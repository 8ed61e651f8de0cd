/*
 * signer.h - one signature by an EVP_PKEY whose private half may live elsewhere.
 *
 * The algorithm is known before anything is signed, because a certificate names
 * it inside the signed part (RFC 5280 section 4.1.2.3).
 */
#ifndef CA_SIGNER_H
#define CA_SIGNER_H

#include <stddef.h>

#include <openssl/types.h>

#include "base/buffer.h"
#include "base/error.h"

#define SIGNER_SIGNATURE_MAX 512 /* RSA-4096 */
#define SIGNER_ALGORITHM_MAX 96  /* RSA-PSS names its parameters in 67 */

struct signer {
	EVP_MD_CTX *ctx;
	unsigned char algorithm[SIGNER_ALGORITHM_MAX]; /* DER AlgorithmIdentifier */
	size_t algorithm_len;
};

/* How a key of some type signs here. */
struct signer_choice {
	const char *key; /* OpenSSL's name of the key type */
	int bits;        /* 0: any */
	const char *hash;
	int signature_nid;
};

/* NULL for a key that cannot sign certificates here. */
const struct signer_choice *signer_choice(const EVP_PKEY *key);

/* Starts a signature; asks nothing of the private key yet. */
int signer_init(
    struct signer *signer, OSSL_LIB_CTX *libctx, EVP_PKEY *key, struct error *err);
int signer_sign(struct signer *signer, struct bytes message,
    unsigned char sig[static SIGNER_SIGNATURE_MAX], size_t *sig_len, struct error *err);
void signer_clear(struct signer *signer);

/* Whether sig is by the key that public is the public half of; else ERROR_TOKEN. */
int signer_verify(OSSL_LIB_CTX *libctx, EVP_PKEY *public, struct bytes message,
    struct bytes sig, struct error *err);

#endif

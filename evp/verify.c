/* verify.c - EVP_DigestVerify over a key's SubjectPublicKeyInfo. */
#include "evp/verify.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#define BY_THE_DEFAULT_PROVIDER "provider=default"

EVP_MD_CTX *
verify_start(OSSL_LIB_CTX *libctx, const struct key *key, const char *hash,
    const OSSL_PARAM params[])
{
	const unsigned char *p = key->spki;
	EVP_PKEY *public =
	    d2i_PUBKEY_ex(NULL, &p, (long)key->spki_len, libctx, BY_THE_DEFAULT_PROVIDER);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (public == NULL || ctx == NULL ||
	    EVP_DigestVerifyInit_ex(
		ctx, NULL, hash, libctx, BY_THE_DEFAULT_PROVIDER, public, params) != 1) {
		EVP_MD_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_PKEY_free(public);
	return ctx;
}

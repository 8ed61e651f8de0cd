/* selftest.c - one real signature, verified. */
#include "pkcs11/selftest.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "pkcs11/sign.h"

#define NONCE_BYTES 32

static int
verify(const struct key *key, enum scheme scheme, const struct bytes *message,
    const struct bytes *sig, struct error *err)
{
	const unsigned char *p = key->spki;
	EVP_PKEY *public = d2i_PUBKEY(NULL, &p, (long)key->spki_len);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int rc = 0;

	if (public == NULL || ctx == NULL ||
	    EVP_DigestVerifyInit_ex(
		ctx, NULL, scheme_info(scheme)->hash, NULL, NULL, public, NULL) != 1 ||
	    EVP_DigestVerify(ctx, sig->data, sig->len, message->data, message->len) != 1)
		rc = error_set_openssl(
		    err, ERROR_TOKEN, "a signature that the token made does not verify");
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(public);
	return rc;
}

int
token_selftest(struct token *token, CK_OBJECT_HANDLE private, const struct key *key,
    struct error *err)
{
	const struct key_type_info *info = key_type_info(key->type);
	unsigned char nonce[NONCE_BYTES], sig[SIGNATURE_MAX_BYTES];
	struct bytes message = { .data = nonce, .len = sizeof(nonce) };
	struct bytes signature = { .data = sig };
	enum scheme scheme;

	if (scheme_of(info->family, info->default_hash, false, &scheme) != 0 ||
	    RAND_bytes(nonce, sizeof(nonce)) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "self-test");
	if (token_sign(token, private, key->type, scheme, &message, sig, &signature.len,
		err) != 0)
		return -1;
	return verify(key, scheme, &message, &signature, err);
}

/* selftest.c - one real signature, verified; one real decryption, compared. */
#include "pkcs11/selftest.h"

#include <stdbool.h>

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "pkcs11/decrypt.h"
#include "pkcs11/sign.h"

#define NONCE_BYTES 32

/* The salt is as long as the hash (RFC 8446 section 4.2.3). */
static bool
set_padding(EVP_PKEY_CTX *ctx, const struct scheme_info *scheme)
{
	return !scheme->pss ||
	       (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		   EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
}

int
token_verify(const struct key *key, enum scheme scheme, const struct bytes *message,
    const struct bytes *sig, struct error *err)
{
	const struct scheme_info *info = scheme_info(scheme);
	const unsigned char *p = key->spki;
	EVP_PKEY *public = d2i_PUBKEY(NULL, &p, (long)key->spki_len);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	int rc = 0;

	if (public == NULL || ctx == NULL ||
	    EVP_DigestVerifyInit_ex(ctx, &pctx, info->hash, NULL, NULL, public, NULL) !=
		1 ||
	    !set_padding(pctx, info) ||
	    EVP_DigestVerify(ctx, sig->data, sig->len, message->data, message->len) != 1)
		rc = error_set_openssl(
		    err, ERROR_AWAY, "a signature that the token made does not verify");
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(public);
	return rc;
}

/* *verifies is why not, or has ERROR_NONE; -1 when there is no signature. */
static int
try_signature(struct token *token, CK_OBJECT_HANDLE private, const struct key *key,
    enum scheme scheme, struct error *verifies, struct error *err)
{
	unsigned char nonce[NONCE_BYTES], sig[SIGNATURE_MAX_BYTES];
	struct bytes message = { .data = nonce, .len = sizeof(nonce) };
	struct bytes signature = { .data = sig };
	struct mechanism mechanism;
	struct error why = { 0 };

	if (RAND_bytes(nonce, sizeof(nonce)) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "self-test");
	if (mechanism_init(&mechanism, scheme, key->type, &message, &why) != 0 ||
	    token_sign(token, private, &mechanism, sig, &signature.len, &why) != 0)
		return error_set(err,
		    why.code == ERROR_UNSUPPORTED ? ERROR_TOKEN : why.code, "%s",
		    why.text);
	verifies->code = ERROR_NONE;
	token_verify(key, scheme, &message, &signature, verifies);
	return 0;
}

int
token_selftest(struct token *token, CK_OBJECT_HANDLE private, const struct key *key,
    struct error *err)
{
	return token_selftest_scheme(token, private, key, scheme_default(key->type), err);
}

int
token_selftest_scheme(struct token *token, CK_OBJECT_HANDLE private,
    const struct key *key, enum scheme scheme, struct error *err)
{
	struct error verifies;

	if (try_signature(token, private, key, scheme, &verifies, err) != 0)
		return -1;
	if (verifies.code == ERROR_NONE)
		return 0;
	return error_set(err, verifies.code, "%s", verifies.text);
}

int
token_selftest_pair(struct token *token, CK_OBJECT_HANDLE private, const struct key *key,
    struct error *err)
{
	struct error verifies;

	if (try_signature(
		token, private, key, scheme_default(key->type), &verifies, err) != 0)
		return -1;
	if (verifies.code == ERROR_NONE)
		return 0;
	return error_set(err, ERROR_CONFLICT,
	    "the private and the public key under this CKA_ID are of two pairs: what the "
	    "one signs does not verify with the other");
}

/* RSAES-PKCS1-v1_5 with the public half, as a TLS client does it. */
static int
encrypt(const struct key *key, const unsigned char premaster[static PREMASTER_BYTES],
    unsigned char *ciphertext, size_t *len, struct error *err)
{
	const unsigned char *p = key->spki;
	EVP_PKEY *public = d2i_PUBKEY(NULL, &p, (long)key->spki_len);
	EVP_PKEY_CTX *ctx = public != NULL ? EVP_PKEY_CTX_new(public, NULL) : NULL;
	int rc = 0;

	if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
	    EVP_PKEY_encrypt(ctx, ciphertext, len, premaster, PREMASTER_BYTES) != 1)
		rc = error_set_openssl(err, ERROR_INTERNAL, "self-test");
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(public);
	return rc;
}

int
token_selftest_decrypt(struct token *token, CK_OBJECT_HANDLE private,
    const struct key *key, struct error *err)
{
	unsigned char sent[PREMASTER_BYTES], received[PREMASTER_BYTES];
	unsigned char data[SIGNATURE_MAX_BYTES];
	struct bytes ciphertext = { .data = data, .len = sizeof(data) };
	struct error why = { 0 };

	if (RAND_bytes(sent, sizeof(sent)) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "self-test");
	sent[0] = sent[1] = 3; /* TLS 1.2 */
	if (encrypt(key, sent, data, &ciphertext.len, err) != 0)
		return -1;
	if (token_decrypt(token, private, key, &ciphertext, received, &why) != 0)
		return error_set(err,
		    why.code == ERROR_UNSUPPORTED ? ERROR_TOKEN : why.code,
		    "this token cannot serve RSA key exchange: %s", why.text);
	if (CRYPTO_memcmp(sent, received, sizeof(sent)) != 0)
		return error_set(err, ERROR_TOKEN,
		    "this token cannot serve RSA key exchange: it does not decrypt "
		    "with raw RSA (CKM_RSA_X_509) as PKCS#11 wants it");
	return 0;
}

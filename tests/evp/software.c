/* software.c - software keys for the tests of evp/ and pkcs11/. */
#include "tests/evp/software.h"

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/tls1.h>
#include <openssl/x509.h>

static EVP_PKEY *keys[KEY_TYPES];

/* The same numbers under id-RSASSA-PSS: generating takes long. */
static EVP_PKEY *
as_pss(EVP_PKEY *rsa)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pss = NULL;

	if (EVP_PKEY_todata(rsa, EVP_PKEY_KEYPAIR, &params) != 1 ||
	    EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pss, EVP_PKEY_KEYPAIR, params) != 1)
		abort();
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return pss;
}

static EVP_PKEY *
make_key(const struct key_type_info *info)
{
	switch (info->family) {
	case KEY_FAMILY_RSA:
		return EVP_RSA_gen((unsigned)info->bits);
	case KEY_FAMILY_RSA_PSS:
		return as_pss(keys[KEY_RSA_2048 + (info->bits - 2048) / 1024]);
	case KEY_FAMILY_EC:
		return EVP_EC_gen(info->group);
	default:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	}
}

int
software_make(void **state)
{
	(void)state;
	for (int i = 0; i < KEY_TYPES; i++)
		if ((keys[i] = make_key(key_type_info((enum key_type)i))) == NULL)
			abort();
	return 0;
}

int
software_free(void **state)
{
	(void)state;
	for (int i = 0; i < KEY_TYPES; i++)
		EVP_PKEY_free(keys[i]);
	return 0;
}

EVP_PKEY *
software_key(enum key_type type)
{
	return keys[type];
}

void
software_spki(EVP_PKEY *pkey, struct buffer *der)
{
	unsigned char *data = NULL;
	int len = i2d_PUBKEY(pkey, &data);

	if (len <= 0)
		abort();
	buf_append(der, data, (size_t)len);
	OPENSSL_free(data);
}

struct key
software_describe(enum key_type type, const char *name)
{
	struct buffer der;
	struct bytes spki;
	struct key key;

	buf_init(&der, 0);
	software_spki(keys[type], &der);
	spki = buf_bytes(&der);
	if (key_init(&key, name, &spki, NULL) != 0)
		abort();
	buf_free(&der);
	return key;
}

static int
set_pss(EVP_PKEY_CTX *ctx, enum scheme scheme)
{
	if (!scheme_info(scheme)->pss)
		return 1;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

int
software_sign_init(
    EVP_MD_CTX *ctx, OSSL_LIB_CTX *libctx, EVP_PKEY *pkey, enum scheme scheme)
{
	EVP_PKEY_CTX *sign = NULL;
	int rc = EVP_DigestSignInit_ex(
	    ctx, &sign, scheme_info(scheme)->hash, libctx, NULL, pkey, NULL);

	return rc == 1 ? set_pss(sign, scheme) : rc;
}

bool
software_verifies(const struct key *key, enum scheme scheme, const struct bytes *message,
    const struct bytes *sig)
{
	const unsigned char *p = key->spki;
	EVP_PKEY *public = d2i_PUBKEY(NULL, &p, (long)key->spki_len);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *verify = NULL;
	bool good = false;

	if (public == NULL || ctx == NULL ||
	    EVP_DigestVerifyInit_ex(
		ctx, &verify, scheme_info(scheme)->hash, NULL, NULL, public, NULL) != 1 ||
	    !set_pss(verify, scheme))
		abort();
	good =
	    EVP_DigestVerify(ctx, sig->data, sig->len, message->data, message->len) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(public);
	return good;
}

static int
backend_sign(void *context, const struct key *key, enum scheme scheme,
    const struct bytes *message, unsigned char sig[static SIGNATURE_MAX_BYTES],
    size_t *sig_len, struct error *err)
{
	struct software_backend *backend = context;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int rc = 0;

	backend->calls++;
	backend->scheme = scheme;
	backend->len = message->len;
	*sig_len = SIGNATURE_MAX_BYTES;
	if (backend->fail.code != ERROR_NONE)
		rc = error_set(err, backend->fail.code, "%s", backend->fail.text);
	else if (software_sign_init(ctx, NULL, keys[key->type], scheme) != 1 ||
		 EVP_DigestSign(ctx, sig, sig_len, message->data, message->len) != 1)
		abort();
	EVP_MD_CTX_free(ctx);
	return rc;
}

int
software_decrypt_init(EVP_PKEY_CTX *ctx, unsigned client_version)
{
	OSSL_PARAM params[2];

	params[0] = OSSL_PARAM_construct_uint(
	    OSSL_ASYM_CIPHER_PARAM_TLS_CLIENT_VERSION, &client_version);
	params[1] = OSSL_PARAM_construct_end();
	if (EVP_PKEY_decrypt_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_WITH_TLS_PADDING) != 1)
		return 0;
	return EVP_PKEY_CTX_set_params(ctx, params);
}

static int
backend_decrypt(void *context, const struct key *key, const struct bytes *ciphertext,
    unsigned char premaster[static PREMASTER_BYTES], struct error *err)
{
	struct software_backend *backend = context;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, keys[key->type], NULL);
	size_t len = PREMASTER_BYTES;
	int rc = 0;

	backend->calls++;
	backend->len = ciphertext->len;
	if (backend->fail.code != ERROR_NONE)
		rc = error_set(err, backend->fail.code, "%s", backend->fail.text);
	else if (software_decrypt_init(ctx, TLS1_2_VERSION) != 1 ||
		 EVP_PKEY_decrypt(
		     ctx, premaster, &len, ciphertext->data, ciphertext->len) != 1)
		abort();
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

const struct key_backend software_backend = {
	.sign = backend_sign,
	.decrypt = backend_decrypt,
};

/* jwk.c - the public half as JSON, and signatures in the form of JOSE. */
#include "acme/jwk.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "acme/base64url.h"

#define NUMBER_MAX 512 /* the modulus of rsa-4096 */

static const struct {
	enum key_type type;
	const char *alg, *curve;
	enum scheme scheme;
	size_t half;
} algorithms[] = {
	{ KEY_EC_P256, "ES256", "P-256", SCHEME_ECDSA_SECP256R1_SHA256, 32 },
	{ KEY_EC_P384, "ES384", "P-384", SCHEME_ECDSA_SECP384R1_SHA384, 48 },
	{ KEY_EC_P521, "ES512", "P-521", SCHEME_ECDSA_SECP521R1_SHA512, 66 },
	{ KEY_RSA_2048, "RS256", NULL, SCHEME_RSA_PKCS1_SHA256, 0 },
	{ KEY_RSA_3072, "RS256", NULL, SCHEME_RSA_PKCS1_SHA256, 0 },
	{ KEY_RSA_4096, "RS256", NULL, SCHEME_RSA_PKCS1_SHA256, 0 },
	{ KEY_ED25519, "EdDSA", "Ed25519", SCHEME_ED25519, 0 },
};

/* "name":"base64url of the number", in width bytes, or as few as it takes. */
static int
write_number(struct buffer *out, const EVP_PKEY *pkey, const char *param,
    const char *name, size_t width)
{
	unsigned char octets[NUMBER_MAX];
	BIGNUM *number = NULL;
	int len = -1;

	if (EVP_PKEY_get_bn_param(pkey, param, &number) == 1) {
		if (width == 0)
			width = (size_t)BN_num_bytes(number);
		if (width <= sizeof(octets))
			len = BN_bn2binpad(number, octets, (int)width);
	}
	BN_free(number);
	if (len < 0)
		return -1;
	buf_printf(out, "\"%s\":\"", name);
	base64url_encode(out, (struct bytes){ octets, (size_t)len });
	buf_text(out, "\"");
	return 0;
}

static int
write_rsa(struct buffer *out, const EVP_PKEY *pkey)
{
	buf_text(out, "{");
	if (write_number(out, pkey, OSSL_PKEY_PARAM_RSA_E, "e", 0) != 0)
		return -1;
	buf_text(out, ",\"kty\":\"RSA\",");
	if (write_number(out, pkey, OSSL_PKEY_PARAM_RSA_N, "n", 0) != 0)
		return -1;
	buf_text(out, "}");
	return 0;
}

static int
write_ec(struct buffer *out, const EVP_PKEY *pkey, const char *curve, size_t half)
{
	buf_printf(out, "{\"crv\":\"%s\",\"kty\":\"EC\",", curve);
	if (write_number(out, pkey, OSSL_PKEY_PARAM_EC_PUB_X, "x", half) != 0)
		return -1;
	buf_text(out, ",");
	if (write_number(out, pkey, OSSL_PKEY_PARAM_EC_PUB_Y, "y", half) != 0)
		return -1;
	buf_text(out, "}");
	return 0;
}

static int
write_okp(struct buffer *out, const EVP_PKEY *pkey, const char *curve)
{
	unsigned char octets[64];
	size_t len = sizeof(octets);

	if (EVP_PKEY_get_raw_public_key(pkey, octets, &len) != 1)
		return -1;
	buf_printf(out, "{\"crv\":\"%s\",\"kty\":\"OKP\",\"x\":\"", curve);
	base64url_encode(out, (struct bytes){ octets, len });
	buf_text(out, "\"}");
	return 0;
}

static int
write_json(struct jwk *jwk, const char *curve, struct error *err)
{
	const unsigned char *der = jwk->key.spki;
	EVP_PKEY *pkey = d2i_PUBKEY(NULL, &der, (long)jwk->key.spki_len);
	int rc = -1;

	if (pkey != NULL && curve == NULL)
		rc = write_rsa(&jwk->json, pkey);
	else if (pkey != NULL && jwk->half > 0)
		rc = write_ec(&jwk->json, pkey, curve, jwk->half);
	else if (pkey != NULL)
		rc = write_okp(&jwk->json, pkey, curve);
	EVP_PKEY_free(pkey);
	if (rc != 0 || buf_failed(&jwk->json))
		return error_set_openssl(err, ERROR_INTERNAL, "the account key as JSON");
	return 0;
}

static void
write_thumbprint(struct jwk *jwk)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	struct buffer text;

	SHA256(jwk->json.data, jwk->json.len, hash);
	buf_init(&text, 0);
	base64url_encode(&text, (struct bytes){ hash, sizeof(hash) });
	memcpy(jwk->thumbprint, buf_string(&text),
	    text.len < JWK_THUMBPRINT_SIZE ? text.len + 1 : JWK_THUMBPRINT_SIZE);
	buf_free(&text);
}

int
jwk_init(struct jwk *jwk, const struct acme_key *source, struct error *err)
{
	*jwk = (struct jwk){ .source = source };
	buf_init(&jwk->json, 0);
	if (key_init(&jwk->key, "account", &source->spki, err) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		if (algorithms[i].type != jwk->key.type)
			continue;
		jwk->alg = algorithms[i].alg;
		jwk->scheme = algorithms[i].scheme;
		jwk->half = algorithms[i].half;
		if (write_json(jwk, algorithms[i].curve, err) != 0)
			return -1;
		write_thumbprint(jwk);
		return 0;
	}
	return error_set(err, ERROR_UNSUPPORTED,
	    "no ACME server takes an account key of type %s; ec-p256 is taken by all",
	    key_type_info(jwk->key.type)->name);
}

void
jwk_clear(struct jwk *jwk)
{
	buf_free(&jwk->json);
}

/* From ECDSA-Sig-Value (RFC 3279 section 2.2.3). */
static int
append_raw(struct buffer *out, const unsigned char *der, size_t len, size_t half,
    struct error *err)
{
	unsigned char raw[2 * 66];
	const unsigned char *at = der;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
	int rc = -1;

	if (sig != NULL && at == der + len && half <= sizeof(raw) / 2 &&
	    BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, (int)half) == (int)half &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + half, (int)half) == (int)half) {
		buf_append(out, raw, 2 * half);
		rc = 0;
	}
	ECDSA_SIG_free(sig);
	return rc == 0 ? 0
		       : error_set_openssl(err, ERROR_INTERNAL,
			     "the account key's signature is no ECDSA-Sig-Value");
}

int
jwk_sign(const struct jwk *jwk, struct bytes message, struct buffer *signature,
    struct error *err)
{
	unsigned char sig[ACME_SIGNATURE_MAX];
	size_t len = 0;

	if (jwk->source->sign(jwk->source->ctx, scheme_info(jwk->scheme)->name, &message,
		sig, &len, err) != 0)
		return -1;
	if (len > sizeof(sig))
		return error_set(err, ERROR_INTERNAL, "a signature of %zu bytes", len);
	if (jwk->half > 0)
		return append_raw(signature, sig, len, jwk->half, err);
	buf_append(signature, sig, len);
	return 0;
}

void
jwk_authorize(const struct jwk *jwk, const char *token, struct buffer *out)
{
	buf_printf(out, "%s.%s", token, jwk->thumbprint);
}

/* test_jws.c - JWK, thumbprint and JWS, by the examples of RFC 7515, 7638 and 8037. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "acme/base64url.h"
#include "acme/jws.h"
#include "base/text.h"
#include "tests/acme/softkey.h"

/* RFC 7638 section 3.1. */
#define RSA_N                                                                            \
	"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhD" \
	"R"                                                                              \
	"1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_"        \
	"RN5w6Cf0"                                                                       \
	"h4QyQ5v-65YGjQR0_"                                                              \
	"FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91"                 \
	"CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_"                \
	"xBniIqbw0Ls1jF44"                                                               \
	"-csFCur-kEgU8awapJzKnqDKgw"
/* RFC 7515 appendix A.3. */
#define ES256_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define ES256_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define ES256_SIG                                                                        \
	"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-"                                               \
	"F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-"                                \
	"Kg6NU1Q"
#define ES256_HEADER "eyJhbGciOiJFUzI1NiJ9"
#define ES256_PAYLOAD                                                                    \
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc1" \
	"9"                                                                              \
	"yb290Ijp0cnVlfQ"
/* RFC 8037 appendix A. */
#define ED25519_D "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
#define ED25519_SIG                                                                      \
	"hgyY0il_MGCjP0JzlnLWG1PPOt7-"                                                   \
	"09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_"                            \
	"MuM0KAg"

static struct error err;

static struct bytes
text(const char *value)
{
	return (struct bytes){ (const unsigned char *)value, strlen(value) };
}

static void
decode(const char *encoded, struct buffer *out)
{
	buf_init(out, 0);
	assert_int_equal(base64url_decode(out, encoded, &err), 0);
}

static EVP_PKEY *
public_key(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params), 1);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return pkey;
}

static void
rsa_is_as_in_rfc_7638(void **state)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	struct softkey softkey;
	struct buffer n;
	struct jwk jwk;
	BIGNUM *modulus;

	(void)state;
	decode(RSA_N, &n);
	modulus = BN_bin2bn(n.data, (int)n.len, NULL);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, modulus);
	OSSL_PARAM_BLD_push_uint(bld, OSSL_PKEY_PARAM_RSA_E, 65537);
	softkey_take(&softkey, public_key("RSA", OSSL_PARAM_BLD_to_param(bld)));
	assert_int_equal(jwk_init(&jwk, &softkey.key, &err), 0);
	assert_string_equal(buf_string(&jwk.json),
	    "{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"" RSA_N "\"}");
	assert_string_equal(
	    jwk.thumbprint, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
	assert_string_equal(jwk.alg, "RS256");
	jwk_clear(&jwk);
	softkey_clear(&softkey);
	OSSL_PARAM_BLD_free(bld);
	BN_free(modulus);
	buf_free(&n);
}

/* Gives the RFC's signature, in DER, for the RFC's input, and nothing else. */
static int
give_es256(void *ctx, const char *scheme, const struct bytes *message,
    unsigned char sig[static ACME_SIGNATURE_MAX], size_t *sig_len, struct error *e)
{
	ECDSA_SIG *parts = ECDSA_SIG_new();
	struct buffer raw;
	int len;

	(void)ctx;
	(void)e;
	assert_string_equal(scheme, "ecdsa_secp256r1_sha256");
	assert_int_equal(message->len, strlen(ES256_HEADER "." ES256_PAYLOAD));
	assert_memory_equal(message->data, ES256_HEADER "." ES256_PAYLOAD, message->len);
	decode(ES256_SIG, &raw);
	ECDSA_SIG_set0(
	    parts, BN_bin2bn(raw.data, 32, NULL), BN_bin2bn(raw.data + 32, 32, NULL));
	len = i2d_ECDSA_SIG(parts, &sig);
	assert_true(len > 0);
	*sig_len = (size_t)len;
	ECDSA_SIG_free(parts);
	buf_free(&raw);
	return 0;
}

static void
es256_key(struct softkey *softkey)
{
	unsigned char point[65] = { 4 };
	char curve[] = "P-256";
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(
				    OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
		OSSL_PARAM_construct_octet_string(
		    OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
		OSSL_PARAM_construct_end() };
	struct buffer x, y;

	decode(ES256_X, &x);
	decode(ES256_Y, &y);
	memcpy(point + 1, x.data, 32);
	memcpy(point + 33, y.data, 32);
	softkey_take(softkey, public_key("EC", OSSL_PARAM_dup(params)));
	buf_free(&x);
	buf_free(&y);
}

static void
es256_is_as_in_rfc_7515(void **state)
{
	struct softkey softkey;
	struct buffer payload, out;
	struct jwk jwk;

	(void)state;
	es256_key(&softkey);
	softkey.key.sign = give_es256;
	decode(ES256_PAYLOAD, &payload);
	buf_init(&out, 0);
	assert_int_equal(jwk_init(&jwk, &softkey.key, &err), 0);
	assert_string_equal(buf_string(&jwk.json),
	    "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" ES256_X "\",\"y\":\"" ES256_Y
	    "\"}");
	assert_int_equal(jws_sign_header(&jwk, text("{\"alg\":\"ES256\"}"),
			     buf_bytes(&payload), &out, &err),
	    0);
	assert_string_equal(buf_string(&out),
	    "{\"protected\":\"" ES256_HEADER "\",\"payload\":\"" ES256_PAYLOAD
	    "\",\"signature\":\"" ES256_SIG "\"}");
	jwk_clear(&jwk);
	softkey_clear(&softkey);
	buf_free(&payload);
	buf_free(&out);
}

static void
eddsa_is_as_in_rfc_8037(void **state)
{
	unsigned char d[32];
	struct softkey softkey;
	struct buffer out;
	struct jwk jwk;

	(void)state;
	assert_int_equal(hex_decode(d, sizeof(d), ED25519_D), 0);
	softkey_take(
	    &softkey, EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, d, sizeof(d)));
	buf_init(&out, 0);
	assert_int_equal(jwk_init(&jwk, &softkey.key, &err), 0);
	assert_string_equal(
	    jwk.thumbprint, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
	assert_int_equal(jws_sign_header(&jwk, text("{\"alg\":\"EdDSA\"}"),
			     text("Example of Ed25519 signing"), &out, &err),
	    0);
	assert_string_equal(buf_string(&out),
	    "{\"protected\":\"eyJhbGciOiJFZERTQSJ9\",\"payload\":"
	    "\"RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc\",\"signature\":\"" ED25519_SIG "\"}");
	jwk_clear(&jwk);
	softkey_clear(&softkey);
	buf_free(&out);
}

/* The members of a JWS, decoded. */
static void
take_apart(const struct buffer *jws, struct buffer *protected, struct buffer *payload,
    struct buffer *signature)
{
	json_t *json = json_loads(buf_string(jws), 0, NULL);

	assert_int_equal(json_object_size(json), 3);
	decode(json_string_value(json_object_get(json, "protected")), protected);
	decode(json_string_value(json_object_get(json, "payload")), payload);
	decode(json_string_value(json_object_get(json, "signature")), signature);
	json_decref(json);
}

static void
a_request_says_who_where_and_how_often(void **state)
{
	const struct jws_header header = { .kid = "https://a.example/1",
		.nonce = "N",
		.url = "https://a.example/order" };
	struct buffer out, protected, payload, signature;
	struct softkey softkey;
	struct jwk jwk;

	(void)state;
	softkey_make(&softkey, "EC", "P-384");
	buf_init(&out, 0);
	assert_int_equal(jwk_init(&jwk, &softkey.key, &err), 0);
	assert_int_equal(jws_sign(&jwk, &header, text(""), &out, &err), 0);
	take_apart(&out, &protected, &payload, &signature);
	assert_string_equal(buf_string(&protected),
	    "{\"alg\":\"ES384\",\"kid\":\"https://a.example/1\",\"nonce\":\"N\",\"url\":"
	    "\"https://a.example/order\"}");
	assert_int_equal(payload.len, 0);
	assert_int_equal(signature.len, 96);
	buf_free(&out);
	buf_free(&protected);
	buf_free(&payload);
	buf_free(&signature);
	jwk_clear(&jwk);
	softkey_clear(&softkey);
}

static void
who_has_no_account_sends_the_key(void **state)
{
	const struct jws_header header = { .url = "https://a.example/account" };
	struct buffer out, protected, payload, signature;
	struct softkey softkey;
	struct jwk jwk;
	json_t *json;

	(void)state;
	softkey_make(&softkey, "EC", "P-521");
	buf_init(&out, 0);
	assert_int_equal(jwk_init(&jwk, &softkey.key, &err), 0);
	assert_int_equal(jws_sign(&jwk, &header, text("{}"), &out, &err), 0);
	take_apart(&out, &protected, &payload, &signature);
	json = json_loads(buf_string(&protected), 0, NULL);
	assert_null(json_object_get(json, "kid"));
	assert_null(json_object_get(json, "nonce"));
	assert_string_equal(
	    json_string_value(json_object_get(json_object_get(json, "jwk"), "crv")),
	    "P-521");
	assert_int_equal(signature.len, 132);
	json_decref(json);
	buf_free(&out);
	buf_free(&protected);
	buf_free(&payload);
	buf_free(&signature);
	jwk_clear(&jwk);
	softkey_clear(&softkey);
}

/* RFC 8555 section 7.3.4. */
static void
a_binding_is_a_mac_over_the_key(void **state)
{
	const unsigned char mac_key[] = "an account outside of ACME";
	struct buffer out, protected, payload, signature;
	unsigned char mac[32];
	struct softkey softkey;
	const char *input;
	struct jwk jwk;
	json_t *json;
	char *signed_text = NULL;
	int len;

	(void)state;
	es256_key(&softkey);
	buf_init(&out, 0);
	assert_int_equal(jwk_init(&jwk, &softkey.key, &err), 0);
	assert_int_equal(jws_bind(&jwk, "kid-1", (struct bytes){ mac_key, 26 },
			     "https://a.example/account", &out, &err),
	    0);
	take_apart(&out, &protected, &payload, &signature);
	assert_string_equal(buf_string(&protected),
	    "{\"alg\":\"HS256\",\"kid\":\"kid-1\",\"url\":"
	    "\"https://a.example/account\"}");
	assert_string_equal(buf_string(&payload), buf_string(&jwk.json));
	json = json_loads(buf_string(&out), 0, NULL);
	input = json_string_value(json_object_get(json, "protected"));
	len = asprintf(&signed_text, "%s.%s", input,
	    json_string_value(json_object_get(json, "payload")));
	assert_true(len > 0);
	assert_non_null(HMAC(EVP_sha256(), mac_key, 26,
	    (const unsigned char *)signed_text, (size_t)len, mac, NULL));
	assert_int_equal(signature.len, sizeof(mac));
	assert_memory_equal(signature.data, mac, sizeof(mac));
	assert_int_equal(softkey.signatures, 0);
	free(signed_text);
	json_decref(json);
	buf_free(&out);
	buf_free(&protected);
	buf_free(&payload);
	buf_free(&signature);
	jwk_clear(&jwk);
	softkey_clear(&softkey);
}

/* What the daemon could answer. */
static const unsigned char *given;
static size_t given_len;

static int
give(void *ctx, const char *scheme, const struct bytes *message,
    unsigned char sig[static ACME_SIGNATURE_MAX], size_t *sig_len, struct error *e)
{
	(void)ctx;
	(void)scheme;
	(void)message;
	(void)e;
	memcpy(sig, given, given_len);
	*sig_len = given_len;
	return 0;
}

static int
sign_given(const unsigned char *der, size_t len, struct buffer *out)
{
	struct softkey softkey;
	struct jwk jwk;
	int rc;

	given = der;
	given_len = len;
	es256_key(&softkey);
	softkey.key.sign = give;
	buf_init(out, 0);
	assert_int_equal(jwk_init(&jwk, &softkey.key, &err), 0);
	rc = jwk_sign(&jwk, text("m"), out, &err);
	jwk_clear(&jwk);
	softkey_clear(&softkey);
	return rc;
}

static void
short_numbers_are_filled_up(void **state)
{
	const unsigned char der[] = { 0x30, 6, 2, 1, 1, 2, 1, 2 };
	struct buffer out;

	(void)state;
	assert_int_equal(sign_given(der, sizeof(der), &out), 0);
	assert_int_equal(out.len, 64);
	assert_int_equal(out.data[31], 1);
	assert_int_equal(out.data[63], 2);
	assert_int_equal(out.data[0] | out.data[30] | out.data[32] | out.data[62], 0);
	buf_free(&out);
}

static void
a_signature_that_is_none_is_refused(void **state)
{
	static const unsigned char no_der[] = { 0x31, 6, 2, 1, 1, 2, 1, 2 };
	static const unsigned char behind[] = { 0x30, 6, 2, 1, 1, 2, 1, 2, 0 };
	unsigned char large[2 + 2 + 34 + 3] = { 0x30, 39, 2, 34, 1 };
	struct buffer out;

	(void)state;
	large[sizeof(large) - 3] = 2;
	large[sizeof(large) - 2] = 1;
	large[sizeof(large) - 1] = 1;
	assert_int_equal(sign_given(no_der, sizeof(no_der), &out), -1);
	buf_free(&out);
	assert_int_equal(sign_given(behind, sizeof(behind), &out), -1);
	buf_free(&out);
	assert_int_equal(sign_given(large, sizeof(large), &out), -1);
	buf_free(&out);
	assert_int_equal(sign_given(no_der, 0, &out), -1);
	buf_free(&out);
}

static void
a_key_that_no_server_takes_is_refused(void **state)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	EVP_PKEY *pkey = NULL;
	struct softkey softkey;
	struct jwk jwk;

	(void)state;
	EVP_PKEY_keygen_init(ctx);
	EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048);
	EVP_PKEY_generate(ctx, &pkey);
	EVP_PKEY_CTX_free(ctx);
	softkey_take(&softkey, pkey);
	assert_int_equal(jwk_init(&jwk, &softkey.key, &err), -1);
	assert_int_equal(err.code, ERROR_UNSUPPORTED);
	jwk_clear(&jwk);
	softkey_clear(&softkey);
}

static void
a_token_becomes_an_authorization(void **state)
{
	struct softkey softkey;
	struct buffer out;
	struct jwk jwk;

	(void)state;
	es256_key(&softkey);
	buf_init(&out, 0);
	assert_int_equal(jwk_init(&jwk, &softkey.key, &err), 0);
	jwk_authorize(&jwk, "DGyRejmCefe7v4NfDGDKfA", &out);
	assert_int_equal(strncmp(buf_string(&out), "DGyRejmCefe7v4NfDGDKfA.", 23), 0);
	assert_string_equal(buf_string(&out) + 23, jwk.thumbprint);
	jwk_clear(&jwk);
	softkey_clear(&softkey);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rsa_is_as_in_rfc_7638),
		cmocka_unit_test(es256_is_as_in_rfc_7515),
		cmocka_unit_test(eddsa_is_as_in_rfc_8037),
		cmocka_unit_test(a_request_says_who_where_and_how_often),
		cmocka_unit_test(who_has_no_account_sends_the_key),
		cmocka_unit_test(a_binding_is_a_mac_over_the_key),
		cmocka_unit_test(short_numbers_are_filled_up),
		cmocka_unit_test(a_signature_that_is_none_is_refused),
		cmocka_unit_test(a_key_that_no_server_takes_is_refused),
		cmocka_unit_test(a_token_becomes_an_authorization),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

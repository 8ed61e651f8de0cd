/* test_api_sign.c - POST /v1/keys/{key}/sign. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/rsa.h>

#include "base/text.h"
#include "tests/api/fixture.h"

#define P256   "ecdsa_secp256r1_sha256"
#define TEXT   "what is signed"
#define SPACES "                                "
/* RFC 8446 section 4.4.3, with a transcript hash of 32 letters. */
#define VERIFY_13_HEAD SPACES SPACES "TLS 1.3, server CertificateVerify"
#define VERIFY_13_HASH "0123456789abcdef0123456789abcdef"

static int
setup(void **state)
{
	if (fixture_open(state) != 0)
		return -1;
	make_key(*state, "tls", "ec-p256", "tls");
	make_key(*state, "ca", "ec-p256", "ca");
	make_key(*state, "ec", "ec-p256", "sign");
	make_key(*state, "rsa", "rsa-2048", "sign");
	make_key(*state, "pss", "rsa-pss-2048", "sign");
	make_key(*state, "ed", "ed25519", "sign");
	return 0;
}

static int
sign_bytes(struct fixture *f, const char *key, const char *scheme, struct bytes message)
{
	char target[256];

	snprintf(target, sizeof(target), "/v1/keys/%s/sign?scheme=%s", key, scheme);
	return send_bytes(f, "POST", target, OCTETS, message);
}

static int
sign_text(struct fixture *f, const char *key, const char *scheme, const char *text)
{
	struct bytes message = { (const unsigned char *)text, strlen(text) };

	return sign_bytes(f, key, scheme, message);
}

static bool
verifies(struct fixture *f, const char *name, const char *scheme, struct bytes sig,
    struct bytes message)
{
	EVP_PKEY *key = public_key(f, name);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	enum scheme known;
	bool fine;

	assert_int_equal(scheme_read(scheme, &known, NULL), 0);
	fine = EVP_DigestVerifyInit_ex(
		   md, &pctx, scheme_info(known)->hash, NULL, NULL, key, NULL) == 1;
	if (fine && scheme_info(known)->pss)
		fine =
		    EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) == 1;
	fine = fine &&
	       EVP_DigestVerify(md, sig.data, sig.len, message.data, message.len) == 1;
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(key);
	return fine;
}

static void
signs_octets_with_every_scheme_of_a_key(void **state)
{
	static const struct {
		const char *key, *scheme;
	} cases[] = {
		{ "ec", P256 },
		{ "ec", "ecdsa_secp384r1_sha384" },
		{ "ec", "ecdsa_secp521r1_sha512" },
		{ "rsa", "rsa_pkcs1_sha256" },
		{ "rsa", "rsa_pkcs1_sha384" },
		{ "rsa", "rsa_pkcs1_sha512" },
		{ "rsa", "rsa_pss_rsae_sha256" },
		{ "rsa", "rsa_pss_rsae_sha384" },
		{ "rsa", "rsa_pss_rsae_sha512" },
		{ "pss", "rsa_pss_pss_sha256" },
		{ "pss", "rsa_pss_pss_sha384" },
		{ "pss", "rsa_pss_pss_sha512" },
		{ "ed", "ed25519" },
	};
	const struct bytes message = { (const unsigned char *)TEXT, strlen(TEXT) };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (sign_text(f, cases[i].key, cases[i].scheme, TEXT) != 200)
			fail_msg("%s: %s", cases[i].scheme, body_text(f));
		assert_string_equal(f->res.content_type, OCTETS);
		assert_true(verifies(
		    f, cases[i].key, cases[i].scheme, buf_bytes(&f->res.body), message));
	}
}

static void
signs_json(void **state)
{
	const struct bytes message = { (const unsigned char *)TEXT, strlen(TEXT) };
	struct fixture *f = *state;
	struct buffer text, sig;
	char body[128];

	buf_init(&text, 0);
	buf_init(&sig, 0);
	base64_encode(&text, TEXT, strlen(TEXT));
	snprintf(body, sizeof(body), "{\"message\":\"%s\"}", buf_string(&text));
	assert_int_equal(post_json(f, "/v1/keys/ec/sign?scheme=" P256, body), 200);
	assert_int_equal(base64_decode(&sig, member(f, "signature"),
			     strlen(member(f, "signature")), NULL),
	    0);
	assert_true(verifies(f, "ec", P256, buf_bytes(&sig), message));
	buf_free(&sig);
	buf_free(&text);
}

static void
signs_by_hash(void **state)
{
	struct fixture *f = *state;
	char key[128];

	assert_int_equal(get(f, "/v1/keys/ec"), 200);
	snprintf(key, sizeof(key), "spki:%s", member(f, "spki_sha256"));
	assert_int_equal(sign_text(f, key, P256, TEXT), 200);
	snprintf(key, sizeof(key), "spki%%3A%s", "00");
	sign_text(f, key, P256, TEXT);
	assert_problem(f, 400, "bad-request");
}

static void
signs_nothing_and_a_great_deal(void **state)
{
	struct bytes message = { (const unsigned char *)"", 0 };
	const size_t most = 256 * 1024;
	struct fixture *f = *state;
	unsigned char *data = calloc(1, most);

	assert_int_equal(sign_bytes(f, "ec", P256, message), 200);
	assert_true(verifies(f, "ec", P256, buf_bytes(&f->res.body), message));
	message = (struct bytes){ data, most };
	assert_int_equal(sign_bytes(f, "ec", P256, message), 200);
	assert_true(verifies(f, "ec", P256, buf_bytes(&f->res.body), message));
	assert_int_equal(sign_bytes(f, "ed", "ed25519", message), 200);
	assert_true(verifies(f, "ed", "ed25519", buf_bytes(&f->res.body), message));
	assert_true(api_body_max("/v1/keys/ec/sign?scheme=" P256) >= most);
	free(data);
}

static void
tls_signs_a_handshake_and_nothing_else(void **state)
{
	unsigned char message[64 + 34 + 32];
	struct bytes bytes = { message, sizeof(message) };
	struct fixture *f = *state;

	memcpy(message, VERIFY_13_HEAD, 64 + 34);
	memcpy(message + 64 + 34, VERIFY_13_HASH, 32);
	assert_int_equal(sign_bytes(f, "tls", P256, bytes), 200);
	assert_true(verifies(f, "tls", P256, buf_bytes(&f->res.body), bytes));
	sign_bytes(f, "tls", "ecdsa_secp384r1_sha384", bytes);
	assert_problem(f, 403, "forbidden");
	sign_text(f, "tls", P256, TEXT);
	assert_problem(f, 403, "forbidden");
	assert_non_null(strstr(member(f, "detail"), "key tls"));
	bytes.len--;
	sign_bytes(f, "tls", P256, bytes);
	assert_problem(f, 403, "forbidden");
	post_json(f, "/v1/keys/tls/sign?scheme=" P256, "{\"message\":\"aGVsbG8=\"}");
	assert_problem(f, 403, "forbidden");
}

static void
ca_signs_nothing_for_a_client(void **state)
{
	unsigned char message[64 + 34 + 32];
	struct bytes bytes = { message, sizeof(message) };
	struct fixture *f = *state;

	memcpy(message, VERIFY_13_HEAD, 64 + 34);
	memcpy(message + 64 + 34, VERIFY_13_HASH, 32);
	sign_bytes(f, "ca", P256, bytes);
	assert_problem(f, 403, "forbidden");
	sign_text(f, "ca", P256, TEXT);
	assert_problem(f, 403, "forbidden");
	post_json(f, "/v1/keys/ca/sign?scheme=" P256, "{\"message\":\"aGVsbG8=\"}");
	assert_problem(f, 403, "forbidden");
}

static void
refuses_schemes_it_does_not_have(void **state)
{
	static const char *const unknown[] = { "", "md5", "rsa_pkcs1_sha1",
		"ECDSA_SECP256R1_SHA256", "ecdsa_secp256r1_sha256%20", "%ff" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		sign_text(f, "ec", unknown[i], TEXT);
		assert_problem(f, 415, "unsupported");
	}
	sign_text(f, "ec", "ed25519", TEXT);
	assert_problem(f, 415, "unsupported");
	sign_text(f, "rsa", P256, TEXT);
	assert_problem(f, 415, "unsupported");
	sign_text(f, "ca", "ed25519", TEXT);
	assert_problem(f, 415, "unsupported");
}

static void
refuses_a_bad_query(void **state)
{
	static const char *const queries[] = { "", "?", ("?scheme=" P256 "&scheme=" P256),
		("?scheme=" P256 "&a=b"), ("?Scheme=" P256), "?scheme=%", "?scheme=%00",
		"?scheme=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	struct fixture *f = *state;
	char target[256];

	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		snprintf(target, sizeof(target), "/v1/keys/ec/sign%s", queries[i]);
		send_text(f, "POST", target, OCTETS, TEXT);
		assert_problem(f, 400, "bad-request");
	}
}

static void
refuses_other_media_types(void **state)
{
	static const char *const types[] = { NULL, "", "text/plain",
		"application/x-www-form-urlencoded", "application/*" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		send_text(f, "POST", "/v1/keys/ec/sign?scheme=" P256, types[i], TEXT);
		assert_problem(f, 415, "unsupported");
	}
}

static void
refuses_json_that_is_not_a_message(void **state)
{
	static const char *const bodies[] = { "", "{}", "[]", "{\"message\":7}",
		"{\"message\":null}", "{\"message\":\"aGVsbG8\"}",
		"{\"message\":\"a b=\"}", "{\"message\":\"aGVsbG8=\",\"scheme\":\"x\"}",
		"{\"message\":\"\",\"message\":\"\"}" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		post_json(f, "/v1/keys/ec/sign?scheme=" P256, bodies[i]);
		assert_problem(f, 400, "bad-request");
	}
}

static void
refuses_keys_that_are_not_there(void **state)
{
	struct fixture *f = *state;

	sign_text(f, "nobody", P256, TEXT);
	assert_problem(f, 404, "not-found");
	sign_text(f, "NOBODY", P256, TEXT);
	assert_problem(f, 400, "bad-request");
	get(f, "/v1/keys/ec/sign?scheme=" P256);
	assert_problem(f, 405, "method-not-allowed");
	assert_string_equal(f->res.allow, "POST");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_octets_with_every_scheme_of_a_key),
		cmocka_unit_test(signs_json),
		cmocka_unit_test(signs_by_hash),
		cmocka_unit_test(signs_nothing_and_a_great_deal),
		cmocka_unit_test(tls_signs_a_handshake_and_nothing_else),
		cmocka_unit_test(ca_signs_nothing_for_a_client),
		cmocka_unit_test(refuses_schemes_it_does_not_have),
		cmocka_unit_test(refuses_a_bad_query),
		cmocka_unit_test(refuses_other_media_types),
		cmocka_unit_test(refuses_json_that_is_not_a_message),
		cmocka_unit_test(refuses_keys_that_are_not_there),
	};

	return cmocka_run_group_tests(tests, setup, fixture_close);
}

/* test_api_keys.c - keys made, adopted, shown and destroyed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/pem.h"
#include "evp/reference.h"
#include "tests/api/fixture.h"

static void
makes_a_key_and_says_where_it_is(void **state)
{
	struct fixture *f = *state;

	make_key(f, "made", "ec-p256", "tls");
	assert_string_equal(f->res.location, "/v1/keys/made");
	assert_string_equal(member(f, "name"), "made");
	assert_string_equal(member(f, "type"), "ec-p256");
	assert_string_equal(member(f, "use"), "tls");
	assert_int_equal(strlen(member(f, "spki_sha256")), 64);
	assert_int_equal(strlen(member(f, "created")), strlen("2026-01-31T23:59:59Z"));
	assert_non_null(strstr(member(f, "public_key"), "-----BEGIN PUBLIC KEY-----\n"));
	assert_true(body_has(f, "\"ecdsa_secp256r1_sha256\""));
}

static void
makes_every_type_with_its_schemes(void **state)
{
	static const struct {
		const char *type, *scheme;
	} types[] = {
		{ "ec-p256", "ecdsa_secp256r1_sha256" },
		{ "ec-p384", "ecdsa_secp384r1_sha384" },
		{ "ec-p521", "ecdsa_secp521r1_sha512" },
		{ "rsa-2048", "rsa_pss_rsae_sha256" },
		{ "rsa-3072", "rsa_pkcs1_sha384" },
		{ "rsa-pss-2048", "rsa_pss_pss_sha256" },
		{ "ed25519", "ed25519" },
	};
	struct fixture *f = *state;
	char target[64];

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		snprintf(target, sizeof(target), "type-%s", types[i].type);
		make_key(f, target, types[i].type, "sign");
		assert_string_equal(member(f, "type"), types[i].type);
		assert_true(body_has(f, types[i].scheme));
	}
}

static void
refuses_a_bad_request_for_a_key(void **state)
{
	static const char *const bodies[] = { "", "[]", "{", "{}",
		"{\"name\":\"a\",\"type\":\"ec-p256\"}",
		"{\"name\":\"a\",\"use\":\"tls\"}",
		"{\"type\":\"ec-p256\",\"use\":\"tls\"}",
		"{\"name\":7,\"type\":\"ec-p256\",\"use\":\"tls\"}",
		"{\"name\":\"a\",\"type\":\"dsa\",\"use\":\"tls\"}",
		"{\"name\":\"a\",\"type\":\"EC-P256\",\"use\":\"tls\"}",
		"{\"name\":\"a\",\"type\":\"ec-p256\",\"use\":\"all\"}",
		"{\"name\":\"a\",\"type\":\"ec-p256\",\"use\":\"tls\",\"pin\":\"1\"}",
		"{\"name\":\"a\",\"name\":\"b\",\"type\":\"ec-p256\",\"use\":\"tls\"}",
		"{\"name\":\"\",\"type\":\"ec-p256\",\"use\":\"tls\"}",
		"{\"name\":\"A\",\"type\":\"ec-p256\",\"use\":\"tls\"}",
		"{\"name\":\"-a\",\"type\":\"ec-p256\",\"use\":\"tls\"}",
		"{\"name\":\"../a\",\"type\":\"ec-p256\",\"use\":\"tls\"}",
		"{\"name\":\"\\u00e9\",\"type\":\"ec-p256\",\"use\":\"tls\"}",
		"{\"name\":"
		"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\","
		"\"type\":\"ec-p256\",\"use\":\"tls\"}" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		post_json(f, "/v1/keys", bodies[i]);
		assert_problem(f, 400, "bad-request");
	}
	assert_int_equal(get(f, "/v1/keys/a"), 404);
}

static void
refuses_a_name_that_is_taken(void **state)
{
	struct fixture *f = *state;

	make_key(f, "taken", "ec-p256", "tls");
	post_json(
	    f, "/v1/keys", "{\"name\":\"taken\",\"type\":\"rsa-2048\",\"use\":\"sign\"}");
	assert_problem(f, 409, "conflict");
	assert_int_equal(get(f, "/v1/keys/taken"), 200);
	assert_string_equal(member(f, "type"), "ec-p256");
}

static void
lists_keys_without_their_public_halves(void **state)
{
	struct fixture *f = *state;
	bool found = false;

	make_key(f, "listed", "ed25519", "sign");
	assert_int_equal(get(f, "/v1/keys"), 200);
	for (size_t i = 0; i < list_size(f, "keys"); i++)
		found = found || strcmp(list_member(f, "keys", i, "name"), "listed") == 0;
	assert_true(found);
	assert_false(body_has(f, "public_key"));
}

static void
shows_a_key_by_name_and_by_hash(void **state)
{
	struct fixture *f = *state;
	char by_hash[128], shown[4096];

	make_key(f, "shown", "ec-p256", "tls");
	snprintf(by_hash, sizeof(by_hash), "/v1/keys/spki:%s", member(f, "spki_sha256"));
	snprintf(shown, sizeof(shown), "%s", body_text(f));
	assert_int_equal(get(f, "/v1/keys/shown"), 200);
	assert_string_equal(body_text(f), shown);
	assert_int_equal(get(f, by_hash), 200);
	assert_string_equal(body_text(f), shown);
	assert_int_equal(get(f, "/v1/keys/%73hown"), 200);
	assert_string_equal(body_text(f), shown);
}

static void
refuses_keys_that_are_not_there(void **state)
{
	static const char *const absent[] = { "nobody",
		"spki:0000000000000000000000000000000000000000000000000000000000000000" };
	static const char *const bad[] = { "%", "%zz", "%00", "%ff", "%c3%a9", "A",
		"a%2Fb", "spki:", "spki:00", "spki%3Azz", ".." };
	static const char *const parts[] = { "", "/public", "/reference" };
	struct fixture *f = *state;
	char target[128];

	for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
		for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
			snprintf(
			    target, sizeof(target), "/v1/keys/%s%s", absent[i], parts[p]);
			get(f, target);
			assert_problem(f, 404, "not-found");
		}
		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			snprintf(
			    target, sizeof(target), "/v1/keys/%s%s", bad[i], parts[p]);
			get(f, target);
			assert_problem(f, 400, "bad-request");
		}
	}
	get(f, "/v1/keys?limit=1");
	assert_problem(f, 400, "bad-request");
}

static void
hands_out_the_public_key(void **state)
{
	struct fixture *f = *state;
	EVP_PKEY *expected, *pem;
	BIO *in;

	make_key(f, "public", "ec-p384", "tls");
	assert_int_equal(get(f, "/v1/keys/public/public"), 200);
	assert_string_equal(f->res.content_type, PEM);
	in = BIO_new_mem_buf(body_text(f), -1);
	assert_non_null(pem = PEM_read_bio_PUBKEY(in, NULL, NULL, NULL));
	expected = public_key(f, "public");
	assert_int_equal(EVP_PKEY_eq(pem, expected), 1);
	EVP_PKEY_free(expected);
	EVP_PKEY_free(pem);
	BIO_free(in);
}

static void
hands_out_a_reference_that_reads_back(void **state)
{
	static const char *const labels[] = { REFERENCE_PEM_LABEL, NULL };
	struct fixture *f = *state;
	struct keystore_key stored;
	struct buffer der;
	struct bytes bytes;
	struct key key;

	make_key(f, "referred", "ec-p256", "tls");
	assert_int_equal(get(f, "/v1/keys/referred/reference"), 200);
	assert_string_equal(f->res.content_type, PEM);
	buf_init(&der, 0);
	assert_int_equal(pem_read(buf_bytes(&f->res.body), labels, &der, NULL), 0);
	bytes = buf_bytes(&der);
	assert_int_equal(reference_decode(&bytes, &key, NULL), 0);
	assert_int_equal(keyring_find(f->api.keys, "referred", &stored, NULL), 0);
	assert_string_equal(key.name, "referred");
	assert_memory_equal(key.spki_sha256, stored.key.spki_sha256, KEY_SHA256_SIZE);
	buf_free(&der);
}

static void
refuses_a_reference_to_a_ca_key(void **state)
{
	struct fixture *f = *state;

	make_key(f, "ca-key", "ec-p256", "ca");
	get(f, "/v1/keys/ca-key/reference");
	assert_problem(f, 403, "forbidden");
	post_json(f, "/v1/keys/ca-key/csr", "{}");
	assert_problem(f, 403, "forbidden");
}

static X509_REQ *
read_csr(const struct fixture *f)
{
	BIO *in = BIO_new_mem_buf(body_text(f), -1);
	X509_REQ *req = PEM_read_bio_X509_REQ(in, NULL, NULL, NULL);

	BIO_free(in);
	assert_non_null(req);
	return req;
}

static void
signs_a_request_for_its_own_key(void **state)
{
	static const char *const types[] = { "ec-p256", "rsa-2048", "ed25519" };
	struct fixture *f = *state;
	char name[64], target[128], subject[64];

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		EVP_PKEY *key;
		X509_REQ *req;

		snprintf(name, sizeof(name), "csr-%s", types[i]);
		make_key(f, name, types[i], "tls");
		key = public_key(f, name);
		snprintf(target, sizeof(target), "/v1/keys/%s/csr", name);
		assert_int_equal(post_json(f, target,
				     "{\"subject\":\"/CN=localhost\",\"sans\":"
				     "[\"dns:localhost\",\"127.0.0.1\"]}"),
		    200);
		assert_string_equal(f->res.content_type, PEM);
		req = read_csr(f);
		assert_int_equal(X509_REQ_verify(req, key), 1);
		X509_NAME_oneline(
		    X509_REQ_get_subject_name(req), subject, sizeof(subject));
		assert_string_equal(subject, "/CN=localhost");
		X509_REQ_free(req);
		assert_int_equal(post_json(f, target, "{}"), 200);
		req = read_csr(f);
		assert_int_equal(X509_REQ_verify(req, key), 1);
		X509_REQ_free(req);
		EVP_PKEY_free(key);
	}
}

/* No authority can know what the key is for unless it is told. */
static void
a_tls_rsa_kex_key_asks_for_key_encipherment(void **state)
{
	struct fixture *f = *state;
	X509_EXTENSIONS *extensions;
	ASN1_BIT_STRING *usage;
	X509_REQ *req;

	make_key(f, "kex", "rsa-2048", "tls-rsa-kex");
	assert_int_equal(
	    post_json(f, "/v1/keys/kex/csr", "{\"sans\":[\"a.example\"]}"), 200);
	req = read_csr(f);
	assert_non_null(extensions = X509_REQ_get_extensions(req));
	assert_int_equal(sk_X509_EXTENSION_num(extensions), 2);
	usage = X509V3_get_d2i(extensions, NID_key_usage, NULL, NULL);
	assert_non_null(usage);
	assert_int_equal(ASN1_STRING_length(usage), 1);
	assert_int_equal(ASN1_STRING_get0_data(usage)[0], 0xa0);
	ASN1_BIT_STRING_free(usage);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	X509_REQ_free(req);
}

static void
refuses_a_request_that_cannot_be_made(void **state)
{
	static const char *const bodies[] = { "", "[]", "{\"subject\":7}",
		"{\"subject\":\"localhost\"}", "{\"subject\":\"/XY=a\"}",
		"{\"sans\":\"dns:a\"}", "{\"sans\":[1]}", "{\"sans\":[\"ip:1.2.3\"]}",
		"{\"sans\":[\"\"]}", "{\"key\":\"web\"}" };
	struct fixture *f = *state;
	char many[1024] = "{\"sans\":[\"a\"";

	make_key(f, "asking", "ec-p256", "tls");
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		post_json(f, "/v1/keys/asking/csr", bodies[i]);
		assert_problem(f, 400, "bad-request");
	}
	for (int i = 0; i < 100; i++)
		snprintf(many + strlen(many), 8, ",\"a\"");
	snprintf(many + strlen(many), 8, "]}");
	post_json(f, "/v1/keys/asking/csr", many);
	assert_problem(f, 400, "bad-request");
	post_json(f, "/v1/keys/nobody/csr", "{}");
	assert_problem(f, 404, "not-found");
}

static void
destroys_a_key_when_its_hash_is_repeated(void **state)
{
	struct fixture *f = *state;
	char body[128], hash[65];

	make_key(f, "gone", "ec-p256", "tls");
	snprintf(hash, sizeof(hash), "%s", member(f, "spki_sha256"));
	snprintf(body, sizeof(body), "{\"spki_sha256\":\"%s\"}", hash);
	assert_int_equal(send_text(f, "DELETE", "/v1/keys/gone", JSON, body), 204);
	assert_int_equal(f->res.body.len, 0);
	assert_null(f->res.content_type);
	get(f, "/v1/keys/gone");
	assert_problem(f, 404, "not-found");
	send_text(f, "DELETE", "/v1/keys/gone", JSON, body);
	assert_problem(f, 404, "not-found");
	post_json(f, "/v1/keys/gone/adopt", "{\"use\":\"tls\"}");
	assert_problem(f, 404, "not-found");
	make_key(f, "gone", "ec-p256", "tls");
	assert_string_not_equal(member(f, "spki_sha256"), hash);
}

static void
keeps_a_key_whose_hash_is_not_repeated(void **state)
{
	static const char *const bodies[] = { "", "{}", "{\"spki_sha256\":\"00\"}",
		"{\"spki_sha256\":7}", "{\"spki_sha256\":\"zz\"}" };
	struct fixture *f = *state;

	make_key(f, "kept", "ec-p256", "tls");
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		send_text(f, "DELETE", "/v1/keys/kept", JSON, bodies[i]);
		assert_problem(f, 400, "bad-request");
	}
	send_text(f, "DELETE", "/v1/keys/kept", JSON,
	    "{\"spki_sha256\":"
	    "\"0000000000000000000000000000000000000000000000000000000000000000\"}");
	assert_problem(f, 409, "conflict");
	assert_int_equal(get(f, "/v1/keys/kept"), 200);
}

static void
adopts_a_key_that_is_on_the_token(void **state)
{
	struct fixture *f = *state;
	struct keystore_key key;
	char body[128];

	assert_int_equal(keystore_generate(f->token->keystore, "foundling", KEY_EC_P256,
			     KEY_USE_TLS, &key, NULL),
	    0);
	get(f, "/v1/keys/foundling");
	assert_problem(f, 404, "not-found");
	post_json(f, "/v1/keys/foundling/adopt", "{\"use\":\"any\"}");
	assert_problem(f, 400, "bad-request");
	assert_int_equal(
	    post_json(f, "/v1/keys/foundling/adopt", "{\"use\":\"sign\"}"), 201);
	assert_string_equal(f->res.location, "/v1/keys/foundling");
	assert_string_equal(member(f, "use"), "sign");
	snprintf(
	    body, sizeof(body), "{\"spki_sha256\":\"%s\"}", member(f, "spki_sha256"));
	post_json(f, "/v1/keys/foundling/adopt", "{\"use\":\"tls\"}");
	assert_problem(f, 409, "conflict");
	assert_int_equal(
	    send_text(f, "POST", "/v1/keys/foundling/sign?scheme=ecdsa_secp256r1_sha256",
		OCTETS, "hello"),
	    200);
	assert_int_equal(send_text(f, "DELETE", "/v1/keys/foundling", JSON, body), 204);
}

/* To the token it is an RSA key like any other. */
static void
adopts_an_rsa_key_as_the_type_that_is_asked_for(void **state)
{
	struct fixture *f = *state;
	struct keystore_key key;

	assert_int_equal(keystore_generate(f->token->keystore, "pss", KEY_RSA_2048,
			     KEY_USE_TLS, &key, NULL),
	    0);
	assert_int_equal(keystore_generate(f->token->keystore, "plain", KEY_RSA_PSS_2048,
			     KEY_USE_TLS, &key, NULL),
	    0);
	post_json(
	    f, "/v1/keys/pss/adopt", "{\"use\":\"sign\",\"type\":\"rsa-pss-3072\"}");
	assert_problem(f, 409, "conflict");
	post_json(f, "/v1/keys/pss/adopt", "{\"use\":\"sign\",\"type\":\"ec-p256\"}");
	assert_problem(f, 409, "conflict");
	post_json(f, "/v1/keys/pss/adopt", "{\"use\":\"sign\",\"type\":\"dsa\"}");
	assert_problem(f, 400, "bad-request");
	assert_int_equal(post_json(f, "/v1/keys/pss/adopt",
			     "{\"use\":\"sign\",\"type\":\"rsa-pss-2048\"}"),
	    201);
	assert_string_equal(member(f, "type"), "rsa-pss-2048");
	assert_false(body_has(f, "rsae"));
	assert_int_equal(send_text(f, "POST",
			     "/v1/keys/pss/sign?scheme=rsa_pss_pss_sha256", OCTETS, "m"),
	    200);
	assert_int_equal(post_json(f, "/v1/keys/plain/adopt", "{\"use\":\"sign\"}"), 201);
	assert_string_equal(member(f, "type"), "rsa-2048");
}

static void
refuses_to_adopt_what_is_not_there_or_in_use(void **state)
{
	struct fixture *f = *state;

	post_json(f, "/v1/keys/nobody/adopt", "{\"use\":\"tls\"}");
	assert_problem(f, 404, "not-found");
	post_json(f, "/v1/keys/nobody/adopt", "{}");
	assert_problem(f, 400, "bad-request");
	make_key(f, "in-use", "ec-p256", "tls");
	post_json(f, "/v1/keys/in-use/adopt", "{\"use\":\"sign\"}");
	assert_problem(f, 409, "conflict");
	assert_int_equal(get(f, "/v1/keys/in-use"), 200);
	assert_string_equal(member(f, "use"), "tls");
	post_json(f, "/v1/keys/%C3%A9/adopt", "{\"use\":\"tls\"}");
	assert_problem(f, 404, "not-found");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_a_key_and_says_where_it_is),
		cmocka_unit_test(makes_every_type_with_its_schemes),
		cmocka_unit_test(refuses_a_bad_request_for_a_key),
		cmocka_unit_test(refuses_a_name_that_is_taken),
		cmocka_unit_test(lists_keys_without_their_public_halves),
		cmocka_unit_test(shows_a_key_by_name_and_by_hash),
		cmocka_unit_test(refuses_keys_that_are_not_there),
		cmocka_unit_test(hands_out_the_public_key),
		cmocka_unit_test(hands_out_a_reference_that_reads_back),
		cmocka_unit_test(refuses_a_reference_to_a_ca_key),
		cmocka_unit_test(signs_a_request_for_its_own_key),
		cmocka_unit_test(a_tls_rsa_kex_key_asks_for_key_encipherment),
		cmocka_unit_test(refuses_a_request_that_cannot_be_made),
		cmocka_unit_test(destroys_a_key_when_its_hash_is_repeated),
		cmocka_unit_test(keeps_a_key_whose_hash_is_not_repeated),
		cmocka_unit_test(adopts_a_key_that_is_on_the_token),
		cmocka_unit_test(adopts_an_rsa_key_as_the_type_that_is_asked_for),
		cmocka_unit_test(refuses_to_adopt_what_is_not_there_or_in_use),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}

/* test_api_state.c - alive, ready, who may ask, and the same again after a restart. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "tests/api/fixture.h"

#define SIGN "/sign?scheme=ecdsa_secp256r1_sha256"

static void
is_alive_and_ready_without_a_key(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get(f, "/healthz"), 200);
	assert_string_equal(body_text(f), "{\"status\":\"alive\"}\n");
	assert_int_equal(get(f, "/readyz"), 200);
	assert_string_equal(member(f, "status"), "ready");
	assert_true(body_has(f,
	    "[{\"name\":\"default\",\"label\":\"" TEST_TOKEN_LABEL "\",\"serial\":\""));
	assert_true(body_has(f, f->token->token->serial));
	assert_true(body_has(f, "\"state\":\"works\"}]"));
	assert_string_equal(member(f, "version"), KEYHOLD_VERSION);
	assert_true(body_has(f, "\"keys\":0"));
	assert_int_equal(get(f, "/v1/keys"), 200);
	assert_int_equal(list_size(f, "keys"), 0);
	assert_int_equal(get(f, "/v1/issuers"), 200);
	assert_int_equal(list_size(f, "issuers"), 0);
	assert_int_equal(get(f, "/v1/certificates"), 200);
	assert_int_equal(list_size(f, "certificates"), 0);
}

/* Whoever can connect is told as much as a load balancer has to know. */
static void
tells_who_may_not_read_only_whether_it_is_ready(void **state)
{
	struct fixture *f = *state;

	f->caller = (struct caller){ .actor = "uid:4000000", .uid = 4000000 };
	assert_int_equal(get(f, "/readyz"), 200);
	assert_string_equal(body_text(f), "{\"status\":\"ready\"}\n");
	f->caller = (struct caller){ .actor = "uid:0", .admin = true };
}

/* From now on, when the answer that strangers share is to be found anew. */
static void
share_until(struct fixture *f, int64_t ms)
{
	pthread_mutex_lock(&f->api.readiness.lock);
	f->api.readiness.until_ms = ms;
	pthread_mutex_unlock(&f->api.readiness.lock);
}

static int64_t
shared_until(struct fixture *f)
{
	int64_t ms;

	pthread_mutex_lock(&f->api.readiness.lock);
	ms = f->api.readiness.until_ms;
	pthread_mutex_unlock(&f->api.readiness.lock);
	return ms;
}

/* The only key in use is not on the token. */
static void
tells_who_may_read_why_it_is_not_ready(void **state)
{
	struct fixture *f = *state;
	struct keystore_key key;
	char body[128];

	make_key(f, "gone", "ec-p256", "tls");
	snprintf(
	    body, sizeof(body), "{\"spki_sha256\":\"%s\"}", member(f, "spki_sha256"));
	assert_int_equal(keyring_find(f->api.keys, "gone", &key, NULL), 0);
	assert_int_equal(keyring_destroy(f->api.keys, &key, NULL), 0);
	get(f, "/readyz");
	assert_problem(f, 503, "token");
	assert_non_null(strstr(member(f, "detail"), "key gone is not on the token"));

	share_until(f, 0);
	f->caller = (struct caller){ .actor = "uid:4000000", .uid = 4000000 };
	log_capture();
	get(f, "/readyz");
	assert_non_null(strstr(log_captured(), "key gone is not on the token"));
	assert_string_equal(member(f, "detail"), "the daemon's log says why");
	assert_false(body_has(f, "gone"));
	assert_problem(f, 503, "token");
	f->caller = (struct caller){ .actor = "uid:0", .admin = true };
	assert_int_equal(send_text(f, "DELETE", "/v1/keys/gone", JSON, body), 204);
}

static void
those_who_may_not_read_share_an_answer_for_a_second(void **state)
{
	const struct caller stranger = { .actor = "uid:4000000", .uid = 4000000 },
			    other = { .actor = "uid:4000001", .uid = 4000001 };
	struct fixture *f = *state;
	struct keystore_key key;
	char body[128];
	int64_t before_ms;

	share_until(f, 0);
	make_key(f, "gone", "ec-p256", "tls");
	snprintf(
	    body, sizeof(body), "{\"spki_sha256\":\"%s\"}", member(f, "spki_sha256"));
	f->caller = stranger;
	before_ms = clock_mono_ms();
	assert_int_equal(get(f, "/readyz"), 200);
	assert_in_range(shared_until(f), before_ms + 1000, clock_mono_ms() + 1000);
	share_until(f, INT64_MAX);
	assert_int_equal(keyring_find(f->api.keys, "gone", &key, NULL), 0);
	assert_int_equal(keyring_destroy(f->api.keys, &key, NULL), 0);
	assert_int_equal(get(f, "/readyz"), 200);
	f->caller = (struct caller){ .actor = "uid:0", .admin = true };
	assert_int_equal(get(f, "/readyz"), 503);
	f->caller = other;
	assert_int_equal(get(f, "/readyz"), 200);
	share_until(f, 0);
	assert_int_equal(get(f, "/readyz"), 503);
	share_until(f, INT64_MAX);
	f->caller = (struct caller){ .actor = "uid:0", .admin = true };
	assert_int_equal(send_text(f, "DELETE", "/v1/keys/gone", JSON, body), 204);
	assert_int_equal(get(f, "/readyz"), 200);
	f->caller = stranger;
	assert_int_equal(get(f, "/readyz"), 503);
	share_until(f, 0);
	assert_int_equal(get(f, "/readyz"), 200);
	f->caller = (struct caller){ .actor = "uid:0", .admin = true };
}

static void
is_ready_with_a_key_of_every_family(void **state)
{
	struct fixture *f = *state;

	make_key(f, "one", "ec-p256", "tls");
	assert_int_equal(get(f, "/readyz"), 200);
	assert_true(body_has(f, "\"keys\":1"));
	make_key(f, "two", "ed25519", "tls");
	make_key(f, "three", "rsa-2048", "tls");
	assert_int_equal(get(f, "/readyz"), 200);
	assert_true(body_has(f, "\"keys\":3"));
}

static void
shows_the_built_in_profiles(void **state)
{
	static const char *const names[] = { "server", "client", "peer" };
	struct fixture *f = *state;
	char target[64];

	assert_int_equal(get(f, "/v1/profiles"), 200);
	assert_int_equal(list_size(f, "profiles"), 3);
	for (size_t i = 0; i < 3; i++) {
		snprintf(target, sizeof(target), "/v1/profiles/%s", names[i]);
		assert_int_equal(get(f, target), 200);
		assert_string_equal(member(f, "name"), names[i]);
		assert_true(list_size(f, "ext_key_usage") >= 1);
		assert_true(has_member(f, "max_validity_seconds"));
	}
	get(f, "/v1/profiles/nobody");
	assert_problem(f, 404, "not-found");
	get(f, "/v1/profiles/%ff");
	assert_problem(f, 404, "not-found");
}

static void
answers_unknown_resources_and_methods(void **state)
{
	struct fixture *f = *state;

	get(f, "/v1/secrets");
	assert_problem(f, 404, "not-found");
	get(f, "/%ff");
	assert_problem(f, 404, "not-found");
	send_text(f, "PUT", "/v1/keys", JSON, "{}");
	assert_problem(f, 405, "method-not-allowed");
	assert_string_equal(f->res.allow, "GET, POST");
	get(f, "/healthz?verbose=1");
	assert_problem(f, 400, "bad-request");
}

static void
turns_away_whom_no_rule_is_about(void **state)
{
	static const char *const resources[][2] = { { "GET", "/v1/keys" },
		{ "POST", "/v1/keys" }, { "GET", "/v1/keys/one" },
		{ "DELETE", "/v1/keys/one" }, { "POST", "/v1/keys/one/adopt" },
		{ "GET", "/v1/keys/one/public" }, { "GET", "/v1/keys/one/reference" },
		{ "POST", "/v1/keys/one/csr" }, { "POST", "/v1/keys/one" SIGN },
		{ "GET", "/v1/issuers" }, { "POST", "/v1/issuers" },
		{ "GET", "/v1/issuers/root" },
		{ "POST", "/v1/issuers/root/certificates?profile=server" },
		{ "GET", "/v1/certificates" }, { "GET", "/v1/certificates/00" },
		{ "GET", "/v1/certificates/00/chain" }, { "GET", "/v1/profiles" },
		{ "GET", "/v1/profiles/server" }, { "GET", "/v1/keys/absent" } };
	struct fixture *f = *state;

	f->caller = (struct caller){ .actor = "uid:4000000", .uid = 4000000 };
	for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
		send_text(f, resources[i][0], resources[i][1], OCTETS, "{}");
		assert_problem(f, 403, "forbidden");
		assert_non_null(strstr(member(f, "detail"), "uid:4000000 "));
	}
	assert_int_equal(get(f, "/healthz"), 200);
	assert_int_equal(get(f, "/readyz"), 200);
	f->caller = (struct caller){ .actor = "uid:0", .admin = true };
	assert_int_equal(get(f, "/v1/keys/one"), 200);
}

static bool
admits(struct fixture *f, const struct caller *caller, const char *method,
    const char *target)
{
	struct request req = {
		.id = "1",
		.method = method,
		.target = target,
		.caller = caller,
		.hold = &f->hold,
	};

	return api_admits(&f->api, &req);
}

static void
admits_whom_a_handler_would_serve(void **state)
{
	const struct caller admin = { .actor = "uid:0", .admin = true };
	const struct caller other = { .actor = "uid:33", .uid = 33 };
	struct fixture *f = *state;

	assert_true(admits(f, &admin, "POST", "/v1/keys"));
	assert_true(admits(f, &admin, "POST", "/v1/keys/one" SIGN));
	assert_true(admits(f, &admin, "GET", "/v1/keys/absent"));
	assert_true(admits(f, &other, "GET", "/healthz"));
	assert_false(admits(f, &other, "POST", "/v1/keys"));
	assert_false(admits(f, &other, "POST", "/v1/keys/one" SIGN));
	assert_false(admits(f, &admin, "POST", "/v1/nothing"));
	assert_false(admits(f, &admin, "PUT", "/v1/keys"));
	assert_false(admits(f, &admin, "POST", "/v1/keys?colour=red"));
	assert_false(admits(f, &admin, "POST", "/v1/keys/%zz/sign"));
	assert_false(admits(f, &admin, "", ""));
}

static void
refuses_for_the_server(void **state)
{
	struct fixture *f = *state;
	struct request req = {
		.id = "1", .method = "POST", .target = "/v1/keys", .caller = &f->caller
	};
	struct response res;

	response_init(&res);
	log_capture();
	api_refuse(&f->api, &req, &res, ERROR_TOO_LARGE, "the body is over 16384 bytes");
	assert_non_null(strstr(log_captured(),
	    "event=request.refused request=1 actor=uid:0 method=POST "
	    "target=\"/v1/keys\" status=413 why=\"the body is over 16384 bytes\""));
	assert_int_equal(res.status, 413);
	assert_non_null(strstr(buf_string(&res.body), "urn:keyhold:error:too-large"));
	response_free(&res);
	assert_int_equal(api_body_max("/v1/keys"), 16384);
}

static void
assert_signs(struct fixture *f, const char *name)
{
	EVP_PKEY *key = public_key(f, name);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	char target[128];

	snprintf(target, sizeof(target), "/v1/keys/%s" SIGN, name);
	assert_int_equal(send_text(f, "POST", target, OCTETS, "hello"), 200);
	assert_int_equal(
	    EVP_DigestVerifyInit_ex(md, NULL, "SHA256", NULL, NULL, key, NULL), 1);
	assert_int_equal(EVP_DigestVerify(md, f->res.body.data, f->res.body.len,
			     (const unsigned char *)"hello", 5),
	    1);
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(key);
}

static void
finds_keys_and_issuers_after_a_restart(void **state)
{
	struct fixture *f = *state;
	struct buffer keys, issuers, csr;

	buf_init(&keys, 0);
	buf_init(&issuers, 0);
	buf_init(&csr, 0);
	make_key(f, "signer", "ec-p256", "sign");
	make_issuer(f, "again", NULL);
	assert_int_equal(get(f, "/v1/keys"), 200);
	buf_append(&keys, f->res.body.data, f->res.body.len);
	assert_int_equal(get(f, "/v1/issuers"), 200);
	buf_append(&issuers, f->res.body.data, f->res.body.len);

	fixture_restart(f);
	assert_int_equal(get(f, "/v1/keys"), 200);
	assert_string_equal(body_text(f), buf_string(&keys));
	assert_int_equal(get(f, "/v1/issuers"), 200);
	assert_string_equal(body_text(f), buf_string(&issuers));
	assert_int_equal(get(f, "/readyz"), 200);
	assert_signs(f, "signer");
	assert_int_equal(
	    post_json(f, "/v1/keys/one/csr", "{\"sans\":[\"localhost\"]}"), 200);
	buf_append(&csr, f->res.body.data, f->res.body.len);
	assert_int_equal(
	    send_bytes(f, "POST", "/v1/issuers/again/certificates?profile=server", PKCS10,
		buf_bytes(&csr)),
	    201);
	make_issuer(f, "below", "again");
	buf_free(&csr);
	buf_free(&issuers);
	buf_free(&keys);
}

static void
serves_the_other_keys_when_one_is_gone_from_the_token(void **state)
{
	struct fixture *f = *state;
	struct keystore_key key;

	make_key(f, "lost", "ec-p256", "sign");
	assert_int_equal(keyring_find(f->api.keys, "lost", &key, NULL), 0);
	test_key_destroy(f->token->keystore, &key);
	fixture_restart(f);
	assert_int_equal(get(f, "/v1/keys/lost"), 200);
	send_text(f, "POST", "/v1/keys/lost" SIGN, OCTETS, "hello");
	assert_problem(f, 503, "token");
	assert_int_equal(f->res.retry_after_s, 1);
	assert_signs(f, "signer");
	assert_int_equal(get(f, "/readyz"), 200);
}

static void
refuses_to_open_over_a_key_it_cannot_read(void **state)
{
	static const struct audit_event event = {
		.actor = "test", .action = "key.created", .object = "odd"
	};
	struct fixture *f = *state;
	struct key_row row = { .name = "odd", .type = "ec-p256", .use = "tls" };
	struct keystore *store;
	struct keyring *keys;
	struct error err = { 0 };
	struct api second;

	row.cka_id_len = row.spki_len = 1;
	assert_int_equal(store_key_add(f->store, &row, &event, &err), 0);
	assert_int_equal(test_keystore_new(f->token->token, &store, &err), 0);
	assert_int_equal(keyring_new(&store, 1, &keys, &err), 0);
	second = (struct api){ .keys = keys, .builtin = f->builtin, .store = f->store };
	assert_int_equal(api_open(&second, &err), -1);
	assert_int_not_equal(err.code, ERROR_NONE);
	assert_null(second.authority);
	keyring_free(keys);
	assert_int_equal(store_key_remove(f->store, row.spki_sha256, &event, &err), 0);
}

int
main(void)
{
	/* In this order: the first wants an empty token, the last leave a key behind. */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_alive_and_ready_without_a_key),
		cmocka_unit_test(tells_who_may_not_read_only_whether_it_is_ready),
		cmocka_unit_test(tells_who_may_read_why_it_is_not_ready),
		cmocka_unit_test(those_who_may_not_read_share_an_answer_for_a_second),
		cmocka_unit_test(is_ready_with_a_key_of_every_family),
		cmocka_unit_test(shows_the_built_in_profiles),
		cmocka_unit_test(answers_unknown_resources_and_methods),
		cmocka_unit_test(turns_away_whom_no_rule_is_about),
		cmocka_unit_test(admits_whom_a_handler_would_serve),
		cmocka_unit_test(refuses_for_the_server),
		cmocka_unit_test(finds_keys_and_issuers_after_a_restart),
		cmocka_unit_test(serves_the_other_keys_when_one_is_gone_from_the_token),
		cmocka_unit_test(refuses_to_open_over_a_key_it_cannot_read),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}

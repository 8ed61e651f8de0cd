/* test_api_access.c - what a peer gets that a rule lets use one key, read, or both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/api/fixture.h"
#include "tests/support/exchange.h"

#define SIGN    "/sign?scheme=ecdsa_secp256r1_sha256"
#define DECRYPT "/decrypt?scheme=rsa_pkcs1_tls"
#define ABSENT  "spki:0000000000000000000000000000000000000000000000000000000000000000"

static char *const web_keys[] = { "web", "gone-*", "kex" };
static char *const all_keys[] = { "*" };
static const struct access_rule rules[] = {
	{ .who = { .id = 4000033 },
	    .who_text = "unix:www",
	    .may = ACCESS_USE,
	    .keys = { web_keys, 3 } },
	{ .who = { .id = 4000044 }, .may = ACCESS_READ },
	{ .who = { WHO_GROUP, 4000200, NULL }, .may = ACCESS_ADMIN },
	{ .who = { WHO_GROUP, 4000300, NULL },
	    .may = ACCESS_USE,
	    .keys = { all_keys, 1 } },
};
static const struct caller admin = { .actor = "uid:0", .admin = true };
static const struct caller web = { .actor = "uid:4000033", .uid = 4000033 };
static const struct caller reader = { .actor = "uid:4000044", .uid = 4000044 };
static const struct caller pki = { .actor = "uid:4", .uid = 4, .gid = 4000200 };
static const struct caller stranger = { .actor = "uid:6", .uid = 6 };
static const struct caller proxy = { .actor = "uid:5", .uid = 5, .gid = 4000300 };

/* "spki:" and the hash of the key. */
static char *
by_hash(struct fixture *f, const char *name, char out[static 80])
{
	char target[128];

	f->caller = admin;
	snprintf(target, sizeof(target), "/v1/keys/%s", name);
	assert_int_equal(get(f, target), 200);
	snprintf(out, 80, "spki:%s", member(f, "spki_sha256"));
	return out;
}

static int
ask(struct fixture *f, const struct caller *caller, const char *method, const char *key,
    const char *rest)
{
	char target[256];

	f->caller = *caller;
	snprintf(target, sizeof(target), "/v1/keys/%s%s", key, rest);
	return send_text(f, method, target, OCTETS, "hello");
}

/* What a right to use a key is about: method, and what follows the key. The last is for
 * keys of one use only. */
static const char *const uses[][2] = {
	{ "POST", SIGN },
	{ "GET", "/reference" },
	{ "GET", "/public" },
	{ "POST", DECRYPT },
};
#define USES        (sizeof(uses) / sizeof(uses[0]))
#define COMMON_USES (USES - 1)

static void
uses_the_key_of_its_rule_by_name_and_by_hash(void **state)
{
	struct fixture *f = *state;
	char hash[80];

	by_hash(f, "web", hash);
	for (size_t i = 0; i < COMMON_USES; i++) {
		assert_int_equal(ask(f, &web, uses[i][0], "web", uses[i][1]), 200);
		assert_int_equal(ask(f, &web, uses[i][0], hash, uses[i][1]), 200);
	}
}

static void
uses_no_other_key_whatever_it_calls_it(void **state)
{
	struct fixture *f = *state;
	char hash[80];

	by_hash(f, "other", hash);
	for (size_t i = 0; i < USES; i++) {
		ask(f, &web, uses[i][0], "other", uses[i][1]);
		assert_problem(f, 403, "forbidden");
		assert_string_equal(
		    member(f, "detail"), "unix:www may not use key other");
		ask(f, &web, uses[i][0], hash, uses[i][1]);
		assert_problem(f, 403, "forbidden");
		assert_null(strstr(member(f, "detail"), "other"));
	}
}

/* But for the hash that was asked for, which is as long as any. */
static void
assert_same_answer(struct fixture *f, const char *there, const char *not_there)
{
	char detail[2][256];

	for (size_t i = 0; i < USES; i++) {
		ask(f, &web, uses[i][0], there, uses[i][1]);
		assert_problem(f, 403, "forbidden");
		snprintf(detail[0], sizeof(detail[0]), "%s", member(f, "detail"));
		ask(f, &web, uses[i][0], not_there, uses[i][1]);
		assert_problem(f, 403, "forbidden");
		snprintf(detail[1], sizeof(detail[1]), "%s", member(f, "detail"));
		assert_non_null(strstr(detail[0], there));
		assert_non_null(strstr(detail[1], not_there));
		memset(strstr(detail[0], there), '#', strlen(there));
		memset(strstr(detail[1], not_there), '#', strlen(not_there));
		assert_string_equal(detail[0], detail[1]);
	}
}

static void
cannot_tell_a_key_of_others_from_none(void **state)
{
	struct fixture *f = *state;
	char hash[80];

	assert_same_answer(f, by_hash(f, "other", hash), ABSENT);
	assert_same_answer(f, "other", "ghost");
}

static int
decrypt(struct fixture *f, const struct caller *caller, const char *key)
{
	struct exchange_sent sent;
	struct keystore_key found;
	char target[160];

	assert_int_equal(keyring_find(f->api.keys, "kex", &found, NULL), 0);
	exchange_make(&found.key, EXCHANGE_GOOD, &sent);
	f->caller = *caller;
	snprintf(target, sizeof(target), "/v1/keys/%s" DECRYPT, key);
	return send_bytes(f, "POST", target, OCTETS,
	    (struct bytes){ .data = sent.ciphertext, .len = sent.len });
}

static void
decrypts_with_the_key_of_its_rule_alone(void **state)
{
	static const struct caller *const refused[] = { &reader, &stranger };
	struct fixture *f = *state;
	char hash[80];

	by_hash(f, "kex", hash);
	assert_int_equal(decrypt(f, &web, "kex"), 200);
	assert_int_equal(decrypt(f, &web, hash), 200);
	assert_int_equal(decrypt(f, &proxy, hash), 200);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		decrypt(f, refused[i], "kex");
		assert_problem(f, 403, "forbidden");
		decrypt(f, refused[i], hash);
		assert_problem(f, 403, "forbidden");
	}
	decrypt(f, &web, ABSENT);
	assert_problem(f, 403, "forbidden");
	assert_non_null(strstr(member(f, "detail"), "or there is none"));
}

static void
is_told_when_its_own_key_is_gone(void **state)
{
	struct fixture *f = *state;

	ask(f, &web, "POST", "gone-1", SIGN);
	assert_problem(f, 404, "not-found");
	ask(f, &proxy, "POST", ABSENT, SIGN);
	assert_problem(f, 404, "not-found");
	ask(f, &proxy, "POST", "spki:00", SIGN);
	assert_problem(f, 400, "bad-request");
	ask(f, &web, "POST", "spki:00", SIGN);
	assert_problem(f, 403, "forbidden");
}

static void
does_nothing_but_use_its_key(void **state)
{
	static const char *const refused[][2] = {
		{ "GET", "/v1/keys" },
		{ "POST", "/v1/keys" },
		{ "GET", "/v1/keys/web" },
		{ "DELETE", "/v1/keys/web" },
		{ "POST", "/v1/keys/web/adopt" },
		{ "POST", "/v1/keys/web/rotate" },
		{ "POST", "/v1/keys/web/csr" },
		{ "GET", "/v1/issuers" },
		{ "POST", "/v1/issuers" },
		{ "GET", "/v1/certificates" },
		{ "GET", "/v1/profiles" },
		{ "PUT", "/v1/profiles/own" },
		{ "DELETE", "/v1/profiles/own" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		f->caller = web;
		send_text(f, refused[i][0], refused[i][1], JSON, "{}");
		assert_problem(f, 403, "forbidden");
		assert_non_null(strstr(member(f, "detail"),
		    strcmp(refused[i][0], "GET") == 0 ? "right read" : "right manage"));
	}
}

/* Whoever connects gets what certificates name URLs of: 404, for there is no issuer. */
static void
gives_certificates_of_issuers_to_everybody(void **state)
{
	struct fixture *f = *state;

	f->caller = stranger;
	get(f, "/v1/issuers/root/certificate");
	assert_problem(f, 404, "not-found");
	get(f, "/v1/issuers/root/chain");
	assert_problem(f, 404, "not-found");
	get(f, "/v1/issuers/root");
	assert_problem(f, 403, "forbidden");
	get(f, "/v1/issuers/root/csr");
	assert_problem(f, 403, "forbidden");
}

static void
reads_everything_and_uses_nothing(void **state)
{
	static const char *const targets[] = { "/v1/keys", "/v1/keys/web",
		"/v1/keys/web/public", "/v1/keys/other/reference", "/v1/issuers",
		"/v1/certificates", "/v1/profiles" };
	struct fixture *f = *state;

	f->caller = reader;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		assert_int_equal(get(f, targets[i]), 200);
	ask(f, &reader, "POST", "web", SIGN);
	assert_problem(f, 403, "forbidden");
	ask(f, &reader, "GET", ABSENT, "/public");
	assert_problem(f, 404, "not-found");
	post_json(f, "/v1/keys", "{}");
	assert_problem(f, 403, "forbidden");
}

static void
is_admin_by_rule(void **state)
{
	struct fixture *f = *state;

	f->caller = pki;
	make_key(f, "made-by-rule", "ec-p256", "sign");
	assert_int_equal(ask(f, &pki, "POST", "made-by-rule", SIGN), 200);
	assert_int_equal(get(f, "/v1/keys"), 200);
}

static bool
admits(struct fixture *f, const struct caller *caller, const char *target)
{
	struct request req = {
		.id = "1",
		.method = "POST",
		.target = target,
		.caller = caller,
		.hold = &f->hold,
	};

	return api_admits(&f->api, &req);
}

static void
refuses_before_the_body_where_the_name_says_it(void **state)
{
	struct fixture *f = *state;

	assert_true(admits(f, &web, "/v1/keys/web" SIGN));
	assert_true(admits(f, &web, "/v1/keys/" ABSENT SIGN));
	assert_false(admits(f, &web, "/v1/keys/other" SIGN));
	assert_false(admits(f, &reader, "/v1/keys/web" SIGN));
	assert_false(admits(f, &reader, "/v1/keys/" ABSENT SIGN));
	assert_false(admits(f, &web, "/v1/keys"));
}

static int
open_with_rules(void **state)
{
	struct fixture *f;

	if (fixture_open(state) != 0)
		return -1;
	f = *state;
	fixture_rules(f, rules, sizeof(rules) / sizeof(rules[0]));
	make_key(f, "web", "ec-p256", "sign");
	make_key(f, "other", "ec-p256", "sign");
	make_key(f, "kex", "rsa-2048", "tls-rsa-kex");
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uses_the_key_of_its_rule_by_name_and_by_hash),
		cmocka_unit_test(uses_no_other_key_whatever_it_calls_it),
		cmocka_unit_test(cannot_tell_a_key_of_others_from_none),
		cmocka_unit_test(decrypts_with_the_key_of_its_rule_alone),
		cmocka_unit_test(is_told_when_its_own_key_is_gone),
		cmocka_unit_test(does_nothing_but_use_its_key),
		cmocka_unit_test(gives_certificates_of_issuers_to_everybody),
		cmocka_unit_test(reads_everything_and_uses_nothing),
		cmocka_unit_test(is_admin_by_rule),
		cmocka_unit_test(refuses_before_the_body_where_the_name_says_it),
	};

	return cmocka_run_group_tests(tests, open_with_rules, fixture_close);
}

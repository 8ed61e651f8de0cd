/* test_api_caps.c - rules that cap how often, and how many at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/cap.h"
#include "tests/api/fixture.h"

#define HOURLY 3600

static char *const signers[] = { "signer" };
static char *const internal[] = { "internal" };

static const struct caller admin = { .actor = "uid:0", .admin = true };
static const struct caller web = { .actor = "uid:33", .uid = 33 };
static const struct caller second = { .actor = "uid:34", .uid = 34, .gid = 33 };
static const struct caller third = { .actor = "uid:35", .uid = 35, .gid = 33 };

/* One rule with what is in rule, and a cap, for as long as the test takes. */
static struct cap *
cap_rule(struct fixture *f, struct access_rule *rule, unsigned rate, unsigned concurrent)
{
	const struct cap_terms terms = { rate, HOURLY, concurrent };
	struct cap *cap;

	assert_int_equal(cap_new(&terms, &cap, NULL), 0);
	rule->cap = cap;
	rule->who_text = "unix:somebody";
	fixture_rules(f, rule, 1);
	return cap;
}

static void
uncap(struct fixture *f, struct cap *cap)
{
	fixture_rules(f, NULL, 0);
	cap_free(cap);
	f->caller = admin;
}

static int
ask(struct fixture *f, const struct caller *caller, const char *target)
{
	f->caller = *caller;
	return get(f, target);
}

static int
sign(struct fixture *f, const struct caller *caller, const char *key)
{
	char target[160];

	snprintf(target, sizeof(target), "/v1/keys/%s/sign?scheme=ecdsa_secp256r1_sha256",
	    key);
	f->caller = *caller;
	return send_text(f, "POST", target, OCTETS, "hello");
}

static void
answers_429_when_the_rate_is_used_up(void **state)
{
	struct access_rule rule = { .who = { .kind = WHO_USER, .id = 33 },
		.may = ACCESS_READ };
	struct fixture *f = *state;
	struct cap *cap = cap_rule(f, &rule, 3, 0);
	const char *log, *line;

	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(f, &web, "/v1/keys"), 200);
	log_capture();
	for (int i = 0; i < 5; i++)
		assert_int_equal(ask(f, &web, "/v1/certificates"), 429);
	log = log_captured();
	assert_problem(f, 429, "rate-limited");
	assert_in_range(f->res.retry_after_s, HOURLY / 3 - 10, HOURLY / 3);
	assert_non_null(line = strstr(log, "event=rule.exhausted"));
	assert_non_null(strstr(line, "actor=uid:33 who=\"unix:somebody\""));
	assert_null(strstr(line + 1, "event=rule.exhausted"));
	assert_null(strstr(log, "status=429"));
	/* What no rule has to grant, and whom none has to name, is not counted. */
	assert_int_equal(ask(f, &web, "/healthz"), 200);
	assert_int_equal(ask(f, &admin, "/v1/keys"), 200);
	uncap(f, cap);
}

static void
counts_each_peer_of_a_rule_alone(void **state)
{
	struct access_rule rule = { .who = { .kind = WHO_GROUP, .id = 33 },
		.may = ACCESS_READ };
	struct fixture *f = *state;
	struct cap *cap = cap_rule(f, &rule, 1, 0);

	assert_int_equal(ask(f, &second, "/v1/keys"), 200);
	assert_int_equal(ask(f, &second, "/v1/keys"), 429);
	assert_int_equal(ask(f, &third, "/v1/keys"), 200);
	uncap(f, cap);
}

static void
counts_a_signature_once_by_name_and_by_hash(void **state)
{
	struct access_rule rule = { .who = { .kind = WHO_USER, .id = 33 },
		.may = ACCESS_USE,
		.keys = { signers, 1 } };
	struct fixture *f = *state;
	char hash[HASH_SIZE], by_hash[80];
	struct cap *cap;

	make_signer(f, "signer", hash);
	snprintf(by_hash, sizeof(by_hash), "spki:%s", hash);
	cap = cap_rule(f, &rule, 4, 0);
	assert_int_equal(sign(f, &web, "signer"), 200);
	assert_int_equal(sign(f, &web, by_hash), 200);
	/* Not granted, so not counted. */
	assert_int_equal(sign(f, &web, "else"), 403);
	assert_int_equal(ask(f, &web, "/v1/keys"), 403);
	assert_int_equal(ask(f, &web, "/v1/keys/signer/public"), 200);
	assert_int_equal(sign(f, &web, "signer"), 200);
	assert_int_equal(sign(f, &web, "signer"), 429);
	assert_int_equal(sign(f, &web, by_hash), 429);
	assert_int_equal(sign(f, &web, "else"), 403);
	uncap(f, cap);
}

#define CSR_SIZE 4096

static void
request_for(struct fixture *f, const char *name, char csr[static CSR_SIZE])
{
	char wanted[80];

	f->caller = admin;
	snprintf(wanted, sizeof(wanted), "{\"sans\":[\"dns:%s\"]}", name);
	assert_int_equal(post_json(f, "/v1/keys/csr/csr", wanted), 200);
	snprintf(csr, CSR_SIZE, "%s", body_text(f));
}

static int
issue(struct fixture *f, const char *csr)
{
	f->caller = web;
	return send_text(
	    f, "POST", "/v1/issuers/internal/certificates?profile=server", PKCS10, csr);
}

static void
counts_what_the_handler_decides_once(void **state)
{
	struct access_rule rule = { .who = { .kind = WHO_USER, .id = 33 },
		.may = ACCESS_ISSUE,
		.issuers = { internal, 1 } };
	struct fixture *f = *state;
	char csr[CSR_SIZE];
	struct cap *cap;

	make_issuer(f, "internal", NULL);
	make_key(f, "csr", "ec-p256", "tls");
	request_for(f, "a.example", csr);
	cap = cap_rule(f, &rule, 2, 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(issue(f, csr), 201);
	issue(f, csr);
	assert_problem(f, 429, "rate-limited");
	uncap(f, cap);
}

/* Each may grant until the names are known. */
static void
counts_by_the_rule_for_the_names_alone(void **state)
{
	static char *const a[] = { "*.a.example" }, *const b[] = { "*.b.example" };
	struct access_rule rules[] = { { .who = { .kind = WHO_USER, .id = 33 },
					   .who_text = "unix:33",
					   .may = ACCESS_ISSUE,
					   .issuers = { internal, 1 },
					   .names = { a, 1 } },
		{ .who = { .kind = WHO_USER, .id = 33 },
		    .who_text = "unix:33",
		    .may = ACCESS_ISSUE,
		    .issuers = { internal, 1 },
		    .names = { b, 1 } } };
	const struct cap_terms scarce = { 1, HOURLY, 0 }, plenty = { 100, HOURLY, 0 };
	struct fixture *f = *state;
	char for_a[CSR_SIZE], for_b[CSR_SIZE];
	struct cap *caps[2];

	assert_int_equal(cap_new(&scarce, &caps[0], NULL), 0);
	assert_int_equal(cap_new(&plenty, &caps[1], NULL), 0);
	rules[0].cap = caps[0];
	rules[1].cap = caps[1];
	fixture_rules(f, rules, 2);
	request_for(f, "x.a.example", for_a);
	request_for(f, "x.b.example", for_b);
	f->idempotency_key = "once";
	for (int i = 0; i < 3; i++)
		assert_int_equal(issue(f, for_b), 201);
	f->idempotency_key = NULL;
	assert_int_equal(issue(f, for_a), 201);
	assert_int_equal(issue(f, for_a), 429);
	assert_int_equal(issue(f, for_b), 201);
	cap_free(caps[0]);
	uncap(f, caps[1]);
}

static void
counts_what_is_answered_again(void **state)
{
	struct access_rule rule = { .who = { .kind = WHO_USER, .id = 33 },
		.may = ACCESS_ISSUE,
		.issuers = { internal, 1 } };
	struct fixture *f = *state;
	char csr[CSR_SIZE];
	struct cap *cap;

	request_for(f, "x.b.example", csr);
	cap = cap_rule(f, &rule, 2, 0);
	f->idempotency_key = "again";
	assert_int_equal(issue(f, csr), 201);
	assert_int_equal(issue(f, csr), 201);
	assert_int_equal(issue(f, csr), 429);
	f->idempotency_key = NULL;
	uncap(f, cap);
}

static void
gives_back_each_place_that_a_request_had(void **state)
{
	struct access_rule rule = { .who = { .kind = WHO_USER, .id = 33 },
		.may = ACCESS_READ };
	struct fixture *f = *state;
	struct cap *cap = cap_rule(f, &rule, 0, 1);
	struct cap_claim claim;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask(f, &web, "/v1/keys"), 200);
		assert_int_equal(ask(f, &web, "/v1/keys/absent"), 404);
	}
	/* As if another request of the peer were under way. */
	assert_true(cap_grant(cap, "uid:33", 1, &claim));
	assert_int_equal(ask(f, &web, "/v1/keys"), 429);
	assert_int_equal(f->res.retry_after_s, 1);
	cap_release(&claim);
	assert_int_equal(ask(f, &web, "/v1/keys"), 200);
	uncap(f, cap);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_429_when_the_rate_is_used_up),
		cmocka_unit_test(counts_each_peer_of_a_rule_alone),
		cmocka_unit_test(counts_a_signature_once_by_name_and_by_hash),
		cmocka_unit_test(counts_what_the_handler_decides_once),
		cmocka_unit_test(counts_by_the_rule_for_the_names_alone),
		cmocka_unit_test(counts_what_is_answered_again),
		cmocka_unit_test(gives_back_each_place_that_a_request_had),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}

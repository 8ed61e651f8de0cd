/* test_api_managed.c - certificates that renew themselves: defined, tried, changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/clock.h"
#include "tests/api/managed_scene.h"

static void
defines_with_all_that_was_left_open(void **state)
{
	struct fixture *f = *state;
	int64_t now = clock_now_s();

	assert_int_equal(post_json(f, ALL, PLAIN), 201);
	assert_string_equal(f->res.location, WEB);
	assert_string_equal(member(f, "name"), "api");
	assert_string_equal(member(f, "key_type"), "ec-p256");
	assert_string_equal(member(f, "new_key"), "always");
	assert_string_equal(member(f, "mode"), "0640");
	assert_int_equal(managed_number(f, "days"), 90);
	assert_int_equal(managed_number(f, "renew_before_s"), 30 * DAY_S);
	assert_int_equal(managed_number(f, "grace_s"), 7 * DAY_S);
	assert_true(body_has(f, "\"profile\":\"server\""));
	assert_true(body_has(f, "\"destroy_old_keys\":false"));
	assert_false(has_member(f, "hook") || has_member(f, "owner"));
	assert_string_equal(
	    json_string_value(json_object_get(managed_state(f), "step")), "idle");
	assert_true(managed_revision(f) > 0);
	assert_true(managed_time(f) >= now && managed_time(f) <= now + 60);
	assert_int_equal(get(f, WEB), 200);
	assert_int_equal(get(f, ALL), 200);
	assert_int_equal(list_size(f, "managed"), 1);
	managed_forget(f);
	assert_int_equal(get(f, WEB), 404);
	send_text(f, "DELETE", WEB, NULL, "");
	assert_problem(f, 404, "not-found");
}

static void
keeps_all_that_was_said(void **state)
{
	static const char full[] =
	    NAMED("api") "\"names\":[\"API.example\",\"10.0.0.1\",\"api.example\"],"
			 "\"source\":{\"issuer\":\"internal\",\"profile\":\"peer\"},"
			 "\"key_type\":\"rsa-2048\",\"days\":10,\"renew_before_s\":86400,"
			 "\"new_key\":\"yearly\",\"directory\":\"/srv/tls\","
			 "\"owner\":\"root\",\"group\":\"33\",\"mode\":\"0440\","
			 "\"hook\":{\"argv\":[\"systemctl\",\"reload\",\"nginx\"],"
			 "\"user\":\"root\",\"timeout_s\":5},"
			 "\"verify\":\"mysql://[::1]:3306\",\"grace_s\":0,"
			 "\"destroy_old_keys\":true}";
	struct fixture *f = *state;

	assert_int_equal(post_json(f, ALL, full), 201);
	fixture_restart(f);
	assert_int_equal(get(f, WEB), 200);
	assert_true(body_has(f, "\"names\":[\"api.example\",\"10.0.0.1\"]"));
	assert_true(body_has(f, "\"profile\":\"peer\""));
	assert_string_equal(member(f, "key_type"), "rsa-2048");
	assert_int_equal(managed_number(f, "days"), 10);
	assert_int_equal(managed_number(f, "renew_before_s"), 86400);
	assert_string_equal(member(f, "new_key"), "yearly");
	assert_string_equal(member(f, "group"), "33");
	assert_string_equal(member(f, "mode"), "0440");
	assert_true(body_has(f, "\"argv\":[\"systemctl\",\"reload\",\"nginx\"]"));
	assert_true(body_has(f, "\"timeout_s\":5"));
	assert_string_equal(member(f, "verify"), "mysql://[::1]:3306");
	assert_string_equal(member(f, "verify_name"), "api.example");
	assert_int_equal(managed_number(f, "grace_s"), 0);
	assert_true(body_has(f, "\"destroy_old_keys\":true"));
	managed_forget(f);
}

#define ACME(members)                                                                    \
	NAMED("api")                                                                     \
	BASE "\"source\":{\"acme\":\"https://ca.example/"                                \
	     "dir\",\"account\":\"account\"" members "}" AT "}"

static void
takes_what_an_acme_server_issues(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(post_json(f, ALL, ACME("")), 201);
	assert_true(body_has(f, "\"challenge\":\"http-01\""));
	/* That is all addresses, of IPv6, too. */
	assert_false(body_has(f, "listen"));
	assert_false(has_member(f, "days"));
	managed_forget(f);
	assert_int_equal(post_json(f, ALL, ACME(",\"challenge\":\"tls-alpn-01\"")), 201);
	assert_false(body_has(f, "listen"));
	managed_forget(f);
	assert_int_equal(post_json(f, ALL, ACME(",\"listen\":\"10.0.0.1:80\"")), 201);
	assert_true(body_has(f, "\"listen\":\"10.0.0.1:80\""));
	managed_forget(f);
	assert_int_equal(
	    post_json(f, ALL, ACME(",\"webroot\":\"/var/www\",\"profile\":\"short\"")),
	    201);
	assert_true(body_has(f, "\"webroot\":\"/var/www\",\"profile\":\"short\""));
	assert_false(body_has(f, "listen"));
	managed_forget(f);
	assert_int_equal(post_json(f, ALL,
			     ACME(",\"challenge\":\"dns-01\",\"dns_hook\":"
				  "[\"/etc/keyhold/dns\"],\"ca_file\":\"/etc/ca.pem\"")),
	    201);
	assert_true(body_has(f, "\"dns_hook\":[\"/etc/keyhold/dns\"]"));
	managed_forget(f);
}

/* 40 days, which are to be renewed 30 days before their end: not after ten days. */
static void
takes_a_third_of_what_an_acme_server_lets_it_live(void **state)
{
	static const char certified[] =
	    "\"step\":\"idle\",\"serial\":\"0a\",\"not_before\":\"2030-02-20T00:00:00Z\","
	    "\"not_after\":\"2030-04-01T00:00:00Z\",\"outcome\":\"renewed\"";
	struct fixture *f = *state;

	assert_int_equal(post_json(f, ALL, ACME("")), 201);
	assert_int_equal(managed_report(f, certified), 200);
	assert_true(managed_time(f) >= APRIL - 14 * DAY_S);
	managed_forget(f);
	/* Whoever says how long it lives may well mean that. */
	assert_int_equal(post_json(f, ALL, PLAIN), 201);
	assert_int_equal(managed_report(f, certified), 200);
	assert_true(managed_time(f) <= APRIL - 27 * DAY_S);
	managed_forget(f);
}

static void
takes_a_wildcard_that_the_challenge_can_show(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    post_json(f, ALL,
		NAMED("api") "\"names\":[\"*.example.org\"],\"source\":{\"acme\":"
			     "\"https://ca.example/\",\"account\":\"account\","
			     "\"challenge\":\"dns-01\",\"dns_hook\":[\"/dns\"]}" AT "}"),
	    201);
	managed_forget(f);
	post_json(f, ALL,
	    NAMED("api") "\"names\":[\"*.example.org\"],\"source\":{\"acme\":"
			 "\"https://ca.example/\",\"account\":\"account\"}" AT "}");
	assert_problem(f, 422, "refused");
	assert_true(body_has(f, "a wildcard by challenge dns-01 only"));
	assert_false(body_has(f, "profile"));
}

static const struct managed_refusal refused[] = {
	{ "{" BASE INTERNAL AT "}", "\"name\" is missing" },
	{ NAMED("UP") BASE INTERNAL AT "}", "\"name\" is not a name" },
	{ NAMED("api") INTERNAL AT "}", "\"names\"" },
	{ NAMED("api") "\"names\":[]," INTERNAL AT "}", "\"names\"" },
	{ NAMED("api") "\"names\":[\"ip:x\"]," INTERNAL AT "}",
	    "\"names\": \"x\" is not an address" },
	{ NAMED("api") BASE "\"directory\":\"/a\"}", "\"source\"" },
	{ NAMED("api") BASE "\"source\":{}" AT "}", "\"source\"" },
	{ NAMED("api") BASE "\"source\":{\"issuer\":\"internal\",\"acme\":\"x\"}" AT "}",
	    "\"source\"" },
	{ NAMED("api") BASE "\"source\":{\"issuer\":\"internal\",\"account\":\"x\"}" AT
			    "}",
	    "\"account\"" },
	{ NAMED("api") BASE "\"source\":{\"issuer\":\"No\"}" AT "}", "\"issuer\"" },
	{ NAMED("api") BASE INTERNAL "}", "\"directory\" is missing" },
	{ NAMED("api") BASE INTERNAL ",\"directory\":\"tls\"}", "\"directory\"" },
	{ NAMED("api") BASE INTERNAL ",\"directory\":\"/a/../b\"}", "\"directory\"" },
	{ NAMED("api") BASE INTERNAL ",\"directory\":\"/a\\nb\"}", "\"directory\"" },
	{ NAMED("api") BASE INTERNAL AT ",\"mode\":\"640\"}", "\"mode\"" },
	{ NAMED("api") BASE INTERNAL AT ",\"mode\":\"0646\"}", "others must not write" },
	{ NAMED("api") BASE INTERNAL AT ",\"mode\":\"0750\"}", "nobody executes" },
	{ NAMED("api") BASE INTERNAL AT ",\"mode\":\"0040\"}", "owner has to read" },
	{ NAMED("api") BASE INTERNAL AT ",\"mode\":416}", "\"mode\" is not a string" },
	{ NAMED("api") BASE INTERNAL AT ",\"owner\":\"a:b\"}", "\"owner\"" },
	{ NAMED("api") BASE INTERNAL AT ",\"days\":0}", "\"days\"" },
	{ NAMED("api") BASE INTERNAL AT ",\"days\":\"90\"}", "\"days\"" },
	{ NAMED("api") BASE INTERNAL AT ",\"renew_before_s\":7775000}",
	    "less than an hour" },
	{ NAMED("api") BASE INTERNAL AT ",\"renew_before_s\":59}", "\"renew_before_s\"" },
	{ NAMED("api") BASE INTERNAL AT ",\"new_key\":\"weekly\"}",
	    "\"new_key\" is not one of: always, never, yearly" },
	{ NAMED("api") BASE INTERNAL AT ",\"key_type\":\"dsa\"}", "dsa" },
	{ NAMED("api") BASE INTERNAL AT ",\"grace_s\":-1}", "\"grace_s\"" },
	{ NAMED("api") BASE INTERNAL AT ",\"destroy_old_keys\":1}",
	    "\"destroy_old_keys\"" },
	{ NAMED("api") BASE INTERNAL AT ",\"hook\":\"reload\"}", "\"hook\"" },
	{ NAMED("api") BASE INTERNAL AT ",\"hook\":{}}", "\"hook\" takes" },
	{ NAMED("api") BASE INTERNAL AT ",\"hook\":{\"argv\":[\"a\"],\"shell\":\"a\"}}",
	    "\"hook\" takes" },
	{ NAMED("api") BASE INTERNAL AT ",\"hook\":{\"argv\":[]}}", "\"argv\"" },
	{ NAMED("api") BASE INTERNAL AT ",\"hook\":{\"argv\":\"a b\"}}", "\"argv\"" },
	{ NAMED("api") BASE INTERNAL AT ",\"hook\":{\"argv\":[1]}}", "\"argv\"" },
	{ NAMED("api") BASE INTERNAL AT ",\"hook\":{\"argv\":[\"a\",\"b\\u0007\"]}}",
	    "\"argv\"" },
	{ NAMED("api") BASE INTERNAL AT ",\"hook\":{\"shell\":\"\"}}", "\"shell\"" },
	{ NAMED("api") BASE INTERNAL AT ",\"hook\":{\"argv\":[\"a\"],\"timeout_s\":0}}",
	    "\"timeout_s\"" },
	{ NAMED("api") BASE INTERNAL AT ",\"hook\":{\"argv\":[\"a\"],\"user\":\"33\"}}",
	    "\"user\" is a number" },
	{ NAMED("api") BASE INTERNAL AT ",\"hook\":{\"argv\":[\"a\"],\"user\":\"\"}}",
	    "\"user\"" },
	{ NAMED("api") BASE INTERNAL AT ",\"verify\":\"localhost\"}", "\"verify\"" },
	{ NAMED("api") BASE INTERNAL AT ",\"verify\":\"a:0\"}", "\"verify\"" },
	{ NAMED("api") BASE INTERNAL AT ",\"verify\":\"::1:443\"}", "\"verify\"" },
	{ NAMED("api") BASE INTERNAL AT ",\"verify_name\":\"a\"}", "\"verify_name\"" },
	{ NAMED("api") BASE INTERNAL AT ",\"colour\":\"red\"}", "\"colour\"" },
	{ ACME(",\"challenge\":\"dns-01\""), "\"dns_hook\" is missing" },
	{ ACME(",\"challenge\":\"carrier-pigeon\""), "\"challenge\" is not one of" },
	{ ACME(",\"challenge\":\"dns-01\",\"dns_hook\":[\"dns\"]"),
	    "\"dns_hook\" names a program by no absolute path" },
	{ ACME(",\"dns_hook\":[\"/x\"]"), "\"dns_hook\" does not go with" },
	{ ACME(",\"webroot\":\"/a\",\"listen\":\"a:80\""), "exclude each other" },
	{ ACME(",\"webroot\":\"www\""), "\"webroot\"" },
	{ ACME(",\"listen\":\"80\""), "\"listen\"" },
	{ ACME(",\"challenge\":\"tls-alpn-01\",\"webroot\":\"/a\""),
	    "\"webroot\" does not go with" },
	{ ACME(",\"issuer\":\"internal\""), "\"source\"" },
	{ NAMED("api") BASE
	    "\"source\":{\"acme\":\"http://ca.example/\",\"account\":\"account\"}" AT "}",
	    "https://" },
	{ NAMED("api") BASE "\"source\":{\"acme\":\"https://ca.example/\"}" AT "}",
	    "\"account\" is missing" },
	{ NAMED("api") BASE
	    "\"source\":{\"acme\":\"https://ca.example/\",\"account\":\"none\"}" AT "}",
	    "no key none" },
	{ NAMED("api") BASE
	    "\"source\":{\"acme\":\"https://ca.example/\",\"account\":\"web\"}" AT "}",
	    "not sign" },
	{ NAMED("api") BASE "\"source\":{\"acme\":\"https://ca.example/\",\"account\":"
			    "\"account\"},\"days\":90" AT "}",
	    "\"days\"" },
};

static void
says_which_member_is_wrong(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		int status = post_json(f, ALL, refused[i].body);

		if (status != 400 || strstr(member(f, "detail"), refused[i].says) == NULL)
			fail_msg("%s: %d %s", refused[i].body, status, body_text(f));
	}
	assert_int_equal(get(f, ALL), 200);
	assert_int_equal(list_size(f, "managed"), 0);
}

static void
refuses_what_the_authority_would_not_issue(void **state)
{
	struct fixture *f = *state;
	size_t before = count_certificates(f);

	post_json(f, ALL, NAMED("api") "\"names\":[\"a_b.example\"]," INTERNAL AT "}");
	assert_problem(f, 422, "refused");
	assert_true(body_has(f, "san[0]"));
	post_json(f, ALL, NAMED("api") BASE INTERNAL AT ",\"days\":9000}");
	assert_problem(f, 422, "refused");
	assert_true(body_has(f,
	    "777600000 (9000 days); the profile server allows 1 to 34387200 (398 days)"));
	post_json(f, ALL, NAMED("api") BASE "\"source\":{\"issuer\":\"none\"}" AT "}");
	assert_problem(f, 404, "not-found");
	post_json(f, ALL,
	    NAMED("api") BASE
	    "\"source\":{\"issuer\":\"internal\",\"profile\":\"none\"}" AT "}");
	assert_true(f->res.status >= 400 && f->res.status < 500);
	assert_int_equal(get(f, WEB), 404);
	assert_int_equal(count_certificates(f), before);
}

static void
refuses_a_name_that_is_taken(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(post_json(f, ALL, PLAIN), 201);
	post_json(f, ALL, PLAIN);
	assert_problem(f, 409, "conflict");
	post_json(f, ALL "?dry_run=true", PLAIN);
	assert_problem(f, 409, "conflict");
	managed_forget(f);
	post_json(f, ALL, NAMED("account") BASE INTERNAL AT "}");
	assert_problem(f, 409, "conflict");
	assert_non_null(strstr(member(f, "detail"), "its use is sign"));
}

static void
tries_without_doing_anything(void **state)
{
	struct fixture *f = *state;
	size_t before = count_certificates(f);
	const json_t *certificate;

	assert_int_equal(post_json(f, ALL "?dry_run=true", PLAIN), 200);
	certificate = json_object_get(f->json, "certificate");
	assert_string_equal(
	    json_string_value(json_object_get(certificate, "status")), "dry-run");
	assert_string_equal(json_string_value(json_object_get(
				json_object_get(f->json, "managed"), "mode")),
	    "0640");
	assert_int_equal(managed_number(f, "renewals_in_a_year"), 6);
	assert_int_equal(list_size(f, "renewals"), 6);
	assert_int_equal(get(f, WEB), 404);
	assert_int_equal(get(f, "/v1/keys/api"), 404);
	assert_int_equal(count_certificates(f), before);
	assert_int_equal(post_json(f, ALL "?dry_run=true", ACME("")), 200);
	assert_false(has_member(f, "certificate") || has_member(f, "renewals"));
	post_json(f, ALL "?dry_run=maybe", PLAIN);
	assert_problem(f, 400, "bad-request");
}

static void
tries_a_key_of_every_type(void **state)
{
	static const char *const types[] = { "ec-p384", "ec-p521", "rsa-2048",
		"rsa-pss-2048", "ed25519" };
	struct fixture *f = *state;
	char body[256];

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		snprintf(body, sizeof(body),
		    NAMED("api") BASE INTERNAL AT ",\"key_type\":\"%s\"}", types[i]);
		/* The profile allows some of them, and says which it does not. */
		if (post_json(f, ALL "?dry_run=true", body) != 200)
			assert_true(body_has(f, "csr-key-type"));
	}
}

static void
brings_files_back_before_it_begins_anew(void **state)
{
	static const char *const steps[] = { "reload", "verify", "rollback" };
	struct fixture *f = *state;
	char report[128];

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		assert_int_equal(post_json(f, ALL, PLAIN), 201);
		snprintf(
		    report, sizeof(report), "\"step\":\"%s\",\"attempts\":3", steps[i]);
		assert_int_equal(managed_report(f, report), 200);
		assert_int_equal(send_text(f, "PUT", WEB, JSON,
				     "{\"names\":[\"b.example\"]," INTERNAL AT "}"),
		    200);
		assert_string_equal(
		    json_string_value(json_object_get(managed_state(f), "step")),
		    "rollback");
		/* Without it no agent could say that it has done so. */
		assert_string_equal(
		    json_string_value(json_object_get(managed_state(f), "last_error")),
		    "the definition has changed");
		managed_forget(f);
	}
}

static void
changes_and_begins_anew_where_the_certificate_is_another(void **state)
{
	struct fixture *f = *state;
	int64_t now = clock_now_s();

	assert_int_equal(post_json(f, ALL, PLAIN), 201);
	assert_int_equal(managed_report(f, CERTIFIED ",\"outcome\":\"renewed\""), 200);
	assert_true(managed_time(f) > now + DAY_S);
	/* How it is watched makes no other certificate. */
	assert_int_equal(send_text(f, "PUT", WEB, JSON,
			     "{" BASE INTERNAL AT ",\"verify\":\"localhost:443\"}"),
	    200);
	assert_string_equal(member(f, "verify_name"), "api.example");
	assert_true(managed_time(f) > now + DAY_S);
	assert_int_equal(managed_report(f, "\"step\":\"issue\",\"attempts\":3"), 200);
	assert_int_equal(
	    send_text(f, "PUT", WEB, JSON, "{\"names\":[\"b.example\"]," INTERNAL AT "}"),
	    200);
	assert_false(has_member(f, "verify"));
	assert_true(managed_time(f) <= now + 60);
	assert_string_equal(
	    json_string_value(json_object_get(managed_state(f), "step")), "idle");
	assert_int_equal(
	    json_integer_value(json_object_get(managed_state(f), "attempts")), 0);
	managed_forget(f);
}

/* How a name is proved holds from the next renewal on, and whom it is proved to at once.
 */
static void
makes_due_what_comes_from_elsewhere_and_not_what_is_proved_otherwise(void **state)
{
	static const char proved[] = ",\"challenge\":\"dns-01\",\"dns_hook\":[\"/dns\"],"
				     "\"ca_file\":\"/ca.pem\"";
	static const char *const elsewhere[] = {
		"{" BASE "\"source\":{\"acme\":\"https://other.example/\",\"account\":"
		"\"account\"}" AT "}",
		"{" BASE "\"source\":{\"acme\":\"https://ca.example/dir\",\"account\":"
		"\"account\",\"profile\":\"short\"}" AT "}",
		"{" BASE "\"source\":{\"acme\":\"https://ca.example/dir\",\"account\":"
		"\"second\"}" AT "}",
		"{" BASE INTERNAL AT "}",
	};
	struct fixture *f = *state;
	int64_t now = clock_now_s();
	char body[512];

	make_key(f, "second", "ec-p256", "sign");
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
		assert_int_equal(post_json(f, ALL, ACME("")), 201);
		assert_int_equal(
		    managed_report(f, CERTIFIED ",\"outcome\":\"renewed\""), 200);
		snprintf(body, sizeof(body), ACME("%s"), proved);
		assert_int_equal(send_text(f, "PUT", WEB, JSON, body), 200);
		assert_true(body_has(f, "\"dns_hook\":[\"/dns\"]"));
		assert_true(managed_time(f) > now + DAY_S);
		assert_int_equal(send_text(f, "PUT", WEB, JSON, elsewhere[i]), 200);
		assert_true(managed_time(f) <= now + 60);
		managed_forget(f);
	}
}

static void
tries_again_at_once_what_was_changed(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(post_json(f, ALL, ACME("")), 201);
	assert_int_equal(
	    managed_report(f, "\"step\":\"issue\",\"attempts\":3,\"last_error\":\"no\","
			      "\"next_attempt\":\"2030-01-01T00:00:00Z\""),
	    200);
	assert_true(body_has(f, "next_attempt"));
	assert_int_equal(
	    send_text(f, "PUT", WEB, JSON, ACME(",\"webroot\":\"/www\"")), 200);
	assert_false(body_has(f, "next_attempt"));
	assert_true(body_has(f, "\"step\":\"issue\""));
	managed_forget(f);
}

static void
changes_the_state_that_was_read_and_no_other(void **state)
{
	struct fixture *f = *state;
	char etag[sizeof(f->res.etag)];

	assert_int_equal(post_json(f, ALL, PLAIN), 201);
	snprintf(etag, sizeof(etag), "%s", f->res.etag);
	f->if_none_match = etag;
	assert_int_equal(get(f, WEB), 304);
	f->if_none_match = NULL;
	assert_int_equal(get(f, WEB), 200);
	assert_int_equal(managed_report(f, "\"step\":\"key\""), 200);
	f->if_match = etag;
	send_text(f, "PUT", WEB, JSON, PLAIN);
	assert_problem(f, 412, "precondition-failed");
	send_text(f, "DELETE", WEB, NULL, "");
	assert_problem(f, 412, "precondition-failed");
	f->if_match = NULL;
	send_text(f, "PUT", WEB, JSON, NAMED("other") BASE INTERNAL AT "}");
	assert_problem(f, 400, "bad-request");
	managed_forget(f);
	send_text(f, "PUT", WEB, JSON, PLAIN);
	assert_problem(f, 404, "not-found");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defines_with_all_that_was_left_open),
		cmocka_unit_test(keeps_all_that_was_said),
		cmocka_unit_test(takes_what_an_acme_server_issues),
		cmocka_unit_test(takes_a_third_of_what_an_acme_server_lets_it_live),
		cmocka_unit_test(takes_a_wildcard_that_the_challenge_can_show),
		cmocka_unit_test(says_which_member_is_wrong),
		cmocka_unit_test(refuses_what_the_authority_would_not_issue),
		cmocka_unit_test(refuses_a_name_that_is_taken),
		cmocka_unit_test(tries_without_doing_anything),
		cmocka_unit_test(tries_a_key_of_every_type),
		cmocka_unit_test(brings_files_back_before_it_begins_anew),
		cmocka_unit_test(
		    changes_and_begins_anew_where_the_certificate_is_another),
		cmocka_unit_test(
		    makes_due_what_comes_from_elsewhere_and_not_what_is_proved_otherwise),
		cmocka_unit_test(tries_again_at_once_what_was_changed),
		cmocka_unit_test(changes_the_state_that_was_read_and_no_other),
	};

	return cmocka_run_group_tests(tests, managed_open, fixture_close);
}

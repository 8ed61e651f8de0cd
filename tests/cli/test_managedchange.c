/* test_managedchange.c - keyhold managed change: what is given, and all that is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/cli/managed_answers.h"
#include "tests/cli/run.h"

static const struct route routes[] = {
	{ "GET /v1/managed/web ", 200, JSON, ONE, NULL },
	{ "GET /v1/managed/busy ", 200, JSON, ONE, NULL },
	{ "GET /v1/managed/acme ", 200, JSON, "{" ACME "}", NULL },
	{ "GET /v1/managed/own ", 200, JSON,
	    "{\"name\":\"own\",\"names\":[\"a.example\"]," ACME_SOURCE(
		"10.0.0.1:8080", "http-01") "}",
	    NULL },
	{ "GET /v1/managed/dns ", 200, JSON, DNS, NULL },
	{ "PUT /v1/managed/busy ", 412, PROBLEM,
	    "{\"type\":\"urn:keyhold:error:precondition-failed\",\"title\":\"Changed\","
	    "\"status\":412,\"detail\":\"it was changed since\"}",
	    NULL },
	{ "PUT /v1/managed/", 200, JSON, ONE, NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

static int
set_up(void **state)
{
	return run_new(state, routes);
}

static void
changes_what_is_given_and_keeps_the_rest(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "managed", "change", "web", "--renew-before", "20d",
	    "--keep-old-keys", NULL);
	assert_int_equal(run->status, 0);
	run_assert_sent(run, "If-Match: ");
	run_assert_sent(run, "\"renew_before_s\":1728000");
	run_assert_sent(run, "\"destroy_old_keys\":false");
	run_assert_sent(run, "\"names\":[\"api.example\",\"10.0.0.1\"]");
	run_assert_sent(run, "\"argv\":[\"reload\",\"my nginx\"]");
	run_assert_sent(run, "\"verify_name\":\"api.example\"");
	assert_false(fake_server_saw(run->server, "\"revision\":"));
	assert_false(fake_server_saw(run->server, "\"created\":"));
}

static void
takes_away_what_is_given_empty(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "managed", "change", "web", "--reload", "", "--verify", "",
	    "--san", "b.example", NULL);
	assert_int_equal(run->status, 0);
	run_assert_sent(run, "\"names\":[\"b.example\"]");
	assert_false(fake_server_saw(run->server, "\"hook\""));
	assert_false(fake_server_saw(run->server, "\"verify\""));
	assert_false(fake_server_saw(run->server, "\"verify_name\""));
}

static void
changes_where_it_comes_from(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "managed", "change", "web", "--acme", "https://ca.example/",
	    "--account", "acc", NULL);
	assert_int_equal(run->status, 0);
	run_assert_sent(
	    run, "\"source\":{\"acme\":\"https://ca.example/\",\"account\":\"acc\"}");
	assert_false(fake_server_saw(run->server, "\"days\""));
}

/* Each line: what is given, and what it makes of the source. */
static void
changes_of_an_acme_source_what_is_given(void **state)
{
	static const struct {
		const char *name, *option, *other, *source;
	} cases[] = {
		{ "acme", "--acme=https://other.example/dir", NULL,
		    "\"source\":{\"acme\":\"https://other.example/dir\",\"account\":"
		    "\"acc\",\"challenge\":\"http-01\",\"listen\":\"0.0.0.0:80\","
		    "\"ca_file\":\"/etc/ca.pem\",\"profile\":\"shortlived\"}" },
		{ "acme", "--challenge=http-01", NULL,
		    ACME_SOURCE("0.0.0.0:80", "http-01") },
		{ "acme", "--listen=10.0.0.1:80", NULL,
		    ACME_SOURCE("10.0.0.1:80", "http-01") },
		{ "acme", "--challenge=tls-alpn-01", "--listen=10.0.0.1:443",
		    "\"profile\":\"shortlived\",\"listen\":\"10.0.0.1:443\"}" },
		{ "acme", "--webroot=/var/www", NULL,
		    "\"challenge\":\"http-01\",\"ca_file\":\"/etc/ca.pem\",\"profile\":"
		    "\"shortlived\",\"webroot\":\"/var/www\"}" },
		{ "acme", "--ca-file=/ca", NULL, "\"ca_file\":\"/ca\"" },
		/* The daemon has another default for it. */
		{ "acme", "--challenge=tls-alpn-01", NULL,
		    "\"challenge\":\"tls-alpn-01\",\"ca_file\":\"/etc/ca.pem\"" },
		{ "own", "--challenge=tls-alpn-01", NULL,
		    ACME_SOURCE("10.0.0.1:8080", "tls-alpn-01") },
		{ "own", "--challenge=dns-01", "--dns-hook=/etc/dns",
		    "\"challenge\":\"dns-01\",\"ca_file\":\"/etc/ca.pem\",\"profile\":"
		    "\"shortlived\",\"dns_hook\":[\"/etc/dns\"]}" },
		{ "dns", "--challenge=http-01", "--san=a.example",
		    "\"account\":\"acc\",\"challenge\":\"http-01\"}" },
		{ "dns", "--account=other", NULL,
		    "\"account\":\"other\",\"challenge\":\"dns-01\",\"dns_hook\":["
		    "\"/etc/dns\",\"my zone\"]}" },
		{ "acme", "--ca=internal", NULL, "\"source\":{\"issuer\":\"internal\"}" },
		{ "web", "--ca=other", NULL,
		    "\"source\":{\"issuer\":\"other\",\"profile\":\"server\"}" },
		{ "web", "--profile=peer", NULL,
		    "\"source\":{\"issuer\":\"internal\",\"profile\":\"peer\"}" },
	};
	struct run *run = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run_stop(run);
		run_start(run, routes);
		run_keyhold(run, "managed", "change", cases[i].name, cases[i].option,
		    cases[i].other, NULL);
		if (run->status != 0)
			fail_msg("%zu: %s", i, run->errors);
		run_assert_sent(run, cases[i].source);
	}
}

static void
refuses_changes_that_make_no_sense_with_what_there_is(void **state)
{
	static const char *const cases[][4] = {
		{ "web", "--days=10", NULL,
		    "a life of 10 days is too short to be renewed 720 hours before" },
		{ "web", "--webroot=/a", NULL, "comes from the issuer internal" },
		{ "web", "--acme=https://b/", NULL, "--acme needs --account" },
		{ "acme", "--challenge=tls-alpn-01", "--webroot=/a",
		    "--webroot does not go with --challenge tls-alpn-01" },
		{ "acme", "--listen=a:80", "--webroot=/a", "exclude each other" },
		{ "dns", "--dns-hook=dns a", NULL,
		    "--dns-hook dns a: say where the program is from the root" },
		{ "dns", "--listen=a:80", NULL, "--listen does not go with" },
		{ "dns", "--challenge=http-01", NULL, "--san *.example: a wildcard" },
	};
	struct run *run = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run_keyhold(run, "managed", "change", cases[i][0], cases[i][1],
		    cases[i][2], NULL);
		assert_int_equal(run->status, 2);
		if (strstr(run->errors, cases[i][3]) == NULL)
			fail_msg("%zu: %s", i, run->errors);
	}
	assert_false(fake_server_saw(run->server, "PUT"));
}

static void
keeps_a_name_to_ask_for_that_is_still_certified(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "managed", "change", "acme", "--san", "b.example", NULL);
	run_assert_sent(run, "\"verify_name\":\"b.example\"");
	run_stop(run);
	run_start(run, routes);
	run_keyhold(run, "managed", "change", "acme", "--san", "c.example", NULL);
	assert_false(fake_server_saw(run->server, "\"verify_name\""));
}

static void
says_that_its_agent_was_faster(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "managed", "change", "busy", "--grace", "1d", NULL);
	assert_int_equal(run->status, 1);
	assert_non_null(strstr(run->errors, "try again"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, run_free)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(changes_what_is_given_and_keeps_the_rest),
		TEST(takes_away_what_is_given_empty),
		TEST(changes_where_it_comes_from),
		TEST(changes_of_an_acme_source_what_is_given),
		TEST(refuses_changes_that_make_no_sense_with_what_there_is),
		TEST(keeps_a_name_to_ask_for_that_is_still_certified),
		TEST(says_that_its_agent_was_faster),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

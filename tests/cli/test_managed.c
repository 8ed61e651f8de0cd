/* test_managed.c - keyhold managed: what is sent, and what is shown of the answers. */
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
	{ "POST /v1/managed?dry_run=true ", 200, JSON,
	    "{\"managed\":{" DEFINITION "},\"certificate\":{\"status\":\"dry-run\","
	    "\"issuer\":\"internal\",\"names\":\"dns:api.example\","
	    "\"not_after\":\"2026-04-01T00:00:00Z\",\"warnings\":[\"mind the gap\"]},"
	    "\"renewals\":[\"2026-03-02T00:00:00Z\"],\"renewals_in_a_year\":6}",
	    NULL },
	{ "POST /v1/managed/web/renew ", 200, JSON, ONE, NULL },
	{ "POST /v1/managed ", 201, JSON, ONE, NULL },
	{ "GET /v1/managed/web ", 200, JSON, ONE, NULL },
	{ "GET /v1/managed/odd ", 200, JSON,
	    "{\"name\":\"odd\",\"hook\":{\"argv\":[\"/bin/echo\",\"a;b\",\"$HOME\",\"\","
	    "\"it's\",\"--x=1\"],\"timeout_s\":30}}",
	    NULL },
	{ "GET /v1/managed/line ", 200, JSON,
	    "{\"name\":\"line\",\"hook\":{\"shell\":\"a && b, as "
	    "root\",\"timeout_s\":30}}",
	    NULL },
	{ "GET /v1/managed/dns ", 200, JSON, DNS, NULL },
	{ "GET /v1/managed/acme ", 200, JSON, "{" ACME REVOKED "}", NULL },
	{ "POST /v1/managed/acme/renew ", 200, JSON, "{" ACME REVOKED "}", NULL },
	{ "GET /v1/managed ", 200, JSON, "{\"managed\":[" ONE ",{" ACME REVOKED "}]}",
	    NULL },
	{ "GET /v1/managed/unseen ", 403, PROBLEM, "{\"status\":403}", NULL },
	{ "DELETE /v1/managed/web ", 204, "text/plain", "", NULL },
	{ "DELETE /v1/managed/acme ", 204, "text/plain", "", NULL },
	{ "DELETE /v1/managed/unseen ", 204, "text/plain", "", NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

static int
set_up(void **state)
{
	return run_new(state, routes);
}

static void
sends_a_definition_of_its_options(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "managed", "add", "web", "--san", "api.example", "--san",
	    "10.0.0.1", "--ca", "internal", "--days", "90", "--renew-before", "30d",
	    "--new-key", "never", "--out", "/etc/nginx/tls", "--owner", "root", "--group",
	    "www-data", "--mode", "0440", "--reload", "systemctl reload 'my nginx'",
	    "--reload-user", "root", "--reload-timeout", "2m", "--verify",
	    "127.0.0.1:443", "--grace", "12h", "--destroy-old-keys", NULL);
	assert_int_equal(run->status, 0);
	run_assert_sent(run, "\"name\":\"web\"");
	run_assert_sent(run, "\"names\":[\"api.example\",\"10.0.0.1\"]");
	run_assert_sent(run, "\"source\":{\"issuer\":\"internal\"}");
	run_assert_sent(run, "\"days\":90");
	run_assert_sent(run, "\"renew_before_s\":2592000");
	run_assert_sent(run, "\"new_key\":\"never\"");
	run_assert_sent(run, "\"directory\":\"/etc/nginx/tls\"");
	run_assert_sent(run, "\"owner\":\"root\"");
	run_assert_sent(run, "\"group\":\"www-data\"");
	run_assert_sent(run, "\"mode\":\"0440\"");
	run_assert_sent(run, "\"argv\":[\"systemctl\",\"reload\",\"my nginx\"]");
	run_assert_sent(run, "\"user\":\"root\"");
	run_assert_sent(run, "\"timeout_s\":120");
	run_assert_sent(run, "\"verify\":\"127.0.0.1:443\"");
	run_assert_sent(run, "\"grace_s\":43200");
	run_assert_sent(run, "\"destroy_old_keys\":true");
	assert_non_null(strstr(run->out, "web: due 2026-03-02T00:00:00Z"));
}

static void
sends_what_an_acme_server_is_asked_for(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "managed", "add", "web", "--san", "api.example", "--acme",
	    "https://ca.example/dir", "--account", "acc", "--challenge", "dns-01",
	    "--dns-hook", "/etc/keyhold/dns --zone a", "--ca-file", "/etc/ca.pem",
	    "--profile", "shortlived", "--out", "/etc/tls", "--reload-shell",
	    "a && b > c", NULL);
	assert_int_equal(run->status, 0);
	run_assert_sent(run, "\"acme\":\"https://ca.example/dir\"");
	run_assert_sent(run, "\"account\":\"acc\"");
	run_assert_sent(run, "\"challenge\":\"dns-01\"");
	run_assert_sent(run, "\"dns_hook\":[\"/etc/keyhold/dns\",\"--zone\",\"a\"]");
	run_assert_sent(run, "\"ca_file\":\"/etc/ca.pem\"");
	run_assert_sent(run, "\"profile\":\"shortlived\"");
	run_assert_sent(run, "\"shell\":\"a && b > c\"");
}

#define ACME_OPTIONS "--acme=https://b/", "--account=c"

static void
refuses_options_that_make_no_sense(void **state)
{
	static const char *const cases[][4] = {
		{ NULL, NULL, NULL, "say where it comes from" },
		{ "--ca=a", "--acme=https://b/", NULL, "exclude each other" },
		{ "--ca=a", "--reload=a", "--reload-shell=b", "exclude each other" },
		{ "--ca=a", "--reload-user=root", NULL, "say what to run" },
		{ "--ca=a", "--reload=a | b", NULL, "--reload: \"|\"" },
		{ "--ca=a", "--renew-before=month", NULL, "--renew-before month: say" },
		{ "--ca=a", "--renew-before=30", NULL, "--renew-before 30: say" },
		{ "--ca=a", "--grace=-1d", NULL, "--grace -1d: say" },
		{ "--ca=a", "--grace=d", NULL, "--grace d: say" },
		{ "--ca=a", "--grace=99999999999999999999d", NULL, "say 30d" },
		{ "--ca=a", "--days=0", NULL, "--days" },
		{ "--ca=a", "--new-key=weekly", NULL, "one of: always never yearly" },
		{ "--ca=a", "--challenge=smoke", NULL, "one of: http-01" },
		{ "--ca=a", "--listen=a:80", NULL, "--listen is for an ACME server" },
		{ "--ca=a", "--account=b", NULL, "comes from the issuer a" },
		{ "--ca=a", "--renew-before=90d", NULL,
		    "--renew-before 90d leaves less than an hour of 90 days" },
		{ "--ca=a", "--days=10", "--renew-before=10d", "an hour of 10 days" },
		{ "--ca=a", "--renew-before=59s", NULL, "less than a minute" },
		{ "--acme=https://b/", NULL, NULL, "--acme needs --account: the key" },
		{ ACME_OPTIONS, "--days=90", "the ACME server decides" },
		{ ACME_OPTIONS, "--san=*.a.example",
		    "--san *.a.example: a wildcard takes --challenge dns-01" },
		{ ACME_OPTIONS, "--challenge=dns-01", "needs --dns-hook" },
		{ ACME_OPTIONS, "--dns-hook=/a", "does not go with --challenge http-01" },
		{ ACME_OPTIONS, "--webroot=www", "--webroot www: say where" },
		{ ACME_OPTIONS, "--ca-file=ca.pem", "--ca-file ca.pem: say where" },
	};
	struct run *run = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run_keyhold(run, "managed", "add", "web", "--san=a", "--out=/a",
		    cases[i][0], cases[i][1], cases[i][2], NULL);
		assert_int_equal(run->status, 2);
		if (strstr(run->errors, cases[i][3]) == NULL)
			fail_msg("%zu: %s", i, run->errors);
	}
	assert_false(fake_server_saw(run->server, "POST"));
	run_keyhold(run, "managed", "add", "Web", "--san=a", "--ca=a", "--out=/a", NULL);
	assert_int_equal(run->status, 2);
	run_keyhold(run, "managed", "add", "web", "--ca=a", "--out=/a", NULL);
	assert_int_equal(run->status, 2);
	assert_non_null(strstr(run->errors, "needs --san NAME"));
}

static void
shows_what_a_trial_found(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "managed", "add", "web", "--san=api.example", "--ca=internal",
	    "--out=/etc/nginx/tls", "--dry-run", NULL);
	assert_int_equal(run->status, 0);
	assert_non_null(strstr(run->out, "names    dns:api.example"));
	assert_non_null(strstr(run->out, "renewed 6 times in a year"));
	assert_non_null(strstr(run->out, "  2026-03-02T00:00:00Z\n  ...\n"));
	assert_non_null(strstr(run->out, "  /etc/nginx/tls/web/chain.pem  the cert"));
	assert_non_null(strstr(run->out, "nothing was made"));
	assert_non_null(strstr(run->errors, "warning: mind the gap"));
	run_keyhold(run, "--json", "managed", "add", "web", "--san=api.example",
	    "--ca=internal", "--out=/etc/nginx/tls", "--dry-run", NULL);
	assert_non_null(strstr(run->out, "\"renewals_in_a_year\": 6"));
}

static void
shows_one_and_lists_all(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "managed", "show", "web", NULL);
	assert_int_equal(run->status, 0);
	assert_non_null(strstr(run->out, "api.example 10.0.0.1"));
	assert_non_null(strstr(run->out, "  90 days\n"));
	assert_non_null(strstr(run->out, "  30 days\n"));
	assert_non_null(strstr(run->out, "reload 'my nginx', as root, at most 30 s"));
	assert_non_null(strstr(run->out, "destroyed after 7 days"));
	assert_non_null(strstr(run->out, "failed attempts  3"));
	assert_non_null(
	    strstr(run->out, "last error\n  first line\n  second ?[2J line\n"));
	run_keyhold(run, "managed", "list", NULL);
	assert_non_null(strstr(run->out, "acme  a.example b.example   ca.example  "));
	assert_non_null(strstr(run->out, "web   api.example 10.0.0.1  internal    "));
	assert_non_null(strstr(
	    run->out, "2026-04-01T00:00:00Z  2026-03-02T00:00:00Z  install        3\n"));
	assert_non_null(strstr(run->out, "2026-02-01T00:00:00Z  idle, revoked  1\n"));
	assert_non_null(strstr(run->out, "\n\n"
					 "NAME  NEXT ATTEMPT          LAST ERROR\n"
					 "web                         first line...\n"
					 "acme  2026-02-02T00:00:00Z  a reason that goes "
					 "on and on, far beyond \u00e4 termi...\n"));
	run_keyhold(run, "--json", "managed", "show", "web", NULL);
	assert_non_null(strstr(run->out, "\"revision\": 7"));
}

static void
shows_all_of_an_acme_source(void **state)
{
	static const char *const lines[] = { "https://ca.example/dir\n", "shortlived\n",
		"ca file                 /etc/ca.pem\n", "account                 acc\n",
		"challenge               http-01\n",
		"listens on              0.0.0.0:80\n",
		"old keys                kept, also after the grace of 7 days\n",
		"\nrevoked          2026-02-01T00:00:00Z\n" };
	struct run *run = *state;

	run_keyhold(run, "managed", "show", "acme", NULL);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (strstr(run->out, lines[i]) == NULL)
			fail_msg("not shown: %s\n%s", lines[i], run->out);
	run_keyhold(run, "managed", "show", "dns", NULL);
	assert_non_null(strstr(run->out, "dns hook                /etc/dns 'my zone'\n"));
}

static void
shows_a_hook_as_a_shell_would_take_it(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "managed", "show", "odd", NULL);
	assert_non_null(strstr(
	    run->out, "/bin/echo 'a;b' '$HOME' '' 'it'\\''s' --x=1, at most 30 s"));
	run_keyhold(run, "managed", "show", "line", NULL);
	assert_non_null(strstr(run->out, "/bin/sh -c 'a && b, as root', at most 30 s"));
}

static void
its_agent_does_not_go_round_without_a_pause(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "agent", "--once", "--interval", "0s", NULL);
	assert_non_null(strstr(run->errors, "at least a second"));
}

static void
renews_and_removes(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "managed", "renew", "web", NULL);
	assert_int_equal(run->status, 0);
	assert_string_equal(run->out,
	    "managed certificate web: a renewal is under way, at step install, and goes "
	    "on at once; what does that is keyhold agent\n");
	run_keyhold(run, "managed", "renew", "acme", NULL);
	assert_string_equal(run->out,
	    "managed certificate acme: due 2026-02-01T00:00:00Z; what renews it is "
	    "keyhold agent\n");
	run_keyhold(run, "managed", "remove", "web", NULL);
	assert_int_equal(run->status, 0);
	assert_non_null(strstr(run->out, "web is no longer managed"));
	assert_non_null(strstr(run->out, "What was issued:\n"
					 "  keyhold cert list --san api.example\n"
					 "  keyhold cert list --san 10.0.0.1\n"
					 "Once no server has the key any more:\n"
					 "  keyhold key delete web\n"));
	run_keyhold(run, "managed", "remove", "acme", NULL);
	assert_null(strstr(run->out, "cert list"));
	run_keyhold(run, "managed", "remove", "unseen", NULL);
	assert_int_equal(run->status, 0);
	assert_string_equal(run->errors, "");
	assert_non_null(strstr(run->out, "unseen is no longer managed"));
	run_keyhold(run, "managed", "remove", "none", NULL);
	assert_int_equal(run->status, 1);
}

static void
renews_all_of_them(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "managed", "renew", "--all", NULL);
	assert_int_equal(run->status, 0);
	assert_non_null(strstr(run->out, "certificate web: a renewal is under way"));
	assert_non_null(strstr(run->out, "certificate acme: due 2026-02-01T00:00:00Z"));
	run_keyhold(run, "--json", "managed", "renew", "--all", NULL);
	assert_int_equal(run->status, 0);
	assert_non_null(strstr(run->out, "\"revision\": 7"));
	assert_non_null(strstr(run->out, "\"revision\": 8"));
	run_keyhold(run, "managed", "renew", NULL);
	assert_int_equal(run->status, 2);
	run_keyhold(run, "managed", "renew", "web", "--all", NULL);
	assert_int_equal(run->status, 2);
	assert_non_null(strstr(run->errors, "a NAME, or --all instead"));
}

/* The one in between, which keyholdd could not do, is what it ends with. */
static void
renews_the_others_when_one_cannot_be(void **state)
{
	static const struct route some[] = {
		{ "GET /v1/managed ", 200, JSON,
		    "{\"managed\":[{\"name\":\"gone\"},{\"name\":\"away\"},{\"name\":"
		    "\"none\"},{\"name\":\"acme\"}]}",
		    NULL },
		{ "POST /v1/managed/away/renew ", 503, PROBLEM,
		    "{\"title\":\"Busy\",\"detail\":\"the token is away\"}", NULL },
		{ "POST /v1/managed/acme/renew ", 200, JSON, "{" ACME REVOKED "}", NULL },
		{ NULL, 0, NULL, NULL, NULL },
	};
	struct run *run = *state;

	run->routes = some;
	run_keyhold(run, "managed", "renew", "--all", NULL);
	assert_int_equal(run->status, 3);
	assert_non_null(strstr(run->out, "certificate acme: due"));
	assert_non_null(strstr(run->errors, "certificate gone: "));
	assert_non_null(strstr(run->errors, "certificate away: "));
	assert_non_null(strstr(run->errors, "the token is away"));
	assert_non_null(strstr(run->errors, "keyhold: 3 of 4 were not renewed\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, run_free)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sends_a_definition_of_its_options),
		TEST(sends_what_an_acme_server_is_asked_for),
		TEST(refuses_options_that_make_no_sense),
		TEST(shows_what_a_trial_found),
		TEST(shows_one_and_lists_all),
		TEST(shows_all_of_an_acme_source),
		TEST(shows_a_hook_as_a_shell_would_take_it),
		TEST(its_agent_does_not_go_round_without_a_pause),
		TEST(renews_and_removes),
		TEST(renews_all_of_them),
		TEST(renews_the_others_when_one_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

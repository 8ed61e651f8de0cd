/* test_expiry.c - what the daemon has that ends, and what else is looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/cli/run.h"

#define NOW "{\"now\":\"2030-01-01T00:00:00Z\",\"items\":["
#define ITEM(kind, name, issuer, from, to)                                               \
	"{\"kind\":\"" kind "\",\"name\":\"" name "\",\"issuer\":\"" issuer              \
	"\",\"serial\":\"4f2a\",\"not_before\":\"" from "T00:00:00Z\",\"not_after\":\""  \
	"" to "T00:00:00Z\"}"

#define CRL_FAULT                                                                        \
	"{\"kind\":\"crl\",\"name\":\"internal\",\"issuer\":\"internal\","               \
	"\"fault\":\"issuer internal has no CRL yet\"}"

/* Certificates of the same serial, 4f2a, from 2029 to 2031. */
#define PEM_BEGIN(nl) "-----BEGIN CERTIFICATE-----" nl
#define PEM_END(nl)   "-----END CERTIFICATE-----" nl
#define PEM_A(nl)                                                                        \
	PEM_BEGIN(nl)                                                                    \
	"MIHRMIGEoAMCAQICAk8qMAUGAytlcDAQMQ4wDAYDVQQDDAVob3VzZTAeFw0yOTAx" nl            \
	"MDEwMDAwMDBaFw0zMTAxMDEwMDAwMDBaMBQxEjAQBgNVBAMMCWEuZXhhbXBsZTAq" nl            \
	"MAUGAytlcAMhAAxjgwN+nzZsJiLGeB/sZD4z3EYJkCAuZEHwZT3kndn1MAUGAytl" nl            \
	"cANBAG/NVSrXvL/EJTcS/RVOEJQq5cO6PlHPipmCij5tPVYJnCAG4rscMM6hKiZj" nl            \
	"vieHQ4EwYY9ablNC6v2VLC2sGAA=" nl                                                \
	PEM_END(nl)
#define PEM_B(nl)                                                                        \
	PEM_BEGIN(nl)                                                                    \
	"MIHRMIGEoAMCAQICAk8qMAUGAytlcDAQMQ4wDAYDVQQDDAVvdGhlcjAeFw0yOTAx" nl            \
	"MDEwMDAwMDBaFw0zMTAxMDEwMDAwMDBaMBQxEjAQBgNVBAMMCWIuZXhhbXBsZTAq" nl            \
	"MAUGAytlcAMhALAcL0c3w7vucdacv2cHpai5ISl/pzkHIqeQb8qKrE4tMAUGAytl" nl            \
	"cANBAHVgVLDNYdtFzBWlE3VU3HMLGbbPWJ+oGmGhEtreAS23t4vCBisyXYuGuGZQ" nl            \
	"7CzLSyXp1ryL36JDL/qvsvDR2wE=" nl                                                \
	PEM_END(nl)
#define PEM_ROOT(nl)                                                                     \
	PEM_BEGIN(nl)                                                                    \
	"MIHKMH6gAwIBAgICTyowBQYDK2VwMA8xDTALBgNVBAMMBHJvb3QwHhcNMjkwMTAx" nl            \
	"MDAwMDAwWhcNMzEwMTAxMDAwMDAwWjAPMQ0wCwYDVQQDDARyb290MCowBQYDK2Vw" nl            \
	"AyEAMimvADFTnQWBydkQ3fNXq5n37KeUQVvG6pLtdggflqUwBQYDK2VwA0EAOWQv" nl            \
	"T5+IkOyjQMw7MUqTREuTVDE01oTBsHGIv2XzZDTGRtswldqyjUcLL87xBWkv33Js" nl            \
	"9KX4sjp7PcnUrxziCQ==" nl                                                        \
	PEM_END(nl)

static const struct route routes[] = {
	{ "GET /v1/expiry?before=0001-01-01T00:00:00Z ", 200, JSON, NOW CRL_FAULT "]}",
	    NULL },
	{ "GET /v1/expiry?limit=1000 ", 200, JSON,
	    NOW ITEM("issuer", "internal", "root", "2029-01-01", "2031-01-01") "]}",
	    "</v1/expiry?limit=1000&cursor=9>; rel=\"next\"" },
	{ "GET /v1/expiry?limit=1000&cursor=9 ", 200, JSON,
	    NOW ITEM("certificate", "b.example", "internal", "2029-12-01",
		"2030-01-11") "," ITEM("certificate", "a\\u001b.example", "internal",
		"2029-12-01", "2029-12-31") "," ITEM("certificate", "c.example",
		"internal", "2030-01-02", "2030-03-01") "]}",
	    NULL },
	{ "GET /v1/expiry?before=2030-01-31T00%3A00%3A00Z&limit=1000 ", 200, JSON,
	    NOW CRL_FAULT "," ITEM(
		"certificate", "b.example", "internal", "2029-12-01", "2030-01-11") "]}",
	    NULL },
	{ "GET /v1/expiry?before=2030-01-02T00%3A00%3A00Z&limit=1000 ", 200, JSON,
	    NOW ITEM(
		"chain", "later.example", "internal", "2030-01-02", "2040-01-01") "]}",
	    NULL },
	{ "GET /v1/certificates/4f2a ", 200, JSON,
	    "{\"serial\":\"4f2a\",\"status\":\"revoked\",\"certificate\":\"" PEM_A(
		"\\n") "\"}",
	    NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

/* They know what ends, and no certificate. */
static const struct route unaware[] = {
	{ "GET /v1/expiry?", 200, JSON, NOW "]}", NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

static const struct route unwilling[] = {
	{ "GET /v1/expiry?", 200, JSON, NOW "]}", NULL },
	{ "GET /v1/certificates/", 403, PROBLEM,
	    "{\"title\":\"Forbidden\",\"status\":403,\"detail\":\"not for you\"}", NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

static const struct route timeless[] = {
	{ "GET /v1/expiry?", 200, JSON, NOW "{\"kind\":\"issuer\",\"name\":\"root\"}]}",
	    NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

static int
set_up(void **state)
{
	return run_new(state, routes);
}

static void
sorts_all_pages_by_what_is_left_at_the_daemons_time(void **state)
{
	struct run *run = *state;
	const char *a, *b, *c, *internal;

	run_keyhold(run, "expiry", NULL);
	assert_int_equal(run->status, 0);
	assert_non_null(a = strstr(run->out, "a?.example  keyhold: internal  -1    "
					     "2029-12-31T00:00:00Z  expired\n"));
	assert_non_null(b = strstr(run->out, "b.example   keyhold: internal  10    "
					     "2030-01-11T00:00:00Z  ok\n"));
	assert_non_null(c = strstr(run->out, "c.example "));
	assert_non_null(strstr(c, "not yet valid\n"));
	assert_non_null(internal = strstr(run->out, "internal    keyhold: root "));
	assert_true(a < b && b < c && c < internal);
}

static void
asks_for_what_is_below_a_threshold_only(void **state)
{
	struct run *run = *state;
	const char *text;

	run_keyhold(run, "expiry", "--below", "30d", NULL);
	assert_int_equal(run->status, 1);
	assert_non_null(strstr(run->out, "b.example"));
	assert_false(fake_server_saw(run->server, "GET /v1/expiry?limit=1000 "));
	/* And once what has no end. */
	assert_non_null(text = strstr(run->out, "has no CRL yet\n"));
	assert_null(strstr(text + 1, "has no CRL yet"));
}

static void
shows_what_has_a_fault_whatever_time_it_has_left(void **state)
{
	struct run *run = *state;
	char *path = strdup(run_path(run, "all.pem"));

	run_write(path, PEM_A("\n"), strlen(PEM_A("\n")));
	run_keyhold(run, "expiry", path, "--below", "1d", "--hook", "/bin/false", NULL);
	assert_int_equal(run->status, 4);
	assert_non_null(strstr(run->out, "later.example"));
	assert_non_null(strstr(run->out, "2031-01-01T00:00:00Z  revoked\n"));
	assert_non_null(strstr(run->errors, "/bin/false failed 2 times"));
	run_keyhold(run, "expiry", path, "--below", "1d", NULL);
	assert_int_equal(run->status, 1);
	/* Without a threshold it is a table, whatever is in it. */
	run_keyhold(run, "expiry", path, NULL);
	assert_int_equal(run->status, 0);
	free(path);
}

static void
says_what_keyholdd_has_revoked(void **state)
{
	struct run *run = *state;
	static const char both[] = PEM_A("\n") PEM_B("\n");
	char *path = strdup(run_path(run, "both.pem"));

	run_write(path, both, strlen(both));
	run_keyhold(run, "expiry", path, NULL);
	assert_non_null(strstr(run->out, "2031-01-01T00:00:00Z  revoked\n"));
	/* The other has the same serial, and is another's. */
	assert_non_null(strstr(run->out, "b.example   "));
	assert_null(strstr(strstr(run->out, "revoked") + 1, "revoked"));
	run_keyhold(run, "expiry", path, "--no-daemon", NULL);
	assert_null(strstr(run->out, "revoked"));
	free(path);
}

static void
what_keyholdd_does_not_know_is_not_revoked(void **state)
{
	struct run *run = *state;
	char *path = strdup(run_path(run, "a.pem"));

	run->routes = unaware;
	run_write(path, PEM_A("\n"), strlen(PEM_A("\n")));
	run_keyhold(run, "expiry", path, NULL);
	assert_int_equal(run->status, 0);
	assert_non_null(strstr(run->out, "  ok\n"));
	assert_true(fake_server_saw(run->server, "GET /v1/certificates/4f2a "));
	free(path);
}

static void
asks_of_no_root_whether_it_is_revoked(void **state)
{
	struct run *run = *state;
	char *path = strdup(run_path(run, "root.pem"));

	run_write(path, PEM_ROOT("\n"), strlen(PEM_ROOT("\n")));
	run_keyhold(run, "expiry", path, NULL);
	assert_non_null(strstr(run->out, "root.pem"));
	assert_false(fake_server_saw(run->server, "GET /v1/certificates/"));
	free(path);
}

static void
tells_once_that_it_may_not_ask_what_is_revoked(void **state)
{
	struct run *run = *state;
	static const char both[] = PEM_A("\n") PEM_B("\n");
	char *path = strdup(run_path(run, "both.pem"));
	const char *text;

	run->routes = unwilling;
	run_write(path, both, strlen(both));
	run_keyhold(run, "expiry", path, NULL);
	assert_int_equal(run->status, 1);
	assert_non_null(text = strstr(run->out, "keyholdd   keyhold "));
	assert_null(strstr(text + 1, "keyholdd "));
	assert_non_null(strstr(run->out, "a.example  "));
	assert_non_null(strstr(run->out, "b.example  "));
	free(path);
}

static void
writes_metrics_of_all_whatever_the_threshold(void **state)
{
	struct run *run = *state;
	char *path = strdup(run_path(run, "keyhold.prom"));
	const char *text;

	run_keyhold(run, "expiry", "--below", "12h", "--metrics", path, NULL);
	assert_int_equal(run->status, 1);
	assert_null(strstr(run->out, "internal    "));
	assert_non_null(text = run_read(path));
	assert_non_null(strstr(text,
	    "keyhold_expiry_not_after_timestamp_seconds{kind=\"issuer\",what="
	    "\"internal\",where=\"keyhold: root\",serial=\"4f2a\"} 1924992000\n"));
	free(path);
}

static void
takes_targets_from_a_file(void **state)
{
	struct run *run = *state;
	static const char list[] = "# nothing\n\n  /absent.pem  # one\n/absent.crt\n";
	char *path = strdup(run_path(run, "targets"));

	run_write(path, list, strlen(list));
	run_keyhold(run, "expiry", "--no-daemon", "--targets", path, "/absent.der", NULL);
	assert_int_equal(run->status, 0);
	assert_non_null(strstr(run->out, "absent.pem  /absent.pem "));
	assert_non_null(strstr(run->out, "absent.crt  /absent.crt "));
	assert_non_null(strstr(run->out, "absent.der  /absent.der "));
	assert_false(fake_server_saw(run->server, "GET"));
	free(path);
}

static void
a_bad_line_does_not_end_the_run(void **state)
{
	struct run *run = *state;
	static const char list[] = "a:b:c]\nhost:0\n/absent.crt\n";
	char *path = strdup(run_path(run, "targets"));
	char *metrics = strdup(run_path(run, "keyhold.prom"));

	run_write(path, list, strlen(list));
	run_keyhold(run, "expiry", "--no-daemon", "--targets", path, "--below", "1d",
	    "--metrics", metrics, "--hook", "/bin/true", NULL);
	assert_int_equal(run->status, 1);
	assert_non_null(strstr(run->out, "a:b:c]: no server"));
	assert_non_null(strstr(run->out, "host:0: no server"));
	assert_non_null(strstr(run->out, "absent.crt  /absent.crt "));
	assert_non_null(strstr(run_read(metrics), "what=\"host:0\""));
	run_keyhold(run, "expiry", "--no-daemon", "--targets", path, NULL);
	assert_int_equal(run->status, 0);
	free(metrics);
	free(path);
}

static void
a_file_of_targets_that_is_none_does_not_end_the_run(void **state)
{
	struct run *run = *state;
	char *path = strdup(run_path(run, "targets"));

	run_write(path, "/absent.pem\n\0/absent.crt", 25);
	run_keyhold(run, "expiry", "--no-daemon", "--targets", path, "/absent.der", NULL);
	assert_int_equal(run->status, 4);
	assert_non_null(strstr(run->out, "a NUL byte in it"));
	assert_non_null(strstr(run->out, "/absent.der: No such file"));
	assert_null(strstr(run->out, "absent.pem"));
	run_keyhold(
	    run, "expiry", "--no-daemon", "--targets", path, "--below", "1d", NULL);
	assert_int_equal(run->status, 1);
	free(path);
}

static void
a_daemon_that_is_away_does_not_end_the_run(void **state)
{
	struct run *run = *state;

	fake_server_stop(run->server);
	run->server = NULL;
	run_keyhold(run, "expiry", "/absent.crt", "--socket", "/absent.sock", "--below",
	    "1d", "--hook", "/bin/false", NULL);
	assert_int_equal(run->status, 4);
	assert_non_null(strstr(run->errors, "/bin/false failed 2 times"));
	assert_non_null(strstr(run->out, "keyholdd    keyhold "));
	assert_non_null(strstr(run->out, "absent.crt  /absent.crt "));
	run_keyhold(run, "expiry", "--socket", "/absent.sock", "--below", "1d", NULL);
	assert_int_equal(run->status, 1);
}

static void
an_answer_without_times_does_not_end_the_run(void **state)
{
	struct run *run = *state;

	run->routes = timeless;
	run_keyhold(run, "expiry", "/absent.crt", NULL);
	assert_int_equal(run->status, 3);
	assert_non_null(strstr(run->out, "keyholdd's answer has no times\n"));
	assert_non_null(strstr(run->out, "absent.crt  /absent.crt "));
}

static void
assert_refuses(struct run *run, const char *option, const char *value, const char *why)
{
	run_keyhold(run, "expiry", "--no-daemon", option, value, NULL);
	assert_int_equal(run->status, 2);
	assert_non_null(strstr(run->errors, why));
}

static void
refuses_what_it_cannot_do(void **state)
{
	struct run *run = *state;

	assert_refuses(run, "--below", "soon", "--below: \"soon\" is no time");
	assert_refuses(run, "--below", "-1d", "is no time");
	assert_refuses(run, "--hook", "/bin/true", "--hook is for what is below");
	assert_refuses(run, "--timeout", "0", "--timeout: from 1 to 60");
	assert_refuses(run, "--timeout", "61", "--timeout");
	assert_refuses(run, "--no-color", "a:b:c]", "no server");
	assert_refuses(run, "--no-color", "host:0", "no server");
}

static void
says_how_to_do_without_a_daemon(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "expiry", "--token-file", "/absent", NULL);
	assert_int_equal(run->status, 4);
	fake_server_stop(run->server);
	run->server = NULL;
	run_keyhold(run, "expiry", "--socket", "/absent.sock", NULL);
	assert_int_equal(run->status, 3);
	assert_non_null(strstr(run->errors, "--no-daemon"));
	assert_non_null(strstr(run->out, "keyholdd  keyhold "));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, run_free)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sorts_all_pages_by_what_is_left_at_the_daemons_time),
		TEST(asks_for_what_is_below_a_threshold_only),
		TEST(shows_what_has_a_fault_whatever_time_it_has_left),
		TEST(says_what_keyholdd_has_revoked),
		TEST(what_keyholdd_does_not_know_is_not_revoked),
		TEST(asks_of_no_root_whether_it_is_revoked),
		TEST(tells_once_that_it_may_not_ask_what_is_revoked),
		TEST(writes_metrics_of_all_whatever_the_threshold),
		TEST(takes_targets_from_a_file),
		TEST(a_bad_line_does_not_end_the_run),
		TEST(a_file_of_targets_that_is_none_does_not_end_the_run),
		TEST(a_daemon_that_is_away_does_not_end_the_run),
		TEST(an_answer_without_times_does_not_end_the_run),
		TEST(refuses_what_it_cannot_do),
		TEST(says_how_to_do_without_a_daemon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

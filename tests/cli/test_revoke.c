/* test_revoke.c - cert revoke and ca crl. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/cli/run.h"

#define REVOKED                                                                          \
	"{\"serial\":\"4f2a\",\"issuer\":\"internal\",\"status\":\"revoked\","           \
	"\"reason\":\"superseded\",\"revoked_at\":\"2026-06-30T00:00:00Z\"}"
#define LEAF  "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
#define OTHER "-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----\n"
#define KEY   "-----BEGIN EC PRIVATE KEY-----\nCCCC\n-----END EC PRIVATE KEY-----\n"

static const struct route routes[] = {
	{ "POST /v1/certificates/4f2a/revocation ", 200, JSON, REVOKED, NULL },
	{ "POST /v1/certificates/00/revocation ", 404, PROBLEM,
	    "{\"title\":\"Not Found\",\"detail\":\"no certificate 00\"}", NULL },
	{ "POST /v1/revocations ", 200, JSON, REVOKED, NULL },
	{ "GET /v1/issuers/internal/crl ", 200, PEM, "full\n", NULL },
	{ "GET /v1/issuers/internal/crl/delta ", 200, PEM, "delta\n", NULL },
	{ "GET /v1/issuers/internal/crl/3 ", 200, PEM, "three\n", NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

static int
set_up(void **state)
{
	return run_new(state, routes);
}

static int
tear_down(void **state)
{
	struct run *run = *state;

	unlink(run_path(run, "web.crt"));
	unlink(run_path(run, "internal.crl"));
	return run_free(state);
}

static void
revokes_by_serial(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "cert", "revoke", "4F:2A", "--reason", "superseded",
	    "--invalidity-date", "2026-01-31", NULL);
	assert_int_equal(run->status, 0);
	assert_non_null(strstr(run->out, "superseded"));
	assert_non_null(strstr(run->out, "2026-06-30T00:00:00Z"));
	assert_true(fake_server_saw(run->server,
	    "{\"reason\":\"superseded\",\"invalidity_date\":\"2026-01-31T00:00:00Z\"}"));
}

static void
sends_the_first_certificate_of_a_file_and_nothing_else(void **state)
{
	struct run *run = *state;
	char *path = strdup(run_path(run, "web.crt"));

	run_write(path, KEY LEAF OTHER, strlen(KEY LEAF OTHER));
	run_keyhold(run, "cert", "revoke", "--file", path, NULL);
	assert_int_equal(run->status, 0);
	assert_true(fake_server_saw(run->server,
	    "{\"certificate\":\"-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END "
	    "CERTIFICATE-----\\n\",\"reason\":\"unspecified\"}"));
	assert_false(fake_server_saw(run->server, "BBBB"));
	assert_false(fake_server_saw(run->server, "CCCC"));
	free(path);
}

static void
refuses_what_names_no_certificate(void **state)
{
	struct run *run = *state;
	char *path = strdup(run_path(run, "web.crt"));

	run_keyhold(run, "cert", "revoke", NULL);
	assert_int_not_equal(run->status, 0);
	assert_non_null(strstr(run->errors, "a SERIAL (keyhold cert list), or --file"));
	run_keyhold(run, "cert", "revoke", "4f2a", "--file", path, NULL);
	assert_int_not_equal(run->status, 0);
	assert_non_null(strstr(run->errors, "not both"));
	run_write(path, KEY, strlen(KEY));
	run_keyhold(run, "cert", "revoke", "--file", path, NULL);
	assert_int_not_equal(run->status, 0);
	assert_non_null(strstr(run->errors, "holds no certificate"));
	run_keyhold(run, "cert", "revoke", "00", NULL);
	assert_int_not_equal(run->status, 0);
	assert_non_null(strstr(run->errors, "no certificate 00"));
	free(path);
}

static void
refuses_other_reasons_and_dates(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "cert", "revoke", "4f2a", "--reason", "certificate_hold", NULL);
	assert_int_not_equal(run->status, 0);
	assert_non_null(strstr(run->errors, "key_compromise"));
	run_keyhold(
	    run, "cert", "revoke", "4f2a", "--invalidity-date", "yesterday", NULL);
	assert_int_not_equal(run->status, 0);
	assert_non_null(strstr(run->errors, "2026-01-31"));
}

static void
prints_and_writes_crls(void **state)
{
	struct run *run = *state;
	char *path = strdup(run_path(run, "internal.crl"));

	run_keyhold(run, "ca", "crl", "internal", NULL);
	assert_string_equal(run->out, "full\n");
	run_keyhold(run, "ca", "crl", "internal", "--delta", NULL);
	assert_string_equal(run->out, "delta\n");
	run_keyhold(run, "ca", "crl", "internal", "--shard", "3", "--out", path, NULL);
	assert_int_equal(run->status, 0);
	assert_string_equal(run_read(path), "three\n");
	run_keyhold(run, "ca", "crl", "internal", "--shard", "3", "--delta", NULL);
	assert_int_not_equal(run->status, 0);
	free(path);
}

#define RUN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_TEST(revokes_by_serial),
		RUN_TEST(sends_the_first_certificate_of_a_file_and_nothing_else),
		RUN_TEST(refuses_what_names_no_certificate),
		RUN_TEST(refuses_other_reasons_and_dates),
		RUN_TEST(prints_and_writes_crls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

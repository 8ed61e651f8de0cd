/* test_renew.c - renewing certificates, and asking when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/cli/run.h"

#define CSR                                                                              \
	"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"
#define RENEWED "{\"serial\":\"77\",\"chain\":\"leaf\\nintermediate\\n\",\"warnings\":[]}"

static const struct route routes[] = {
	{ "POST /v1/certificates/4f2a/renewals ", 201, JSON, RENEWED, NULL },
	{ "POST /v1/certificates/0e/renewals ", 422, PROBLEM,
	    "{\"title\":\"Refused\",\"violations\":[{\"rule\":\"renewal-revoked\","
	    "\"field\":\"certificate\",\"detail\":\"0e is revoked; send a new "
	    "request\"}]}",
	    NULL },
	{ "POST /v1/certificates/0f/renewals ", 409, PROBLEM,
	    "{\"type\":\"urn:keyhold:error:in-flight\",\"title\":\"In flight\","
	    "\"detail\":\"a request with this Idempotency-Key is being answered\"}",
	    NULL },
	{ "GET /v1/certificates/4f2a/renewal-info ", 200, JSON,
	    "{\"suggestedWindow\":{\"start\":\"2026-06-01T00:00:00Z\","
	    "\"end\":\"2026-06-02T00:00:00Z\"}}",
	    NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

static int
set_up(void **state)
{
	return run_new(state, routes);
}

static void
renews_for_the_same_key(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "cert", "renew", "4F:2A", NULL);
	assert_int_equal(run->status, 0);
	assert_string_equal(run->out, "leaf\nintermediate\n");
	assert_true(fake_server_saw(run->server, "{}"));
	assert_false(fake_server_saw(run->server, "Idempotency-Key"));
	run_keyhold(run, "--json", "cert", "renew", "4f2a", NULL);
	assert_non_null(strstr(run->out, "\"serial\": \"77\""));
}

static void
renews_for_a_new_key_into_a_file(void **state)
{
	struct run *run = *state;
	char *csr = strdup(run_path(run, "new.csr")), *out = strdup(run_path(run, "crt"));

	run_write(csr, CSR, strlen(CSR));
	run_keyhold(run, "cert", "renew", "4f2a", "--csr", csr, "--days", "2", "--out",
	    out, NULL);
	assert_int_equal(run->status, 0);
	assert_string_equal(run->out, "");
	assert_string_equal(run_read(out), "leaf\nintermediate\n");
	assert_true(fake_server_saw(run->server, "BEGIN CERTIFICATE REQUEST"));
	assert_true(fake_server_saw(run->server, "\"validity_seconds\":172800"));
	free(csr);
	free(out);
}

static void
sends_its_idempotency_key(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "cert", "renew", "4f2a", "--idempotency-key", "job 7", NULL);
	assert_int_equal(run->status, 0);
	assert_true(fake_server_saw(run->server, "\r\nIdempotency-Key: job 7\r\n"));
	run_keyhold(run, "cert", "renew", "4f2a", "--idempotency-key", "a\r\nb: c", NULL);
	assert_int_equal(run->status, 3);
	assert_false(fake_server_saw(run->server, "b: c"));
}

static void
says_why_not_and_what_to_do(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "cert", "renew", "0e", NULL);
	assert_int_equal(run->status, 1);
	assert_non_null(strstr(run->errors, "renewal-revoked"));
	assert_non_null(strstr(run->errors, "send a new request"));
	run_keyhold(run, "cert", "renew", "0f", "--idempotency-key", "k", NULL);
	assert_int_equal(run->status, 1);
	assert_non_null(strstr(run->errors, "Try again in a moment."));
	run_keyhold(run, "cert", "renew", "99", NULL);
	assert_non_null(strstr(run->errors, "keyhold cert list"));
	run_keyhold(run, "cert", "renew", "4f2a", "--csr", "/nowhere", NULL);
	assert_int_equal(run->status, 4);
}

static void
shows_the_window(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "cert", "renewal-info", "4f2a", NULL);
	assert_int_equal(run->status, 0);
	assert_string_equal(run->out, "renew from   2026-06-01T00:00:00Z\n"
				      "renew until  2026-06-02T00:00:00Z\n");
	run_keyhold(run, "--json", "cert", "renewal-info", "4f2a", NULL);
	assert_non_null(strstr(run->out, "\"suggestedWindow\""));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, run_free)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(renews_for_the_same_key),
		TEST(renews_for_a_new_key_into_a_file),
		TEST(sends_its_idempotency_key),
		TEST(says_why_not_and_what_to_do),
		TEST(shows_the_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

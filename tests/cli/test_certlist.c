/* test_certlist.c - listing certificates, page after page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/cli/run.h"

#define CERTIFICATE                                                                      \
	"{\"serial\":\"4f2a\",\"issuer\":\"internal\",\"status\":\"valid\","             \
	"\"profile\":\"server\",\"subject\":\"CN=localhost\",\"names\":[\"dns:"          \
	"localhost\"],"                                                                  \
	"\"not_after\":\"2026-06-30T00:00:00Z\""

static const struct route routes[] = {
	{ "GET /v1/certificates?limit=100 ", 200, JSON,
	    "{\"certificates\":[" CERTIFICATE "}]}", NULL },
	{ "GET /v1/certificates?limit=1 ", 200, JSON,
	    "{\"certificates\":[" CERTIFICATE "}]}",
	    "</v1/certificates?cursor=9>; rel=\"next\"" },
	{ "GET /v1/certificates?limit=1000 ", 200, JSON,
	    "{\"certificates\":[" CERTIFICATE "}]}",
	    "</v1/certificates?cursor=9>; rel=\"next\"" },
	{ "GET /v1/certificates?cursor=9 ", 200, JSON,
	    "{\"certificates\":[{\"serial\":\"77\"}]}", NULL },
	{ "GET /v1/certificates?issuer=internal&status=valid&san=a%20b"
	  "&expires_before=2026-01-31T00%3A00%3A00Z&limit=100 ",
	    200, JSON, "{\"certificates\":[]}", NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

static int
set_up(void **state)
{
	return run_new(state, routes);
}

static void
lists_certificates(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "cert", "list", NULL);
	assert_int_equal(run->status, 0);
	assert_non_null(strstr(run->out, "SERIAL  STATUS  NOT AFTER"));
	assert_non_null(strstr(run->out,
	    "4f2a    valid   2026-06-30T00:00:00Z  internal  server   dns:localhost\n"));
	assert_string_equal(run->errors, "");
}

static void
follows_the_pages_up_to_the_limit(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "cert", "list", "--limit", "1", NULL);
	assert_null(strstr(run->out, "77"));
	assert_string_equal(
	    run->errors, "keyhold: there are more; --limit 0 lists all\n");
	run_keyhold(run, "cert", "list", "--limit", "0", NULL);
	assert_non_null(strstr(run->out, "\n77 "));
	assert_string_equal(run->errors, "");
	run_keyhold(run, "cert", "list", "--limit", "0", "--json", NULL);
	assert_non_null(strstr(run->out, "\"serial\": \"4f2a\""));
	assert_non_null(strstr(run->out, "\"serial\": \"77\""));
}

static void
encodes_its_filters(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "cert", "list", "--ca", "internal", "--status", "valid", "--san",
	    "a b", "--expires-before", "2026-01-31", NULL);
	assert_int_equal(run->status, 0);
	assert_string_equal(run->out, "none\n");
	run_keyhold(run, "cert", "list", "--expires-before", "30d", NULL);
	assert_true(fake_server_saw(run->server, "expires_before=20"));
	run_keyhold(run, "cert", "list", "--key", "web", NULL);
	assert_true(fake_server_saw(run->server, "/v1/certificates?key=web&limit=100 "));
	run_keyhold(run, "cert", "list", "--status", "revoked", NULL);
	assert_true(fake_server_saw(run->server, "?status=revoked&limit=100 "));
}

/* "?status=valid&expires_before=TIME", the TIME so far away. */
static bool
saw_expiring(struct run *run, int64_t seconds)
{
	int64_t now = clock_now_s();
	char text[CLOCK_TEXT_SIZE], query[128];

	for (int64_t then = now - 60; then <= now; then++) {
		clock_format(text, then + seconds);
		snprintf(query, sizeof(query),
		    "?status=valid&expires_before=%.13s%%3A%.2s%%3A%.3s", text, text + 14,
		    text + 17);
		if (fake_server_saw(run->server, query))
			return true;
	}
	return false;
}

static void
lists_what_ends_soon(void **state)
{
	static const char *const times[] = { "30", "d", "-1d", "2026-01-31", "1w" };
	struct run *run = *state;

	run_keyhold(run, "cert", "list", "--expiring", "30d", NULL);
	assert_true(saw_expiring(run, 30 * 86400));
	run_keyhold(run, "cert", "list", "--expiring", "12h", NULL);
	assert_true(saw_expiring(run, 12 * 3600));
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		run_keyhold(run, "cert", "list", "--expiring", times[i], NULL);
		assert_int_equal(run->status, 2);
		assert_non_null(strstr(run->errors, "say 30d or 12h"));
	}
	run_keyhold(
	    run, "cert", "list", "--expiring", "30d", "--status", "expired", NULL);
	assert_int_equal(run->status, 2);
	assert_non_null(strstr(run->errors, "leave out --status"));
}

static void
refuses_what_is_no_time(void **state)
{
	static const char *const times[] = { "xd", "d", "", "4w", "2026-02-30",
		"2026/01/31", "tomorrow", "2026-01-31T23:59:59", "99999d",
		"2026-01-31T23:59:59Z and a word" };
	struct run *run = *state;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		run_keyhold(run, "cert", "list", "--expires-before", times[i], NULL);
		assert_int_equal(run->status, 2);
		assert_non_null(strstr(run->errors,
		    "30d or 12h (from now), 2026-01-31 or 2026-01-31T23:59:59Z"));
	}
	assert_int_equal(fake_server_connections(run->server), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, run_free)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lists_certificates),
		TEST(follows_the_pages_up_to_the_limit),
		TEST(encodes_its_filters),
		TEST(lists_what_ends_soon),
		TEST(refuses_what_is_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

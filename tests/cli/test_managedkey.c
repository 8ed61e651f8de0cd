/* test_managedkey.c - keyhold key delete of a key that a managed certificate needs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/cli/run.h"

#define MANAGED(name, source, step, hash)                                                \
	"{\"name\":\"" name "\",\"source\":{" source "},\"state\":{\"step\":\"" step     \
	"\",\"spki_sha256\":\"" hash "\"}}"
#define INTERNAL "\"issuer\":\"internal\""
#define ACME     "\"acme\":\"https://ca.example/\",\"account\":\"acc\""
#define KEY(name, hash, replaced)                                                        \
	"{\"name\":\"" name "\",\"spki_sha256\":\"" hash "\",\"replaced\":" replaced "}"
#define THEN "\"2026-01-31T23:59:59Z\""

static const struct route routes[] = {
	{ "GET /v1/managed ", 200, JSON,
	    "{\"managed\":[" MANAGED("web", INTERNAL, "idle", "0b") "," MANAGED(
		"api", ACME, "install", "0d") "," MANAGED("www", ACME, "idle", "0e") "]}",
	    NULL },
	{ "GET /v1/keys/web ", 200, JSON, KEY("web", "0c", "null"), NULL },
	{ "GET /v1/keys/acc ", 200, JSON, KEY("acc", "0f", "null"), NULL },
	{ "GET /v1/keys/other ", 200, JSON, KEY("other", "10", "null"), NULL },
	{ "GET /v1/keys/served ", 200, JSON, KEY("web", "0b", THEN), NULL },
	{ "GET /v1/keys/going ", 200, JSON, KEY("api", "11", THEN), NULL },
	{ "GET /v1/keys/old ", 200, JSON, KEY("web", "0a", THEN), NULL },
	{ "GET /v1/keys/old-account ", 200, JSON, KEY("acc", "12", THEN), NULL },
	{ "DELETE /v1/keys/", 204, "text/plain", "", NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

static int
set_up(void **state)
{
	return run_new(state, routes);
}

static void
deletes_what_no_managed_certificate_needs(void **state)
{
	static const char *const keys[] = { "other", "old", "old-account" };
	struct run *run = *state;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		run_keyhold(run, "key", "delete", keys[i], "--yes", NULL);
		if (run->status != 0)
			fail_msg("%s: %s", keys[i], run->errors);
	}
}

static void
refuses_without_asking_what_one_needs(void **state)
{
	static const char *const cases[][2] = {
		{ "web", "web" },    /* its key */
		{ "served", "web" }, /* replaced, and what is installed is of it still */
		{ "going", "api" },  /* replaced by a renewal that is not over */
		{ "acc", "api, managed certificate www" } /* the account's */
	};
	struct run *run = *state;
	char says[80];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run_keyhold(run, "key", "delete", cases[i][0], "--yes", NULL);
		assert_int_equal(run->status, 1);
		snprintf(says, sizeof(says), "needed for managed certificate %s\n",
		    cases[i][1]);
		if (strstr(run->errors, says) == NULL)
			fail_msg("%s: %s", cases[i][0], run->errors);
		assert_non_null(strstr(run->errors, "keyhold managed remove NAME"));
	}
	assert_false(fake_server_saw(run->server, "DELETE"));
}

static void
names_what_needs_it_to_who_is_asked(void **state)
{
	struct run *run = *state;

	run->typed = "web\n";
	run_keyhold(run, "key", "delete", "web", NULL);
	assert_int_equal(run->status, 0);
	assert_non_null(
	    strstr(run->out, "This key is needed for managed certificate web.\n"));
	assert_true(fake_server_saw(run->server, "DELETE /v1/keys/web "));
	run->typed = "other\n";
	run_keyhold(run, "key", "delete", "other", NULL);
	assert_null(strstr(run->out, "managed"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, run_free)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(deletes_what_no_managed_certificate_needs),
		TEST(refuses_without_asking_what_one_needs),
		TEST(names_what_needs_it_to_who_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

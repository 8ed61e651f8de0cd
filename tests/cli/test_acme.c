/* test_acme.c - keyhold acme register: the key that binds an account to one outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>

#include "tests/cli/run.h"

/* The account's key is not there: that is found after the other was read. */
static const struct route routes[] = {
	{ NULL, 0, NULL, NULL, NULL },
};

static int
set_up(void **state)
{
	return run_new(state, routes);
}

/* Whether a file of this content has such a key. */
static bool
takes_key(struct run *run, const char *content)
{
	const char *path = run_path(run, "mac");

	run_write(path, content, strlen(content));
	assert_int_equal(chmod(path, 0600), 0);
	run_keyhold(run, "acme", "register", "--acme", "https://127.0.0.1:1/dir",
	    "--account", "acme", "--eab-kid", "kid", "--eab-key-file", path, NULL);
	remove(path);
	if (strstr(run->errors, "its first line is not base64url") != NULL)
		return false;
	run_assert_sent(run, "GET /v1/keys/acme/public");
	return true;
}

static void
takes_a_key_with_padding_or_without(void **state)
{
	static const char *const keys[] = { "-_zQ0w", "-_zQ0w==", "-_zQ0w==\n",
		"-_zQ0w=", "-_zQ0wE=", "-_zQ0wEC\n" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!takes_key(*state, keys[i]))
			fail_msg("%s", keys[i]);
}

static void
and_nothing_else(void **state)
{
	static const char *const keys[] = { "==", "-_=zQ0w", "-_z+Q0w", "-_zQ0",
		"a key" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (takes_key(*state, keys[i]))
			fail_msg("%s", keys[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, run_free)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(takes_a_key_with_padding_or_without),
		TEST(and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

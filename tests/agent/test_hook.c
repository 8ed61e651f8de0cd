/* Hooks: what they are given, who they are, and what is heard of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "agent/hook.h"

static struct error err;
static struct buffer output;
static json_t *words;
static int timeout_s;

static int
set_up(void **state)
{
	(void)state;
	err = (struct error){ .code = ERROR_NONE };
	buf_init(&output, 0);
	timeout_s = 20;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	buf_free(&output);
	json_decref(words);
	words = NULL;
	return 0;
}

static int
run(json_t *argv, const char *shell, const char *user)
{
	const struct entry entry = { .name = "web",
		.place = { .directory = "/etc/nginx/tls", .name = "web" },
		.hook = { .argv = argv,
		    .shell = shell,
		    .user = user,
		    .timeout_s = timeout_s } };

	words = argv;
	return hook_run(&entry, &output, &err);
}

static void
without_a_hook_there_is_nothing_to_fail(void **state)
{
	(void)state;
	assert_int_equal(run(NULL, NULL, NULL), 0);
}

static void
words_reach_the_program_as_they_are(void **state)
{
	(void)state;
	assert_int_equal(
	    run(json_pack("[s,s,s]", "sh", "-c", "[ \"$0\" = ok ]"), NULL, NULL), -1);
	json_decref(words);
	assert_int_equal(
	    run(json_pack("[s,s,s,s]", "sh", "-c", "[ \"$0\" = '$(id); *' ]", "$(id); *"),
		NULL, NULL),
	    0);
}

static void
a_hook_is_told_what_it_is_for(void **state)
{
	(void)state;
	assert_int_equal(
	    run(NULL,
		"[ \"$KEYHOLD_MANAGED $KEYHOLD_FILES\" = \"web /etc/nginx/tls/web\" ]",
		NULL),
	    0);
}

static void
a_shell_reads_only_what_is_meant_for_one(void **state)
{
	(void)state;
	assert_int_equal(run(NULL, "true && test 1 = 1", NULL), 0);
	assert_int_equal(run(json_pack("[s]", "true && test 1 = 1"), NULL, NULL), -1);
	assert_non_null(strstr(buf_string(&output), "No such file or directory"));
}

static void
what_it_wrote_is_kept_when_it_fails(void **state)
{
	(void)state;
	assert_int_equal(run(NULL, "echo one; echo two >&2; exit 3", NULL), -1);
	assert_string_equal(err.text, "/bin/sh exited with 3");
	assert_string_equal(buf_string(&output), "one\ntwo");
}

static void
and_not_when_it_succeeds(void **state)
{
	(void)state;
	assert_int_equal(run(NULL, "echo fine", NULL), 0);
	assert_int_equal(output.len, 0);
}

static void
who_writes_without_end_is_cut_short(void **state)
{
	(void)state;
	assert_int_equal(
	    run(NULL, "head -c 1000000 /dev/zero | tr '\\0' x; exit 1", NULL), -1);
	assert_int_equal(output.len, 4096);
}

static void
who_does_not_end_is_killed(void **state)
{
	(void)state;
	timeout_s = 1;
	assert_int_equal(run(json_pack("[s,s]", "sleep", "60"), NULL, NULL), -1);
	assert_int_equal(err.code, ERROR_TIMEOUT);
}

static void
it_becomes_its_user(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: not root: nobody to become\n");
		skip();
	}
	assert_int_equal(run(NULL, "id -un; exit 1", "nobody"), -1);
	assert_string_equal(buf_string(&output), "nobody");
}

static void
refuses_a_user_that_there_is_not(void **state)
{
	(void)state;
	assert_int_equal(run(NULL, "true", "no-such-user"), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
}

static void
refuses_words_that_are_none(void **state)
{
	(void)state;
	assert_int_equal(run(json_pack("[s,i]", "true", 1), NULL, NULL), -1);
	assert_string_equal(err.text, "word 2 of the hook is no text");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_hook_is_told_what_it_is_for),
		TEST(without_a_hook_there_is_nothing_to_fail),
		TEST(words_reach_the_program_as_they_are),
		TEST(a_shell_reads_only_what_is_meant_for_one),
		TEST(what_it_wrote_is_kept_when_it_fails),
		TEST(and_not_when_it_succeeds),
		TEST(who_writes_without_end_is_cut_short),
		TEST(who_does_not_end_is_killed),
		TEST(it_becomes_its_user),
		TEST(refuses_a_user_that_there_is_not),
		TEST(refuses_words_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

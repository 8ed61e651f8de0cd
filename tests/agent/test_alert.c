/* What a program for alerts is told, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/alert.h"
#include "base/file.h"
#include "tests/agent/round_scene.h"
#include "tests/base/directory.h"

/* A program that appends its arguments to a file, each in brackets. */
static void
watch(struct scene *f, char path[static 256])
{
	char script[600];

	directory_path(&f->directory, "told", path);
	snprintf(script, sizeof(script), "#!/bin/sh\nprintf '[%%s]' \"$@\" >>%s\n", path);
	directory_path(&f->directory, "alert", path);
	write_file(path, script, 0700);
	f->agent.alert = path;
}

static void
expect_told(struct scene *f, const char *expected)
{
	struct buffer told;
	struct error err;
	char path[256];

	buf_init(&told, 4096);
	directory_path(&f->directory, "told", path);
	assert_int_equal(file_read(path, 4096, &told, &err), 0);
	assert_string_equal(buf_string(&told), expected);
	buf_free(&told);
}

static bool
is_told(struct scene *f)
{
	char path[256];

	directory_path(&f->directory, "told", path);
	return access(path, F_OK) == 0;
}

static void
it_is_told_what_failed(void **state)
{
	struct scene *f = *state;
	char program[256], why[] = "no; $(id)\nat all";
	const struct entry entry = { .name = "web",
		.state = { .attempts = 3, .not_after = 1806364800, .last_error = why } };

	watch(f, program);
	alert_run(&f->agent, &entry, "failed");
	expect_told(f, "[web][failed][3][2027-03-30T00:00:00Z][no; $(id)\nat all]");
}

static void
of_what_was_never_installed_there_is_no_end(void **state)
{
	const struct entry entry = { .name = "web", .state = { .attempts = 1 } };
	struct scene *f = *state;
	char program[256];

	watch(f, program);
	alert_run(&f->agent, &entry, "failed");
	expect_told(f, "[web][failed][1][][]");
}

static void
a_renewal_that_fails_is_told(void **state)
{
	struct scene *f = *state;
	char program[256];

	watch(f, program);
	scene_add(f, "web", INTERNAL,
	    "\"step\":\"idle\",\"due\":\"2026-12-31T11:00:00Z\"," INSTALLED, "");
	scene_round(f);
	expect_told(f, "[web][failed][1][2027-03-30T00:00:00Z][refused: 1 rule is "
		       "broken\nsan-required names: no name\n]");
}

static void
and_that_what_was_before_is_back(void **state)
{
	struct scene *f = *state;
	char program[256], path[256];

	watch(f, program);
	scene_install(f, "20270330000000Z", path);
	directory_path(&f->directory, "web/.web.before", path);
	assert_int_equal(symlink(".web.0a", path), 0);
	scene_add(f, "web", INTERNAL, "\"step\":\"reload\"," INSTALLED, FAILING_HOOK);
	scene_round(f);
	expect_told(f, "[web][rolled-back][1][2027-03-30T00:00:00Z][false exited with 1\n"
		       "going back, the hook failed: false exited with 1]");
}

static void
what_is_renewed_is_not_told(void **state)
{
	struct scene *f = *state;
	char program[256];

	watch(f, program);
	scene_add(f, "web", INTERNAL, "\"step\":\"reload\"," INSTALLED, "");
	scene_round(f);
	assert_int_equal(f->failures, 0);
	assert_false(is_told(f));
}

/* Whoever has changed it meanwhile reports. */
static void
nor_a_failure_that_is_not_on_record(void **state)
{
	struct scene *f = *state;
	char program[256];

	watch(f, program);
	f->contended = true;
	scene_add(
	    f, "web", INTERNAL, "\"step\":\"idle\",\"due\":\"2026-12-31T11:00:00Z\"", "");
	scene_round(f);
	assert_int_equal(f->failures, 1);
	assert_false(is_told(f));
}

static void
that_it_fails_changes_nothing(void **state)
{
	struct scene *f = *state;

	f->agent.alert = "/bin/false";
	scene_add(
	    f, "web", INTERNAL, "\"step\":\"idle\",\"due\":\"2026-12-31T11:00:00Z\"", "");
	scene_round(f);
	assert_int_equal(f->failures, 1);
	assert_true(fake_server_saw(f->server, "\"outcome\":\"failed\""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_told_what_failed),
		TEST(of_what_was_never_installed_there_is_no_end),
		TEST(a_renewal_that_fails_is_told),
		TEST(and_that_what_was_before_is_back),
		TEST(what_is_renewed_is_not_told),
		TEST(nor_a_failure_that_is_not_on_record),
		TEST(that_it_fails_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

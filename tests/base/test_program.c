/* test_program.c - programs that end, that fail, and that do not end. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/program.h"

#define LONG_MS  10000
#define SHORT_MS 300

static struct error err;
static struct buffer output;

static int
run(const char *user, int timeout_ms, const char *script, size_t max_bytes)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	const struct program program = {
		.argv = argv, .user = user, .timeout_ms = timeout_ms
	};

	buf_free(&output);
	buf_init(&output, max_bytes);
	err = (struct error){ .code = ERROR_NONE };
	return program_run(&program, &output, &err);
}

static void
a_program_runs_and_its_output_is_kept(void **state)
{
	(void)state;
	assert_int_equal(run(NULL, LONG_MS, "echo one; echo two >&2", 0), 0);
	assert_string_equal(buf_string(&output), "one\ntwo\n");
}

static void
it_has_a_clean_environment_and_nothing_open(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(setenv("KEYHOLD_SECRET", "x", 1), 0);
	assert_int_equal(
	    run(NULL, LONG_MS,
		"echo ${KEYHOLD_SECRET-none} ${HOME:+home}; ls /proc/$$/fd", 0),
	    0);
	assert_string_equal(buf_string(&output), "none home\n0\n1\n2\n");
	close(fds[0]);
	close(fds[1]);
}

static void
output_beyond_the_limit_is_dropped(void **state)
{
	(void)state;
	assert_int_equal(run(NULL, LONG_MS, "printf 0123456789; printf abc", 8), 0);
	assert_string_equal(buf_string(&output), "01234567");
}

static void
a_failure_says_the_exit_status(void **state)
{
	(void)state;
	assert_int_equal(run(NULL, LONG_MS, "echo reason; exit 3", 0), -1);
	assert_int_equal(err.code, ERROR_IO);
	assert_string_equal(err.text, "sh exited with 3");
	assert_string_equal(buf_string(&output), "reason\n");
}

static void
a_signal_is_told(void **state)
{
	(void)state;
	assert_int_equal(run(NULL, LONG_MS, "kill -9 $$", 0), -1);
	assert_string_equal(err.text, "sh was ended by signal 9");
}

static void
a_program_that_is_not_there_is_told(void **state)
{
	const char *const argv[] = { "/nowhere/at-all", NULL };
	const struct program program = {
		.argv = argv, .user = NULL, .timeout_ms = LONG_MS
	};

	(void)state;
	buf_free(&output);
	buf_init(&output, 0);
	assert_int_equal(program_run(&program, &output, &err), -1);
	assert_string_equal(err.text, "/nowhere/at-all exited with 127");
	assert_string_equal(
	    buf_string(&output), "/nowhere/at-all: No such file or directory\n");
}

static void
the_whole_group_is_killed_at_the_time_limit(void **state)
{
	char file[] = "/tmp/keyhold-program-XXXXXX", script[128];
	int fd = mkstemp(file);

	(void)state;
	assert_true(fd >= 0);
	snprintf(script, sizeof(script), "(sleep 5; echo survived >%s) & wait", file);
	assert_int_equal(run(NULL, SHORT_MS, script, 0), -1);
	assert_int_equal(err.code, ERROR_TIMEOUT);
	usleep(5500000);
	assert_int_equal(lseek(fd, 0, SEEK_END), 0);
	close(fd);
	unlink(file);
}

static void
what_it_leaves_in_the_background_is_not_waited_for(void **state)
{
	int64_t begin_ms = clock_mono_ms();

	(void)state;
	assert_int_equal(run(NULL, LONG_MS, "sleep 30 & echo started", 0), 0);
	assert_string_equal(buf_string(&output), "started\n");
	assert_true(clock_mono_ms() - begin_ms < 15000);
}

static void
one_that_never_stops_writing_is_killed_at_the_time_limit(void **state)
{
	int64_t begin_ms = clock_mono_ms();

	(void)state;
	assert_int_equal(run(NULL, 5 * SHORT_MS, "exec yes", 100), -1);
	assert_int_equal(err.code, ERROR_TIMEOUT);
	assert_int_equal(output.len, 100);
	assert_true(clock_mono_ms() - begin_ms < 15000);
}

static void
what_writes_on_in_the_background_is_not_waited_for(void **state)
{
	int64_t begin_ms = clock_mono_ms();

	(void)state;
	assert_int_equal(run(NULL, LONG_MS, "timeout 30 yes & exit 0", 100), 0);
	assert_true(clock_mono_ms() - begin_ms < 15000);
}

static void
an_end_that_nobody_knows_is_no_success(void **state)
{
	int rc;

	(void)state;
	signal(SIGCHLD, SIG_IGN);
	rc = run(NULL, LONG_MS, "exit 3", 0);
	signal(SIGCHLD, SIG_DFL);
	assert_int_equal(rc, -1);
	assert_int_equal(err.code, ERROR_IO);
}

/* A program of this name in a directory of its own; what it says when it is run, or
 * fails. */
static void
run_own(const char *text, bool by_path)
{
	char directory[] = "/tmp/keyhold-program-XXXXXX", path[64];
	const char *const argv[] = { by_path ? path : "keyhold-own", NULL };
	const struct program program = {
		.argv = argv, .user = NULL, .timeout_ms = LONG_MS
	};
	FILE *file;

	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/keyhold-own", directory);
	assert_non_null(file = fopen(path, "w"));
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(setenv("PATH", directory, 1), 0);
	buf_free(&output);
	buf_init(&output, 0);
	assert_int_equal(program_run(&program, &output, &err), -1);
	assert_int_equal(unsetenv("PATH"), 0);
	unlink(path);
	rmdir(directory);
}

static void
the_path_of_who_starts_it_does_not_count(void **state)
{
	(void)state;
	run_own("#!/bin/sh\necho ran\n", false);
	assert_string_equal(err.text, "keyhold-own exited with 127");
	assert_string_equal(
	    buf_string(&output), "keyhold-own: No such file or directory\n");
}

static void
what_is_no_program_is_not_given_to_a_shell(void **state)
{
	(void)state;
	run_own("echo ran\n", true);
	assert_non_null(strstr(buf_string(&output), "keyhold-own: Exec format error\n"));
}

static void
it_becomes_the_user_that_is_asked_for(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: not root: no other user to become\n");
		skip();
	}
	assert_int_equal(run("nobody", LONG_MS, "id -un; id -G; echo $USER", 0), 0);
	assert_string_equal(buf_string(&output), "nobody\n65534\nnobody\n");
}

static void
a_user_that_is_not_there_is_refused(void **state)
{
	(void)state;
	assert_int_equal(run("no-such-user", LONG_MS, "echo ran", 0), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_int_equal(output.len, 0);
}

static void
without_the_right_to_change_the_user_nothing_runs(void **state)
{
	(void)state;
	if (geteuid() == 0) {
		print_message("skipped: root may become anybody\n");
		skip();
	}
	assert_int_equal(run("root", LONG_MS, "echo ran", 0), -1);
	assert_null(strstr(buf_string(&output), "ran"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_runs_and_its_output_is_kept),
		cmocka_unit_test(it_has_a_clean_environment_and_nothing_open),
		cmocka_unit_test(output_beyond_the_limit_is_dropped),
		cmocka_unit_test(a_failure_says_the_exit_status),
		cmocka_unit_test(a_signal_is_told),
		cmocka_unit_test(a_program_that_is_not_there_is_told),
		cmocka_unit_test(the_whole_group_is_killed_at_the_time_limit),
		cmocka_unit_test(what_it_leaves_in_the_background_is_not_waited_for),
		cmocka_unit_test(
		    one_that_never_stops_writing_is_killed_at_the_time_limit),
		cmocka_unit_test(what_writes_on_in_the_background_is_not_waited_for),
		cmocka_unit_test(an_end_that_nobody_knows_is_no_success),
		cmocka_unit_test(the_path_of_who_starts_it_does_not_count),
		cmocka_unit_test(what_is_no_program_is_not_given_to_a_shell),
		cmocka_unit_test(it_becomes_the_user_that_is_asked_for),
		cmocka_unit_test(a_user_that_is_not_there_is_refused),
		cmocka_unit_test(without_the_right_to_change_the_user_nothing_runs),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_free(&output);
	return failed;
}

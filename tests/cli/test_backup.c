/* test_backup.c - keyhold backup, key left and key discard. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/cli/run.h"

static const struct route routes[] = {
	{ "GET /v1/backup ", 200, "application/vnd.sqlite3", "the record", NULL },
	{ "GET /v1/left-keys ", 200, JSON,
	    "{\"keys\":[{\"cka_id\":\"3b1c\",\"label\":\"web\",\"halves\":[\"private\","
	    "\"public\"]}]}",
	    NULL },
	{ "DELETE /v1/left-keys/3b1c ", 204, "text/plain", "", NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

static const struct route no_room[] = {
	{ "GET /v1/backup ", 507, PROBLEM,
	    "{\"title\":\"No\",\"status\":507,\"detail\":\"the disk is full\"}", NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

static int
set_up(void **state)
{
	return run_new(state, routes);
}

static int
set_up_without_room(void **state)
{
	return run_new(state, no_room);
}

static int
tear_down(void **state)
{
	unlink(run_path(*state, "saved"));
	return run_free(state);
}

static void
saves_the_record_for_this_user_alone(void **state)
{
	struct run *run = *state;
	const char *path = run_path(run, "saved");
	struct stat st;

	run_keyhold(run, "backup", path, NULL);
	assert_int_equal(run->status, 0);
	path = run_path(run, "saved");
	assert_string_equal(run_read(path), "the record");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_non_null(strstr(run->out, "10 bytes"));
}

static void
prints_the_record_and_nothing_else(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "backup", "-", NULL);
	assert_int_equal(run->status, 0);
	assert_string_equal(run->out, "the record");
}

static void
spares_a_file_that_is_there(void **state)
{
	struct run *run = *state;

	run_write(run_path(run, "saved"), "older", 5);
	run_keyhold(run, "backup", run_path(run, "saved"), NULL);
	assert_int_equal(run->status, 4);
	assert_string_equal(run_read(run_path(run, "saved")), "older");
	run_keyhold(run, "backup", run_path(run, "saved"), "--force", NULL);
	assert_int_equal(run->status, 0);
	assert_string_equal(run_read(run_path(run, "saved")), "the record");
}

static void
leaves_no_file_when_the_daemon_refuses(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "backup", run_path(run, "saved"), NULL);
	assert_int_equal(run->status, 3);
	assert_non_null(strstr(run->errors, "the disk is full"));
	assert_int_equal(access(run_path(run, "saved"), F_OK), -1);
}

static void
lists_what_is_left_and_discards_what_is_confirmed(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "key", "left", NULL);
	assert_int_equal(run->status, 0);
	assert_non_null(strstr(run->out, "3b1c"));
	assert_non_null(strstr(run->out, "private public"));
	run_keyhold(run, "key", "discard", "3b1c", NULL);
	assert_int_equal(run->status, 2);
	run_keyhold(run, "key", "discard", "../keys/web", "--yes", NULL);
	assert_int_equal(run->status, 2);
	run->typed = "no\n";
	run_keyhold(run, "key", "discard", "3b1c", NULL);
	assert_int_equal(run->status, 2);
	run->typed = "3b1c\n";
	run_keyhold(run, "key", "discard", "3b1c", NULL);
	assert_int_equal(run->status, 0);
}

#define CLI_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CLI_TEST(saves_the_record_for_this_user_alone),
		CLI_TEST(prints_the_record_and_nothing_else),
		CLI_TEST(spares_a_file_that_is_there),
		cmocka_unit_test_setup_teardown(leaves_no_file_when_the_daemon_refuses,
		    set_up_without_room, tear_down),
		CLI_TEST(lists_what_is_left_and_discards_what_is_confirmed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

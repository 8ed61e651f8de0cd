/* test_store.c - who may open the database, and what survives. */
#include "store/store.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/base/directory.h"
#include "tests/store/fixture.h"

#define THREADS          4
#define SERIALS_A_THREAD 25
#define KILL_AFTER       40

static void
creates_files_that_only_the_owner_reads(void **state)
{
	struct fixture *fixture = *state;
	const char *suffixes[] = { "", "-wal", "-shm", ".lock" };
	char path[300];

	assert_int_equal(store_audit_append(fixture->store, &an_event, NULL), 0);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		snprintf(path, sizeof(path), "%s%s", fixture->path, suffixes[i]);
		assert_int_equal(file_mode(path), 0600);
	}
}

static void
keeps_everything_when_closed_and_opened(void **state)
{
	struct fixture *fixture = *state;
	int64_t entries = 0;

	assert_int_equal(store_audit_append(fixture->store, &an_event, NULL), 0);
	fixture_reopen(fixture);
	assert_int_equal(store_audit_append(fixture->store, &an_event, NULL), 0);
	assert_int_equal(store_audit_verify(fixture->store, &entries, NULL), 0);
	assert_int_equal(entries, 2);
}

static void
refuses_a_second_open(void **state)
{
	struct fixture *fixture = *state;
	struct error err = { 0 };
	struct store *second = NULL;

	assert_int_equal(store_open(fixture->path, &second, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_non_null(strstr(err.text, "in use by another process"));
	assert_null(second);
	assert_int_equal(store_audit_append(fixture->store, &an_event, NULL), 0);
}

static void
refuses_a_newer_schema(void **state)
{
	struct fixture *fixture = *state;
	struct error err = { 0 };

	store_close(fixture->store);
	fixture->store = NULL;
	fixture_sql(fixture, "PRAGMA user_version = 99");
	assert_int_equal(store_open(fixture->path, &fixture->store, &err), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_non_null(strstr(err.text, "schema version 99"));
}

static void
refuses_the_database_of_another_program(void **state)
{
	struct fixture *fixture = *state;
	struct error err = { 0 };

	store_close(fixture->store);
	fixture->store = NULL;
	fixture_sql(fixture, "PRAGMA application_id = 7");
	assert_int_equal(store_open(fixture->path, &fixture->store, &err), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_non_null(strstr(err.text, "not a keyhold database"));
}

static void
refuses_a_file_that_is_no_database(void **state)
{
	struct fixture *fixture = *state;
	struct error err = { 0 };

	store_close(fixture->store);
	fixture->store = NULL;
	write_file(
	    fixture->path, "This is a text of a few lines, not a database.\n", 0600);
	assert_int_equal(store_open(fixture->path, &fixture->store, &err), -1);
	assert_int_equal(err.code, ERROR_IO);
}

static void
refuses_a_directory_that_is_not_there(void **state)
{
	struct fixture *fixture = *state;
	struct error err = { 0 };
	struct store *store = NULL;
	char path[256];

	directory_path(&fixture->directory, "absent/keyhold.db", path);
	assert_int_equal(store_open(path, &store, &err), -1);
	assert_int_equal(err.code, ERROR_IO);
	assert_non_null(strstr(err.text, path));
}

/* As another user, because root may write anywhere. */
static void
refuses_an_unwritable_directory(void **state)
{
	struct fixture *fixture = *state;
	struct error err = { 0 };
	struct store *store = NULL;
	char directory[256], path[256];
	int status = 0;
	pid_t child;

	directory_path(&fixture->directory, "readonly", directory);
	directory_path(&fixture->directory, "readonly/keyhold.db", path);
	assert_int_equal(mkdir(directory, 0500), 0);
	if ((child = fork()) == 0) {
		if (geteuid() == 0 && setuid(65534) != 0)
			_exit(2);
		_exit(
		    store_open(path, &store, &err) == -1 && err.code == ERROR_IO ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
write_serials_until_killed(struct fixture *fixture, int reported)
{
	struct store *store = NULL;
	char serial[STORE_SERIAL_SIZE];

	if (store_open(fixture->path, &store, NULL) != 0)
		_exit(1);
	for (unsigned i = 1;; i++) {
		struct certificate_row row;

		snprintf(serial, sizeof(serial), "%08x", i);
		row = a_certificate(serial);
		if (store_certificate_reserve(store, serial, row.issuer, NULL) != 0 ||
		    store_certificate_record(store, &row, &an_event, NULL) != 0 ||
		    write(reported, serial, 8) != 8)
			_exit(1);
	}
}

static int
ignore_certificate(void *ctx, const struct certificate_row *row)
{
	(void)ctx;
	(void)row;
	return 0;
}

static void
keeps_what_was_reported_before_a_kill(void **state)
{
	struct fixture *fixture = *state;
	char serial[STORE_SERIAL_SIZE] = "";
	int64_t entries = 0;
	int pipe_fds[2], seen = 0;
	pid_t child;

	store_close(fixture->store);
	fixture->store = NULL;
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	if ((child = fork()) == 0)
		write_serials_until_killed(fixture, pipe_fds[1]);
	close(pipe_fds[1]);
	/* Keep the last one reported, up to what was in the pipe when it died. */
	while (read(pipe_fds[0], serial, 8) == 8)
		if (++seen == KILL_AFTER)
			kill(child, SIGKILL);
	close(pipe_fds[0]);
	waitpid(child, NULL, 0);
	assert_true(seen >= KILL_AFTER);

	assert_int_equal(store_open(fixture->path, &fixture->store, NULL), 0);
	for (int i = 1; i <= seen; i++) {
		snprintf(serial, sizeof(serial), "%08x", (unsigned)i);
		assert_int_equal(store_certificate_find(fixture->store, serial,
				     ignore_certificate, NULL, NULL),
		    0);
	}
	assert_int_equal(store_audit_verify(fixture->store, &entries, NULL), 0);
	assert_true(entries >= seen);
}

struct writer {
	pthread_t thread;
	struct store *store;
	unsigned number;
	int failures;
};

static void *
record_serials(void *ctx)
{
	struct writer *writer = ctx;
	char serial[STORE_SERIAL_SIZE];

	for (unsigned i = 0; i < SERIALS_A_THREAD; i++) {
		struct certificate_row row;

		snprintf(serial, sizeof(serial), "%04x%04x", writer->number, i);
		row = a_certificate(serial);
		if (store_certificate_reserve(writer->store, serial, row.issuer, NULL) !=
			0 ||
		    store_certificate_record(writer->store, &row, &an_event, NULL) != 0)
			writer->failures++;
	}
	return NULL;
}

static void
lets_threads_record_at_once(void **state)
{
	struct fixture *fixture = *state;
	struct writer writers[THREADS] = { 0 };
	int64_t entries = 0;

	for (unsigned i = 0; i < THREADS; i++) {
		writers[i].store = fixture->store;
		writers[i].number = i;
		assert_int_equal(
		    pthread_create(&writers[i].thread, NULL, record_serials, &writers[i]),
		    0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(writers[i].thread, NULL), 0);
		assert_int_equal(writers[i].failures, 0);
	}
	assert_int_equal(store_audit_verify(fixture->store, &entries, NULL), 0);
	assert_int_equal(entries, THREADS * SERIALS_A_THREAD);
}

static void
closing_nothing_is_fine(void **state)
{
	(void)state;
	store_close(NULL);
}

#define STORE_TEST(name)                                                                 \
	cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(creates_files_that_only_the_owner_reads),
		STORE_TEST(keeps_everything_when_closed_and_opened),
		STORE_TEST(refuses_a_second_open),
		STORE_TEST(refuses_a_newer_schema),
		STORE_TEST(refuses_the_database_of_another_program),
		STORE_TEST(refuses_a_file_that_is_no_database),
		STORE_TEST(refuses_a_directory_that_is_not_there),
		STORE_TEST(refuses_an_unwritable_directory),
		STORE_TEST(keeps_what_was_reported_before_a_kill),
		STORE_TEST(lets_threads_record_at_once),
		cmocka_unit_test(closing_nothing_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

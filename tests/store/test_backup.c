/* test_backup.c - a copy of a store in use, and a store made of one. */
#include "store/backup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/base/directory.h"
#include "tests/store/fixture.h"

struct paths {
	char backup[256], restored[256];
};

static struct paths
paths_of(struct fixture *fixture)
{
	struct paths p;

	directory_path(&fixture->directory, "backup.db", p.backup);
	directory_path(&fixture->directory, "restored.db", p.restored);
	return p;
}

static void
save(int fd, int64_t bytes, const char *path)
{
	FILE *file = fopen(path, "wb");
	unsigned char block[4096];
	int64_t saved = 0;
	ssize_t n;

	assert_non_null(file);
	while ((n = pread(fd, block, sizeof(block), saved)) > 0) {
		assert_int_equal(fwrite(block, 1, (size_t)n, file), n);
		saved += n;
	}
	assert_int_equal(saved, bytes);
	fclose(file);
	close(fd);
}

static void
back_up(struct fixture *fixture, const char *path)
{
	int64_t bytes = 0;
	int fd = -1;

	assert_int_equal(store_backup(fixture->store, &an_event, &fd, &bytes, NULL), 0);
	save(fd, bytes, path);
}

static void
assert_refused(const struct paths *p, bool replace, enum error_code code)
{
	struct restored restored;
	struct error err = { 0 };

	assert_int_equal(
	    store_restore(p->backup, p->restored, replace, &an_event, &restored, &err),
	    -1);
	if (err.code != code)
		fail_msg("error %d: %s", err.code, err.text);
}

static int
visit_nothing(void *ctx, const struct certificate_row *row)
{
	(void)ctx;
	(void)row;
	return 0;
}

static void
has_what_was_committed_when_it_began(void **state)
{
	struct fixture *fixture = *state;
	struct certificate_row before = a_certificate("01"), after = a_certificate("02");
	struct paths p = paths_of(fixture);
	struct restored restored;
	struct store *store;
	int64_t entries;

	put_certificate(fixture->store, &before);
	back_up(fixture, p.backup);
	put_certificate(fixture->store, &after);
	assert_int_equal(file_mode(p.backup) & 0100, 0);
	assert_int_equal(
	    store_restore(p.backup, p.restored, false, &an_event, &restored, NULL), 0);
	assert_int_equal(restored.certificates, 1);
	assert_int_equal(restored.entries, 2); /* its own is the second */
	assert_string_equal(restored.kept, "");
	assert_int_equal(file_mode(p.restored), 0600);

	assert_int_equal(store_open(p.restored, &store, NULL), 0);
	assert_int_equal(
	    store_certificate_find(store, "01", visit_nothing, NULL, NULL), 0);
	assert_int_equal(
	    store_certificate_find(store, "02", visit_nothing, NULL, NULL), -1);
	assert_int_equal(store_audit_verify(store, &entries, NULL), 0);
	assert_int_equal(entries, 3);
	store_close(store);
}

static void
leaves_no_copy_behind(void **state)
{
	struct fixture *fixture = *state;
	struct paths p = paths_of(fixture);
	char left[300];

	back_up(fixture, p.backup);
	snprintf(left, sizeof(left), "%s.being-copied", fixture->path);
	assert_int_equal(access(left, F_OK), -1);
	/* Of a process that was killed. */
	write_file(left, "half", 0600);
	fixture_reopen(fixture);
	assert_int_equal(access(left, F_OK), -1);
}

static int
note_outcome(void *ctx, const struct audit_row *row)
{
	snprintf(ctx, 16, "%s", row->outcome);
	return 0;
}

/* Its first entry was to be in the copy. */
static void
one_that_fails_is_on_record_as_failed(void **state)
{
	struct fixture *fixture = *state;
	char taken[300], inside[310], last[16] = "";
	int64_t bytes;
	struct error err = { 0 };
	int fd;

	snprintf(taken, sizeof(taken), "%s.being-copied", fixture->path);
	snprintf(inside, sizeof(inside), "%s/file", taken);
	assert_int_equal(mkdir(taken, 0700), 0);
	write_file(inside, "", 0600);
	assert_int_equal(store_backup(fixture->store, &an_event, &fd, &bytes, &err), -1);
	assert_int_equal(
	    store_audit_each(fixture->store, 0, 10, note_outcome, last, &err), 0);
	assert_string_equal(last, "failed");
	assert_int_equal(unlink(inside), 0);
	assert_int_equal(rmdir(taken), 0);
}

static void
keeps_the_store_that_was_there(void **state)
{
	struct fixture *fixture = *state;
	struct certificate_row late = a_certificate("02");
	struct paths p = paths_of(fixture);
	struct restored restored;
	struct store *kept;

	back_up(fixture, p.backup);
	put_certificate(fixture->store, &late);
	store_close(fixture->store);
	fixture->store = NULL;
	memcpy(p.restored, fixture->path, sizeof(p.restored));
	assert_refused(&p, false, ERROR_CONFLICT);
	assert_int_equal(
	    store_restore(p.backup, p.restored, true, &an_event, &restored, NULL), 0);
	assert_int_equal(store_open(restored.kept, &kept, NULL), 0);
	assert_int_equal(
	    store_certificate_find(kept, "02", visit_nothing, NULL, NULL), 0);
	store_close(kept);
	fixture_reopen(fixture);
	assert_int_equal(
	    store_certificate_find(fixture->store, "02", visit_nothing, NULL, NULL), -1);
}

static void
spares_a_store_in_use(void **state)
{
	struct fixture *fixture = *state;
	struct paths p = paths_of(fixture);

	back_up(fixture, p.backup);
	memcpy(p.restored, fixture->path, sizeof(p.restored));
	assert_refused(&p, true, ERROR_CONFLICT);
}

static void
change_backup(struct fixture *fixture, const struct paths *p, const char *sql)
{
	struct fixture backup = { .path = "" };

	back_up(fixture, p->backup);
	memcpy(backup.path, p->backup, sizeof(backup.path));
	fixture_sql(&backup, sql);
}

static void
refuses_a_newer_one(void **state)
{
	struct fixture *fixture = *state;
	struct paths p = paths_of(fixture);

	change_backup(fixture, &p, "PRAGMA user_version = 99");
	assert_refused(&p, false, ERROR_CONFIG);
	assert_int_equal(access(p.restored, F_OK), -1);
}

static void
refuses_one_whose_record_was_changed(void **state)
{
	struct fixture *fixture = *state;
	struct paths p = paths_of(fixture);

	change_backup(fixture, &p, "UPDATE audit SET actor = 'uid:77'");
	assert_refused(&p, false, ERROR_CONFLICT);
	assert_int_equal(access(p.restored, F_OK), -1);
}

static void
refuses_what_is_no_backup(void **state)
{
	struct fixture *fixture = *state;
	struct paths p = paths_of(fixture);

	assert_refused(&p, false, ERROR_IO);
	write_file(p.backup, "", 0600);
	assert_refused(&p, false, ERROR_CONFIG);
	write_file(p.backup, "noise, and no database at all", 0600);
	assert_refused(&p, false, ERROR_IO);
	assert_int_equal(access(p.restored, F_OK), -1);
}

#define STORE_TEST(name)                                                                 \
	cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(has_what_was_committed_when_it_began),
		STORE_TEST(leaves_no_copy_behind),
		STORE_TEST(one_that_fails_is_on_record_as_failed),
		STORE_TEST(keeps_the_store_that_was_there),
		STORE_TEST(spares_a_store_in_use),
		STORE_TEST(refuses_a_newer_one),
		STORE_TEST(refuses_one_whose_record_was_changed),
		STORE_TEST(refuses_what_is_no_backup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

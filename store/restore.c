/*
 * restore.c - a store made of a backup.
 *
 * It is made beside the one that there is, opened as a daemon would, and examined; only
 * then does it take the place.
 */
#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "store/database.h"
#include "store/statement.h"

#define BLOCK_SIZE 65536
#define NAME_SIZE  PATH_MAX

static int
name_beside(
    char name[static NAME_SIZE], const char *path, const char *suffix, struct error *err)
{
	int n = snprintf(name, NAME_SIZE, "%s%s", path, suffix);

	if (n < 0 || n >= NAME_SIZE)
		return error_set(err, ERROR_IO, "%s: path too long", path);
	return 0;
}

static int
copy_bytes(int from, int to, const char *path, struct error *err)
{
	unsigned char block[BLOCK_SIZE];
	ssize_t n;

	while ((n = read(from, block, sizeof(block))) > 0)
		if (write(to, block, (size_t)n) != n)
			return error_set_errno(
			    err, ERROR_IO, "no room for a copy of %s", path);
	if (n < 0)
		return error_set_errno(err, ERROR_IO, "%s", path);
	return 0;
}

static int
copy_file(const char *path, const char *copy, struct error *err)
{
	int from = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), to, rc = -1;

	if (from < 0)
		return error_set_errno(err, ERROR_IO, "%s", path);
	to = open(copy, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (to < 0)
		error_set_errno(err, ERROR_IO, "%s", copy);
	else
		rc = copy_bytes(from, to, path, err);
	if (to >= 0)
		close(to);
	close(from);
	return rc;
}

/* A log beside it has commits that a copy of it alone would lack. */
static int
check_stands_alone(const char *backup, struct error *err)
{
	char name[NAME_SIZE];
	struct stat st;

	if (name_beside(name, backup, "-wal", err) != 0)
		return -1;
	if (stat(name, &st) != 0 || st.st_size == 0)
		return 0;
	return error_set(err, ERROR_CONFIG,
	    "%s has commits that are not in %s yet: sqlite3 %s \"PRAGMA "
	    "wal_checkpoint(TRUNCATE)\" moves them there",
	    name, backup, backup);
}

static int
check_damage(struct store *store, struct error *err)
{
	struct statement st;
	bool row = false;
	int rc;

	if (statement_prepare(store, "PRAGMA integrity_check(1)", &st, err) != 0)
		return -1;
	rc = statement_step(&st, &row, err);
	if (rc == 0 && (!row || strcmp(column_text(&st, 0), "ok") != 0))
		rc = error_set(err, ERROR_IO, "the backup is damaged: %.120s",
		    row ? column_text(&st, 0) : "");
	statement_done(&st);
	return rc;
}

static int
examine(struct store *store, const struct audit_event *event, struct restored *restored,
    struct error *err)
{
	if (check_damage(store, err) != 0 ||
	    store_audit_verify(store, &restored->entries, err) != 0 ||
	    database_query_int(store, "SELECT count(*) FROM certificates",
		&restored->certificates, err) != 0)
		return -1;
	return store_audit_append(store, event, err);
}

static void
remove_made(const char *made)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };
	char name[NAME_SIZE];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (name_beside(name, made, suffixes[i], NULL) == 0)
			(void)unlink(name);
}

/* An empty file would be taken for a new database, and one without tables as well. */
static int
check_is_backup(const char *path, struct error *err)
{
	struct store *reader = NULL;
	int64_t tables = 0;
	int rc = -1;

	if (database_open_reader(path, &reader, err) == 0 &&
	    database_query_int(
		reader, "SELECT count(*) FROM sqlite_schema", &tables, err) == 0)
		rc = tables > 0 ? 0 : error_set(err, ERROR_CONFIG, "the backup is empty");
	store_close(reader);
	return rc;
}

static int
make(const char *backup, const char *made, const struct audit_event *event,
    struct restored *restored, struct error *err)
{
	struct store *store = NULL;
	int rc = -1;

	if (copy_file(backup, made, err) == 0 && check_is_backup(made, err) == 0 &&
	    store_open(made, &store, err) == 0)
		rc = examine(store, event, restored, err);
	/* Writes all of it to the one file, and syncs that. */
	store_close(store);
	return rc;
}

static int
link_beside(const char *path, const char *suffix, const char *kept, struct error *err)
{
	char from[NAME_SIZE], to[NAME_SIZE];

	if (name_beside(from, path, suffix, err) != 0 ||
	    name_beside(to, kept, suffix, err) != 0)
		return -1;
	if (link(from, to) != 0 && errno != ENOENT)
		return error_set_errno(err, ERROR_IO, "%s", to);
	return 0;
}

/* What a crash left in the log goes into the database, for two names of a log are not one
 * log. Of one that is damaged the log is kept beside it. */
static void
fold_log(const char *path)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
		NULL) == SQLITE_OK)
		(void)sqlite3_wal_checkpoint_v2(
		    db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_close(db);
}

/* A second name for all of it. */
static int
keep(const char *path, struct restored *restored, struct error *err)
{
	char now[CLOCK_TEXT_SIZE];
	int n;

	clock_format(now, clock_now_s());
	n = snprintf(restored->kept, sizeof(restored->kept), "%s.before-%s", path, now);
	if (n < 0 || (size_t)n >= sizeof(restored->kept))
		return error_set(err, ERROR_IO, "%s: path too long", path);
	fold_log(path);
	if (link_beside(path, "", restored->kept, err) != 0)
		return -1;
	return link_beside(path, "-wal", restored->kept, err);
}

/* The log of another database must not be beside it, or SQLite would take it for its. */
static int
take_place(const char *made, const char *path, struct error *err)
{
	static const char *const suffixes[] = { "-wal", "-shm" };
	struct file_change change = { .is_like = true };
	char name[NAME_SIZE];

	for (size_t i = 0; i < 2; i++) {
		if (name_beside(name, path, suffixes[i], err) != 0)
			return -1;
		if (unlink(name) != 0 && errno != ENOENT)
			return error_set_errno(err, ERROR_IO, "%s", name);
	}
	if (text_copy(change.path, sizeof(change.path), path) != 0 ||
	    text_copy(change.temporary, sizeof(change.temporary), made) != 0)
		return error_set(err, ERROR_IO, "%s: path too long", path);
	return file_commit(&change, err);
}

static int
restore(const char *backup, const char *path, bool replace,
    const struct audit_event *event, struct restored *restored, struct error *err)
{
	bool is_there = access(path, F_OK) == 0;
	char made[NAME_SIZE];
	int rc = -1;

	if (is_there && !replace)
		return error_set(err, ERROR_CONFLICT,
		    "%s is there already: with --force it is kept under another name",
		    path);
	if (name_beside(made, path, ".being-restored", err) != 0 ||
	    check_stands_alone(backup, err) != 0)
		return -1;
	remove_made(made);
	if (make(backup, made, event, restored, err) == 0 &&
	    (!is_there || keep(path, restored, err) == 0))
		rc = take_place(made, path, err);
	remove_made(made);
	return rc;
}

int
store_restore(const char *backup, const char *path, bool replace,
    const struct audit_event *event, struct restored *restored, struct error *err)
{
	int lock_fd, rc;

	*restored = (struct restored){ .kept = "" };
	if (database_lock(path, &lock_fd, err) != 0)
		return -1;
	rc = restore(backup, path, replace, event, restored, err);
	close(lock_fd);
	return rc;
}

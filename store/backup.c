/*
 * backup.c - copies the database by SQLite's backup interface.
 *
 * The source is a connection of its own that reads one state from begin to end: others'
 * commits go on beside it, and make the write-ahead log longer until it is done.
 */
#include "store/backup.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "store/database.h"

#define STEP_PAGES 256

static int
name_of_copy(const char *path, char copy[static PATH_MAX], struct error *err)
{
	int n = snprintf(copy, PATH_MAX, "%s.being-copied", path);

	if (n < 0 || n >= PATH_MAX)
		return error_set(err, ERROR_IO, "%s: path too long", path);
	return 0;
}

void
backup_forget_unfinished(const char *path)
{
	char copy[PATH_MAX];

	if (name_of_copy(path, copy, NULL) == 0)
		(void)unlink(copy);
}

static int
copy_pages(sqlite3 *to, sqlite3 *from, struct error *err)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
	int rc;

	if (backup == NULL)
		return error_set_sqlite(err, to, sqlite3_errcode(to));
	while ((rc = sqlite3_backup_step(backup, STEP_PAGES)) == SQLITE_OK)
		continue;
	sqlite3_backup_finish(backup);
	return rc == SQLITE_DONE ? 0 : error_set_sqlite(err, to, rc);
}

/* Nobody else sees it, and what is not finished is thrown away: it needs no journal. */
static int
fill(const char *copy, struct store *from, struct error *err)
{
	sqlite3 *to = NULL;
	int rc = -1;

	if (sqlite3_open_v2(copy, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK ||
	    sqlite3_exec(to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL,
		NULL, NULL) != SQLITE_OK)
		error_set_sqlite(err, to, sqlite3_errcode(to));
	else
		rc = copy_pages(to, from->db, err);
	sqlite3_close(to);
	return rc;
}

/*
 * Of a file that stands alone, without a write-ahead log: bytes 18 and 19 say 1
 * (https://www.sqlite.org/fileformat.html).
 */
static int
finish(int fd, int64_t *bytes, struct error *err)
{
	static const unsigned char alone[] = { 1, 1 };
	struct stat st;

	if (pwrite(fd, alone, sizeof(alone), 18) != (ssize_t)sizeof(alone) ||
	    fstat(fd, &st) != 0)
		return error_set_errno(err, ERROR_IO, "the copy of the database");
	*bytes = st.st_size;
	return 0;
}

static int
copy_database(struct store *from, int *fd, int64_t *bytes, struct error *err)
{
	char copy[PATH_MAX];
	int64_t any;
	int made, rc = -1;

	if (name_of_copy(from->path, copy, err) != 0)
		return -1;
	(void)unlink(copy);
	made = open(copy, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (made < 0)
		return error_set_errno(err, ERROR_IO, "%s", copy);
	/* The first read is what decides which state it sees. */
	if (database_exec(from, "BEGIN", err) == 0 &&
	    database_query_int(from, "SELECT count(*) FROM sqlite_schema", &any, err) ==
		0 &&
	    fill(copy, from, err) == 0)
		rc = finish(made, bytes, err);
	(void)unlink(copy);
	if (rc == 0)
		*fd = made;
	else
		close(made);
	return rc;
}

/* The entry that the copy was to have is there already. */
static void
note_failure(
    struct store *store, const struct audit_event *event, const struct error *why)
{
	struct audit_event failed = *event;
	char quoted[LOG_QUOTED_MAX];
	struct error err;

	failed.outcome = OUTCOME_FAILED;
	failed.detail = why != NULL ? why->text : "";
	if (store_audit_append(store, &failed, &err) != 0)
		log_error("backup.unnoted", "why=\"%s\"", log_quoted(quoted, err.text));
}

int
store_backup(struct store *store, const struct audit_event *event, int *fd,
    int64_t *bytes, struct error *err)
{
	struct store *from = NULL;
	int rc;

	if (store_audit_append(store, event, err) != 0)
		return -1;
	if (pthread_mutex_lock(&store->copying) != 0)
		abort();
	rc = database_open_reader(store->path, &from, err);
	if (rc == 0)
		rc = copy_database(from, fd, bytes, err);
	store_close(from);
	pthread_mutex_unlock(&store->copying);
	if (rc != 0)
		note_failure(store, event, err);
	return rc;
}

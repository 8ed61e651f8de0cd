/*
 * store.c - the database file: who may open it, its schema, its transactions.
 *
 * The lock against a second daemon is an flock on a file beside the database. The
 * kernel drops it however the process ends, and it does not meet SQLite's own locks,
 * so a backup tool can still read.
 */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/database.h"
#include "store/idempotency_state.h"
#include "store/statement.h"

#define APPLICATION_ID   0x6b686c64 /* "khld": tells our file from another program's */
#define BUSY_TIMEOUT_MS  5000       /* only a backup tool can make us wait */
#define DIGITS_OF(macro) DIGITS_OF_(macro)
#define DIGITS_OF_(text) #text

int
error_set_sqlite(struct error *err, sqlite3 *db, int result)
{
	int kind = result & 0xff, number = errno;

	if (kind != SQLITE_IOERR && kind != SQLITE_CANTOPEN)
		number = 0;
	if (kind == SQLITE_FULL || number == ENOSPC || number == EDQUOT ||
	    number == EFBIG)
		return error_set(err, ERROR_STORAGE,
		    "the database has no room: the disk is full, or a limit is reached");
	if (kind == SQLITE_READONLY || number == EROFS)
		return error_set(err, ERROR_STORAGE,
		    "the database cannot be written: its file system is read-only");
	if (number != 0)
		return error_set(err, ERROR_IO, "database: %s: %s", sqlite3_errmsg(db),
		    strerror(number));
	return error_set(err, ERROR_IO, "database: %s", sqlite3_errmsg(db));
}

int
database_exec(struct store *store, const char *sql, struct error *err)
{
	int result;

	errno = 0;
	result = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
	return result == SQLITE_OK ? 0 : error_set_sqlite(err, store->db, result);
}

int
database_query_int(
    struct store *store, const char *sql, int64_t *value, struct error *err)
{
	struct statement st;
	bool row = false;
	int rc;

	if (statement_prepare(store, sql, &st, err) != 0)
		return -1;
	rc = statement_step(&st, &row, err);
	*value = row ? column_int(&st, 0) : 0;
	statement_done(&st);
	return rc;
}

int
database_lock(const char *path, int *fd, struct error *err)
{
	char name[PATH_MAX];
	int n = snprintf(name, sizeof(name), "%s.lock", path);

	if (n < 0 || (size_t)n >= sizeof(name))
		return error_set(err, ERROR_IO, "%s: path too long", path);
	*fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0)
		return error_set_errno(err, ERROR_IO, "%s", name);
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		error_set(err, ERROR_CONFLICT, "%s is in use by another process", path);
	else
		error_set_errno(err, ERROR_IO, "%s", name);
	close(*fd);
	*fd = -1;
	return -1;
}

/* SQLite would create it by the umask; -wal and -shm take the mode of the database. */
static int
create_file(const char *path, struct error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_set_errno(err, ERROR_IO, "%s", path);
	close(fd);
	return 0;
}

static int
connect_file(struct store *store, const char *path, int mode, struct error *err)
{
	int flags = mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

	if (sqlite3_open_v2(path, &store->db, flags, NULL) != SQLITE_OK)
		return error_set(err, ERROR_IO, "%s: %s", path,
		    store->db != NULL ? sqlite3_errmsg(store->db) : "out of memory");
	sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
	return 0;
}

/* Before anything is written to the file, not even its journal mode. 0: an empty file. */
static int
check_version(struct store *store, const char *path, int64_t *version, struct error *err)
{
	int64_t objects, application;

	if (database_query_int(
		store, "SELECT count(*) FROM sqlite_schema", &objects, err) != 0 ||
	    database_query_int(store, "PRAGMA application_id", &application, err) != 0 ||
	    database_query_int(store, "PRAGMA user_version", version, err) != 0)
		return -1;
	if (objects == 0) {
		*version = 0;
		return 0;
	}
	if (application != APPLICATION_ID || *version < 1)
		return error_set(err, ERROR_CONFIG, "%s is not a keyhold database", path);
	if (*version > SCHEMA_VERSION)
		return error_set(err, ERROR_CONFIG,
		    "%s has schema version %lld; this keyhold knows %d: install the "
		    "newer one",
		    path, (long long)*version, SCHEMA_VERSION);
	return 0;
}

static int
configure(struct store *store, const char *path, struct error *err)
{
	struct statement st;
	bool row = false;
	int rc;

	if (statement_prepare(store, "PRAGMA journal_mode = WAL", &st, err) != 0)
		return -1;
	rc = statement_step(&st, &row, err);
	if (rc == 0 && (!row || strcmp(column_text(&st, 0), "wal") != 0))
		rc = error_set(err, ERROR_IO, "%s: its file system cannot do WAL", path);
	statement_done(&st);
	if (rc != 0)
		return -1;
	/*
	 * Serials and key hashes are random: in a large database each certificate
	 * changes half a dozen pages that the next one does not. 32 MiB of log before
	 * they go to the file, and 8 MiB for the upper pages of the trees.
	 */
	return database_exec(store,
	    "PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF;"
	    "PRAGMA wal_autocheckpoint = 8000; PRAGMA cache_size = -8192;",
	    err);
}

static int
create_schema(struct store *store, struct error *err)
{
	int rc;

	if (transaction_begin(store, err) != 0)
		return -1;
	rc = database_exec(store, store_schema, err);
	if (rc == 0)
		rc = database_exec(store,
		    "PRAGMA application_id = " DIGITS_OF(
			APPLICATION_ID) ";"
					"PRAGMA user_version = " DIGITS_OF(
					    SCHEMA_VERSION) ";",
		    err);
	return transaction_end(store, rc, err);
}

static int
prepare_schema(struct store *store, int64_t version, struct error *err)
{
	int rc = version == 0 ? create_schema(store, err)
			      : database_migrate(store, version, err);

	if (rc != 0 || idempotency_forget_open(store, err) != 0)
		return -1;
	return database_exec(store, "PRAGMA foreign_keys = ON", err);
}

static struct store *
new_store(const char *path)
{
	struct store *store = calloc(1, sizeof(*store));

	if (store == NULL || (store->path = strdup(path)) == NULL) {
		free(store);
		return NULL;
	}
	store->lock_fd = -1;
	pthread_mutex_init(&store->lock, NULL);
	pthread_mutex_init(&store->copying, NULL);
	group_init(&store->group);
	return store;
}

int
database_open_reader(const char *path, struct store **reader, struct error *err)
{
	struct store *s = new_store(path);

	if (s == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (connect_file(s, path, SQLITE_OPEN_READONLY, err) != 0) {
		store_close(s);
		return -1;
	}
	*reader = s;
	return 0;
}

int
store_open(const char *path, struct store **store, struct error *err)
{
	struct store *s = new_store(path);
	int64_t version;

	if (s == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (database_lock(path, &s->lock_fd, err) != 0 || create_file(path, err) != 0 ||
	    connect_file(s, path, SQLITE_OPEN_READWRITE, err) != 0 ||
	    check_version(s, path, &version, err) != 0 || configure(s, path, err) != 0 ||
	    prepare_schema(s, version, err) != 0 ||
	    database_open_reader(path, &s->reader, err) != 0) {
		store_close(s);
		return -1;
	}
	backup_forget_unfinished(path);
	*store = s;
	return 0;
}

void
store_close(struct store *store)
{
	if (store == NULL)
		return;
	store_close(store->reader);
	for (size_t i = 0; i < STATEMENTS_MAX; i++)
		sqlite3_finalize(store->cache[i].prepared);
	/* Busy means a statement that nobody finished. */
	if (sqlite3_close(store->db) != SQLITE_OK)
		abort();
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	group_clear(&store->group);
	pthread_mutex_destroy(&store->lock);
	pthread_mutex_destroy(&store->copying);
	idempotency_free_left(store);
	free(store->path);
	free(store);
}

void
store_lock(struct store *store)
{
	if (pthread_mutex_lock(&store->lock) != 0)
		abort();
}

void
store_unlock(struct store *store)
{
	if (pthread_mutex_unlock(&store->lock) != 0)
		abort();
}

/* Prepared before it is needed: without memory it could not be, and what was begun would
 * stay so for ever. */
static const char rollback[] = "ROLLBACK";

static int
run_transaction(struct store *store, const char *sql, struct error *err)
{
	struct statement st;
	int rc = statement_use(store, sql, &st, err);

	if (rc == 0)
		rc = statement_run(&st, err);
	statement_done(&st);
	return rc;
}

int
transaction_begin(struct store *store, struct error *err)
{
	struct statement st;
	int rc;

	store_lock(store);
	rc = statement_use(store, rollback, &st, err);
	statement_done(&st);
	if (rc == 0)
		rc = run_transaction(store, "BEGIN IMMEDIATE", err);
	if (rc != 0)
		store_unlock(store);
	return rc;
}

int
transaction_end(struct store *store, int rc, struct error *err)
{
	if (rc == 0)
		rc = run_transaction(store, "COMMIT", err);
	/* A full disk rolls back by itself; a refused COMMIT does not. */
	if (rc != 0 && sqlite3_get_autocommit(store->db) == 0)
		(void)run_transaction(store, rollback, NULL);
	store_unlock(store);
	return rc;
}

/*
 * database.h - the connections behind a store, and its transactions.
 *
 * Internal to store/. The lock is held from transaction_begin to transaction_end, and
 * around every read: the functions of statement.h need it held.
 * The reader is a connection of its own, with a lock of its own, for look-ups that many
 * requests make: they see all that is committed, and wait for no commit.
 */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/error.h"
#include "store/group.h"

#define STATEMENTS_MAX 128
#define SCHEMA_VERSION 6

struct audit_event;

struct store {
	pthread_mutex_t lock;
	char *path;
	sqlite3 *db;
	struct group group;
	struct store *reader;          /* NULL in the reader itself */
	atomic_ullong revocations;     /* recorded since it was opened */
	pthread_mutex_t copying;       /* one backup at a time */
	struct idempotency_left *left; /* the lock is held; idempotency_state.h */
	int lock_fd; /* held by flock as long as the store is open; -1 before */
	struct {
		const char *sql;
		sqlite3_stmt *prepared;
	} cache[STATEMENTS_MAX];
};

extern const char store_schema[];

/*
 * What SQLite failed with; a disk that is full or read-only has a code of its own. Goes
 * by errno, which whoever calls SQLite empties first: sqlite3_system_errno knows nothing
 * of a COMMIT.
 */
int error_set_sqlite(struct error *err, sqlite3 *db, int result);

/* A copy that a process began and did not live to finish. */
void backup_forget_unfinished(const char *path);

/* The flock on the file beside the database; ERROR_CONFLICT when somebody has it. */
int database_lock(const char *path, int *fd, struct error *err);

/* Statements without parameters or rows, and the first column of the first row or 0. */
int database_exec(struct store *store, const char *sql, struct error *err);
int database_query_int(
    struct store *store, const char *sql, int64_t *value, struct error *err);

/* One more connection that only reads; the caller closes it with store_close. */
int database_open_reader(const char *path, struct store **reader, struct error *err);

/* From an older version to SCHEMA_VERSION, or not at all. Foreign keys must be off. */
int database_migrate(struct store *store, int64_t version, struct error *err);

void store_lock(struct store *store);
void store_unlock(struct store *store);

/* Takes the lock and the right to write. */
int transaction_begin(struct store *store, struct error *err);

/* Commits when rc is 0, else rolls back; releases the lock; -1 unless committed. */
int transaction_end(struct store *store, int rc, struct error *err);

/* Inside a transaction: the entry that belongs to the change. */
int audit_insert(struct store *store, const struct audit_event *event, struct error *err);

#endif

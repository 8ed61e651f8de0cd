/* statement.c - prepared once, bound in order, always reset. */
#include "store/statement.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/database.h"

static int
prepare(struct store *store, const char *sql, unsigned flags, sqlite3_stmt **prepared,
    struct error *err)
{
	int result = sqlite3_prepare_v3(store->db, sql, -1, flags, prepared, NULL);

	return result == SQLITE_OK ? 0 : error_set_sqlite(err, store->db, result);
}

int
statement_use(
    struct store *store, const char *sql, struct statement *st, struct error *err)
{
	size_t i = 0;

	*st = (struct statement){ .store = store, .cached = true };
	while (i < STATEMENTS_MAX && store->cache[i].sql != NULL &&
	       store->cache[i].sql != sql)
		i++;
	/* One place per statement of store/: running out is our own mistake. */
	if (i == STATEMENTS_MAX)
		abort();
	if (store->cache[i].sql == NULL) {
		if (prepare(store, sql, SQLITE_PREPARE_PERSISTENT,
			&store->cache[i].prepared, err) != 0)
			return -1;
		store->cache[i].sql = sql;
	}
	st->prepared = store->cache[i].prepared;
	return 0;
}

int
statement_prepare(
    struct store *store, const char *sql, struct statement *st, struct error *err)
{
	*st = (struct statement){ .store = store };
	return prepare(store, sql, 0, &st->prepared, err);
}

static void
remember(struct statement *st, int result)
{
	if (result != SQLITE_OK && st->result == SQLITE_OK)
		st->result = result;
}

void
bind_int(struct statement *st, int64_t value)
{
	remember(st, sqlite3_bind_int64(st->prepared, ++st->parameter, value));
}

void
bind_text(struct statement *st, const char *text)
{
	if (text == NULL)
		text = "";
	bind_text_len(st, text, strlen(text));
}

void
bind_text_len(struct statement *st, const char *text, size_t len)
{
	remember(st, sqlite3_bind_text64(st->prepared, ++st->parameter, text, len,
			 SQLITE_TRANSIENT, SQLITE_UTF8));
}

void
bind_blob(struct statement *st, const void *data, size_t len)
{
	/* SQLite binds NULL for a NULL pointer, whatever its length. */
	if (data == NULL)
		data = "";
	remember(st, sqlite3_bind_blob64(
			 st->prepared, ++st->parameter, data, len, SQLITE_TRANSIENT));
}

void
bind_large_blob(struct statement *st, const void *data, size_t len)
{
	remember(st,
	    sqlite3_bind_blob64(st->prepared, ++st->parameter, data, len, SQLITE_STATIC));
}

int
statement_step(struct statement *st, bool *row, struct error *err)
{
	int result;

	if (st->result != SQLITE_OK)
		return error_set(
		    err, ERROR_IO, "database: %s", sqlite3_errstr(st->result));
	errno = 0;
	result = sqlite3_step(st->prepared);
	*row = result == SQLITE_ROW;
	if (result == SQLITE_ROW || result == SQLITE_DONE)
		return 0;
	st->result = result;
	return error_set_sqlite(err, st->store->db, result);
}

int
statement_run(struct statement *st, struct error *err)
{
	bool row;

	return statement_step(st, &row, err);
}

bool
statement_hit_unique(const struct statement *st)
{
	return st->result == SQLITE_CONSTRAINT_UNIQUE ||
	       st->result == SQLITE_CONSTRAINT_PRIMARYKEY;
}

bool
statement_hit_reference(const struct statement *st)
{
	return st->result == SQLITE_CONSTRAINT_FOREIGNKEY;
}

void
statement_done(struct statement *st)
{
	if (st->prepared == NULL)
		return;
	if (st->cached) {
		sqlite3_reset(st->prepared);
		sqlite3_clear_bindings(st->prepared);
	} else {
		sqlite3_finalize(st->prepared);
	}
	st->prepared = NULL;
}

int64_t
column_int(const struct statement *st, int column)
{
	return sqlite3_column_int64(st->prepared, column);
}

const char *
column_text(const struct statement *st, int column)
{
	const char *text = (const char *)sqlite3_column_text(st->prepared, column);

	return text != NULL ? text : "";
}

struct bytes
column_blob(const struct statement *st, int column)
{
	struct bytes blob = { .data = sqlite3_column_blob(st->prepared, column) };

	blob.len = (size_t)sqlite3_column_bytes(st->prepared, column);
	return blob;
}

static int
damaged(const struct statement *st, int column, struct error *err)
{
	return error_set(err, ERROR_IO, "database: a %s that keyhold did not write",
	    sqlite3_column_name(st->prepared, column));
}

int
column_copy_text(
    const struct statement *st, int column, char *out, size_t size, struct error *err)
{
	if (text_copy(out, size, column_text(st, column)) != 0)
		return damaged(st, column, err);
	return 0;
}

int
column_copy_hash(const struct statement *st, int column, unsigned char out[static 32],
    struct error *err)
{
	struct bytes blob = column_blob(st, column);

	if (blob.len != 32)
		return damaged(st, column, err);
	memcpy(out, blob.data, 32);
	return 0;
}

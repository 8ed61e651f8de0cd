/*
 * statement.h - one use of a prepared statement: bind in order, step, done.
 *
 * Internal to store/. A failed bind is reported by the next step. statement_done ends
 * the read that an unfinished statement holds open, and accepts a zeroed statement.
 */
#ifndef STORE_STATEMENT_H
#define STORE_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "base/buffer.h"
#include "base/error.h"

struct store;

struct statement {
	struct store *store;
	sqlite3_stmt *prepared;
	int parameter; /* the last one bound, counted from 1 */
	int result;    /* SQLite's extended code of the last failure */
	bool cached;
};

/* sql must be a constant: its address is the key under which it stays prepared. */
int statement_use(
    struct store *store, const char *sql, struct statement *st, struct error *err);

/* For SQL put together at run time; not kept. */
int statement_prepare(
    struct store *store, const char *sql, struct statement *st, struct error *err);

void bind_int(struct statement *st, int64_t value);
void bind_text(struct statement *st, const char *text); /* NULL is stored as "" */
void bind_text_len(struct statement *st, const char *text, size_t len);
void bind_blob(struct statement *st, const void *data, size_t len);

/* The same without a copy: data stays as it is until statement_done. */
void bind_large_blob(struct statement *st, const void *data, size_t len);

/* *row says whether there is a row to read. */
int statement_step(struct statement *st, bool *row, struct error *err);

/* Runs one that returns no rows. */
int statement_run(struct statement *st, struct error *err);

/* The last failure was a name or serial that is there already. */
bool statement_hit_unique(const struct statement *st);

/* The last failure was a reference: to what is absent, or from what would be orphaned. */
bool statement_hit_reference(const struct statement *st);

void statement_done(struct statement *st);

/* Columns, from 0, of the current row; valid until the next step. Text is never NULL. */
int64_t column_int(const struct statement *st, int column);
const char *column_text(const struct statement *st, int column);
struct bytes column_blob(const struct statement *st, int column);

/* Copies what must fit; -1 means that somebody else wrote the row. */
int column_copy_text(
    const struct statement *st, int column, char *out, size_t size, struct error *err);
int column_copy_hash(const struct statement *st, int column, unsigned char out[static 32],
    struct error *err);

#endif

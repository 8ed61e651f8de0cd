/* bearer_table.c - rows in order of their names. */
#include "api/bearer_table.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define FIRST_CAPACITY 16

struct rows {
	struct token_row *rows;
	size_t count, capacity;
	bool failed;
};

struct bearer_table {
	struct store *store;
	pthread_mutex_t changes; /* one at a time, store and table together */
	pthread_rwlock_t lock;   /* the rows */
	struct rows rows;
};

static int
keep(void *ctx, const struct token_row *row)
{
	struct rows *rows = ctx;

	if (rows->count == rows->capacity) {
		size_t more = rows->capacity > 0 ? 2 * rows->capacity : FIRST_CAPACITY;
		void *grown = reallocarray(rows->rows, more, sizeof(*rows->rows));

		rows->failed = grown == NULL;
		if (rows->failed)
			return -1;
		rows->rows = grown;
		rows->capacity = more;
	}
	rows->rows[rows->count++] = *row;
	return 0;
}

static int
load(struct bearer_table *table, struct error *err)
{
	struct rows fresh = { 0 }, old;
	int rc = store_token_each(table->store, keep, &fresh, err);

	if (rc == 0 && fresh.failed)
		rc = error_set(err, ERROR_INTERNAL, "out of memory");
	if (rc != 0) {
		free(fresh.rows);
		return -1;
	}
	pthread_rwlock_wrlock(&table->lock);
	old = table->rows;
	table->rows = fresh;
	pthread_rwlock_unlock(&table->lock);
	free(old.rows);
	return 0;
}

int
bearer_table_open(struct store *store, struct bearer_table **table, struct error *err)
{
	struct bearer_table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	t->store = store;
	pthread_mutex_init(&t->changes, NULL);
	pthread_rwlock_init(&t->lock, NULL);
	if (load(t, err) != 0) {
		bearer_table_close(t);
		return -1;
	}
	*table = t;
	return 0;
}

void
bearer_table_close(struct bearer_table *table)
{
	if (table == NULL)
		return;
	free(table->rows.rows);
	pthread_rwlock_destroy(&table->lock);
	pthread_mutex_destroy(&table->changes);
	free(table);
}

static int
compare_name(const void *name, const void *row)
{
	return strcmp(name, ((const struct token_row *)row)->name);
}

/* With the lock held. */
static struct token_row *
find(const struct rows *rows, const char *name)
{
	if (rows->count == 0)
		return NULL;
	return bsearch(name, rows->rows, rows->count, sizeof(*rows->rows), compare_name);
}

bool
bearer_table_find(struct bearer_table *table, const char *name, struct token_row *row)
{
	const struct token_row *found;

	pthread_rwlock_rdlock(&table->lock);
	if ((found = find(&table->rows, name)) != NULL)
		*row = *found;
	pthread_rwlock_unlock(&table->lock);
	return found != NULL;
}

int
bearer_table_add(struct bearer_table *table, const struct token_row *row,
    const struct audit_event *event, struct error *err)
{
	int rc;

	pthread_mutex_lock(&table->changes);
	rc = store_token_add(table->store, row, event, err);
	if (rc == 0)
		rc = load(table, err);
	pthread_mutex_unlock(&table->changes);
	return rc;
}

/* Without another look at the store: it might fail after the token was revoked there. */
static void
mark_revoked(struct bearer_table *table, const char *name, int64_t now)
{
	struct token_row *row;

	pthread_rwlock_wrlock(&table->lock);
	if ((row = find(&table->rows, name)) != NULL)
		row->revoked = now;
	pthread_rwlock_unlock(&table->lock);
}

int
bearer_table_revoke(struct bearer_table *table, const char *name,
    const struct audit_event *event, struct error *err)
{
	int64_t now = clock_now_s();
	int rc;

	pthread_mutex_lock(&table->changes);
	rc = store_token_revoke(table->store, name, now, event, err);
	if (rc == 0)
		mark_revoked(table, name, now);
	pthread_mutex_unlock(&table->changes);
	return rc;
}

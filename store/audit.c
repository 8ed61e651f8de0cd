/*
 * audit.c - the chained record of who did what.
 *
 * Each entry's hash covers the hash before it, so a changed, removed or inserted entry
 * shows, unless everything after it was recomputed too. What was recomputed, or removed
 * from the end, shows by the heads that were signed (audit_heads.c).
 */
#include "store/audit.h"

#include <string.h>

#include "base/clock.h"
#include "store/database.h"
#include "store/statement.h"

#define VERIFY_BATCH 1000
/* As read_row reads them. */
#define COLUMNS                                                                          \
	"seq, time, actor, action, object, detail, hash, version, outcome, request"

static int
read_head(
    struct store *store, int64_t *seq, unsigned char hash[static 32], struct error *err)
{
	struct statement st;
	bool row = false;
	int rc = -1;

	*seq = 0;
	memset(hash, 0, 32);
	if (statement_use(store, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1",
		&st, err) != 0 ||
	    statement_step(&st, &row, err) != 0)
		goto out;
	if (row) {
		*seq = column_int(&st, 0);
		if (column_copy_hash(&st, 1, hash, err) != 0)
			goto out;
	}
	rc = 0;
out:
	statement_done(&st);
	return rc;
}

static int
insert_row(struct store *store, const struct audit_row *row, struct error *err)
{
	struct statement st;
	int rc;

	if (statement_use(store,
		"INSERT INTO audit (seq, time, actor, action, object, detail, hash, "
		"version, outcome, request) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		&st, err) != 0)
		return -1;
	bind_int(&st, row->seq);
	bind_int(&st, row->time);
	bind_text(&st, row->actor);
	bind_text(&st, row->action);
	bind_text(&st, row->object);
	bind_text(&st, row->detail);
	bind_blob(&st, row->hash, sizeof(row->hash));
	bind_int(&st, row->version);
	bind_text(&st, row->outcome);
	bind_text(&st, row->request);
	rc = statement_run(&st, err);
	statement_done(&st);
	return rc;
}

int
audit_insert(struct store *store, const struct audit_event *event, struct error *err)
{
	struct audit_row row = {
		.time = clock_now_s(),
		.version = AUDIT_VERSION,
		.actor = event->actor,
		.action = event->action,
		.object = event->object,
		.outcome = outcome_name(event->outcome),
		.request = event->request != NULL ? event->request : "",
		.detail = event->detail != NULL ? event->detail : "",
	};
	unsigned char previous[32];

	if (read_head(store, &row.seq, previous, err) != 0)
		return -1;
	row.seq++;
	if (auditchain_hash(previous, &row, row.hash, err) != 0)
		return -1;
	return insert_row(store, &row, err);
}

struct appending {
	const struct audit_event *events;
	size_t count;
};

static int
append(struct store *store, void *ctx, struct error *err)
{
	const struct appending *a = ctx;

	for (size_t i = 0; i < a->count; i++)
		if (audit_insert(store, &a->events[i], err) != 0)
			return -1;
	return 0;
}

int
store_audit_append_all(struct store *store, const struct audit_event *events,
    size_t count, struct error *err)
{
	struct appending a = { events, count };

	return group_run(store, append, &a, err);
}

int
store_audit_append(
    struct store *store, const struct audit_event *event, struct error *err)
{
	return store_audit_append_all(store, event, 1, err);
}

/* Text that ends before it ends would be hashed, and shown, without its rest. */
static const char *
read_text(const struct statement *st, int column, bool *whole)
{
	const char *text = column_text(st, column);

	if (strlen(text) != (size_t)sqlite3_column_bytes(st->prepared, column))
		*whole = false;
	return text;
}

/*
 * Whatever somebody else made of a row, it is read: it is for who verifies to say what is
 * wrong with it. What cannot be shown as it is has a hash of zeros, which nothing has.
 */
static struct audit_row
read_row(const struct statement *st)
{
	bool whole = true;
	struct audit_row row = {
		.seq = column_int(st, 0),
		.time = column_int(st, 1),
		.actor = read_text(st, 2, &whole),
		.action = read_text(st, 3, &whole),
		.object = read_text(st, 4, &whole),
		.detail = read_text(st, 5, &whole),
		.version = column_int(st, 7),
		.outcome = read_text(st, 8, &whole),
		.request = read_text(st, 9, &whole),
	};

	if (!whole || column_copy_hash(st, 6, row.hash, NULL) != 0)
		memset(row.hash, 0, sizeof(row.hash));
	return row;
}

static int
visit_rows(struct statement *st, int (*visit)(void *ctx, const struct audit_row *row),
    void *ctx, struct error *err)
{
	struct audit_row entry;
	bool row;
	int rc;

	while ((rc = statement_step(st, &row, err)) == 0 && row) {
		entry = read_row(st);
		if (visit(ctx, &entry) != 0)
			break;
	}
	return rc;
}

int
store_audit_each(struct store *store, int64_t after_seq, size_t limit,
    int (*visit)(void *ctx, const struct audit_row *row), void *ctx, struct error *err)
{
	struct store *reader = store->reader;
	struct statement st;
	int rc;

	store_lock(reader);
	rc = statement_use(reader,
	    "SELECT " COLUMNS " FROM audit WHERE seq > ? ORDER BY seq LIMIT ?", &st, err);
	if (rc == 0) {
		bind_int(&st, after_seq);
		bind_int(&st, limit < INT64_MAX ? (int64_t)limit : INT64_MAX);
		rc = visit_rows(&st, visit, ctx, err);
	}
	statement_done(&st);
	store_unlock(reader);
	return rc;
}

/* With the reader's lock, as the next. */
static int
find_last_to_search(
    struct store *reader, int64_t after_seq, int64_t *last, struct error *err)
{
	struct statement st;
	bool row;
	int rc;

	*last = INT64_MAX;
	rc = statement_use(reader,
	    "SELECT seq FROM audit WHERE seq > ? ORDER BY seq LIMIT 1 OFFSET ?", &st,
	    err);
	if (rc == 0) {
		bind_int(&st, after_seq);
		bind_int(&st, AUDIT_SEARCHED - 1);
		rc = statement_step(&st, &row, err);
		if (rc == 0 && row)
			*last = column_int(&st, 0);
	}
	statement_done(&st);
	return rc;
}

static void
bind_filter(struct statement *st, const struct audit_filter *filter)
{
	bind_text(st, filter->actor);
	bind_text(st, filter->action);
	bind_text(st, filter->object);
	bind_int(st, filter->since);
	bind_int(st, filter->until);
}

int
store_audit_search(struct store *store, const struct audit_filter *filter,
    int64_t after_seq, size_t limit, int (*visit)(void *ctx, const struct audit_row *row),
    void *ctx, int64_t *searched, struct error *err)
{
	static const char sql[] =
	    "SELECT " COLUMNS " FROM audit WHERE seq > ?1 AND seq <= ?2 "
	    "AND (?3 = '' OR actor = ?3) AND (?4 = '' OR action = ?4 "
	    "OR substr(action, 1, length(?4) + 1) = ?4 || '.') "
	    "AND (?5 = '' OR object = ?5) AND time >= ?6 AND time < ?7 "
	    "ORDER BY seq LIMIT ?8";
	struct store *reader = store->reader;
	struct statement st = { 0 };
	int rc;

	store_lock(reader);
	if ((rc = find_last_to_search(reader, after_seq, searched, err)) != 0 ||
	    (rc = statement_use(reader, sql, &st, err)) != 0)
		goto out;
	bind_int(&st, after_seq);
	bind_int(&st, *searched);
	bind_filter(&st, filter);
	bind_int(&st, (int64_t)limit);
	rc = visit_rows(&st, visit, ctx, err);
out:
	statement_done(&st);
	store_unlock(reader);
	return rc;
}

struct verification {
	int64_t seq; /* of the last entry that holds */
	unsigned char hash[32];
	size_t visited;
	int rc;
	struct error *err;
};

static int
verify_row(void *ctx, const struct audit_row *row)
{
	struct verification *v = ctx;
	unsigned char expected[32];

	v->visited++;
	if (auditchain_hash(v->hash, row, expected, v->err) != 0 ||
	    row->seq != v->seq + 1 ||
	    memcmp(row->hash, expected, sizeof(expected)) != 0) {
		v->rc = error_set(v->err, ERROR_CONFLICT,
		    "the audit record does not hold at entry %lld",
		    (long long)v->seq + 1);
		return -1;
	}
	v->seq = row->seq;
	memcpy(v->hash, row->hash, sizeof(v->hash));
	return 0;
}

/* In batches: entries are only ever added, so writers need not wait for all of it. */
int
store_audit_verify(struct store *store, int64_t *entries, struct error *err)
{
	struct verification v = { .err = err };

	do {
		v.visited = 0;
		if (store_audit_each(store, v.seq, VERIFY_BATCH, verify_row, &v, err) !=
			0 ||
		    v.rc != 0)
			return -1;
	} while (v.visited == VERIFY_BATCH);
	*entries = v.seq;
	return 0;
}

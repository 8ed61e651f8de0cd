/*
 * audit.c - the chained record of who did what.
 *
 * Each entry's hash covers the hash before it, so a changed, removed or inserted entry
 * shows, unless everything after it was recomputed too. Entries removed from the end
 * do not show: compare the head with a copy of it kept elsewhere.
 */
#include "store/store.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "store/database.h"
#include "store/statement.h"

#define VERIFY_BATCH 1000

/* Length first, so that no two entries have the same text: "3:web,". */
static void
append_field(struct buffer *text, const char *field)
{
	buf_printf(text, "%zu:%s,", strlen(field), field);
}

static int
chain_hash(const unsigned char previous[static 32], const struct audit_row *row,
    unsigned char hash[static 32], struct error *err)
{
	struct buffer text;
	int rc = -1;

	buf_init(&text, 0);
	buf_append(&text, previous, 32);
	buf_printf(&text, "%lld,%lld,", (long long)row->seq, (long long)row->time);
	append_field(&text, row->actor);
	append_field(&text, row->action);
	append_field(&text, row->object);
	append_field(&text, row->detail);
	if (buf_failed(&text)) {
		error_set(err, ERROR_INTERNAL, "out of memory");
		goto out;
	}
	if (EVP_Digest(text.data, text.len, hash, NULL, EVP_sha256(), NULL) != 1) {
		error_set_openssl(err, ERROR_INTERNAL, "SHA-256");
		goto out;
	}
	rc = 0;
out:
	buf_free(&text);
	return rc;
}

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

	if (statement_use(
		store, "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)", &st, err) != 0)
		return -1;
	bind_int(&st, row->seq);
	bind_int(&st, row->time);
	bind_text(&st, row->actor);
	bind_text(&st, row->action);
	bind_text(&st, row->object);
	bind_text(&st, row->detail);
	bind_blob(&st, row->hash, sizeof(row->hash));
	rc = statement_run(&st, err);
	statement_done(&st);
	return rc;
}

int
audit_insert(struct store *store, const struct audit_event *event, struct error *err)
{
	struct audit_row row = {
		.time = clock_now_s(),
		.actor = event->actor,
		.action = event->action,
		.object = event->object,
		.detail = event->detail != NULL ? event->detail : "",
	};
	unsigned char previous[32];

	if (read_head(store, &row.seq, previous, err) != 0)
		return -1;
	row.seq++;
	if (chain_hash(previous, &row, row.hash, err) != 0)
		return -1;
	return insert_row(store, &row, err);
}

static int
append(struct store *store, void *ctx, struct error *err)
{
	return audit_insert(store, ctx, err);
}

int
store_audit_append(
    struct store *store, const struct audit_event *event, struct error *err)
{
	struct audit_event copy = *event;

	return group_run(store, append, &copy, err);
}

static int
read_row(const struct statement *st, struct audit_row *row, struct error *err)
{
	*row = (struct audit_row){
		.seq = column_int(st, 0),
		.time = column_int(st, 1),
		.actor = column_text(st, 2),
		.action = column_text(st, 3),
		.object = column_text(st, 4),
		.detail = column_text(st, 5),
	};
	return column_copy_hash(st, 6, row->hash, err);
}

int
store_audit_each(struct store *store, int64_t after_seq, size_t limit,
    int (*visit)(void *ctx, const struct audit_row *row), void *ctx, struct error *err)
{
	static const char sql[] = "SELECT seq, time, actor, action, object, detail, hash "
				  "FROM audit WHERE seq > ? ORDER BY seq LIMIT ?";
	struct audit_row entry;
	struct statement st;
	bool row;
	int rc;

	store_lock(store);
	if ((rc = statement_use(store, sql, &st, err)) != 0)
		goto out;
	bind_int(&st, after_seq);
	bind_int(&st, limit < INT64_MAX ? (int64_t)limit : INT64_MAX);
	while ((rc = statement_step(&st, &row, err)) == 0 && row) {
		if ((rc = read_row(&st, &entry, err)) != 0 || visit(ctx, &entry) != 0)
			break;
	}
out:
	statement_done(&st);
	store_unlock(store);
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
	if ((v->rc = chain_hash(v->hash, row, expected, v->err)) != 0)
		return -1;
	if (row->seq != v->seq + 1 ||
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

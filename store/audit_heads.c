/* audit_heads.c - how far the record reached, as a key on the token signed it. */
#include "store/audit.h"

#include <string.h>

#include "store/database.h"
#include "store/statement.h"

#define COLUMNS "id, seq, time, hash, spki, signature"

int
store_audit_end(struct store *store, struct audit_head *end, struct error *err)
{
	struct store *reader = store->reader;
	struct statement st;
	bool row = false;
	int rc;

	*end = (struct audit_head){ 0 };
	store_lock(reader);
	if ((rc = statement_use(reader,
		 "SELECT seq, time, hash FROM audit ORDER BY seq DESC LIMIT 1", &st,
		 err)) != 0 ||
	    (rc = statement_step(&st, &row, err)) != 0 || !row)
		goto out;
	end->seq = column_int(&st, 0);
	end->time = column_int(&st, 1);
	if (column_copy_hash(&st, 2, end->hash, NULL) != 0)
		memset(end->hash, 0, sizeof(end->hash));
out:
	statement_done(&st);
	store_unlock(reader);
	return rc;
}

static int
add(struct store *store, void *ctx, struct error *err)
{
	const struct audit_head *head = ctx;
	struct statement st;
	int rc;

	if (statement_use(store,
		"INSERT INTO audit_heads (seq, time, hash, spki, signature) "
		"VALUES (?, ?, ?, ?, ?)",
		&st, err) != 0)
		return -1;
	bind_int(&st, head->seq);
	bind_int(&st, head->time);
	bind_blob(&st, head->hash, sizeof(head->hash));
	bind_blob(&st, head->spki.data, head->spki.len);
	bind_blob(&st, head->signature.data, head->signature.len);
	rc = statement_run(&st, err);
	statement_done(&st);
	return rc;
}

int
store_audit_head_add(
    struct store *store, const struct audit_head *head, struct error *err)
{
	struct audit_head copy = *head;

	return group_run(store, add, &copy, err);
}

/* As of an entry: what was made of it is for who verifies. */
static struct audit_head
read_head(const struct statement *st)
{
	struct audit_head head = {
		.seq = column_int(st, 1),
		.time = column_int(st, 2),
		.spki = column_blob(st, 4),
		.signature = column_blob(st, 5),
	};

	if (column_copy_hash(st, 3, head.hash, NULL) != 0)
		memset(head.hash, 0, sizeof(head.hash));
	return head;
}

static int
each(struct statement *st,
    int (*visit)(void *ctx, int64_t id, const struct audit_head *head), void *ctx,
    struct error *err)
{
	struct audit_head head;
	bool row;
	int rc;

	while ((rc = statement_step(st, &row, err)) == 0 && row) {
		head = read_head(st);
		if (visit(ctx, column_int(st, 0), &head) != 0)
			break;
	}
	return rc;
}

int
store_audit_head_each(struct store *store, int64_t after_id, size_t limit,
    int (*visit)(void *ctx, int64_t id, const struct audit_head *head), void *ctx,
    struct error *err)
{
	struct store *reader = store->reader;
	struct statement st;
	int rc;

	store_lock(reader);
	rc = statement_use(reader,
	    "SELECT " COLUMNS " FROM audit_heads WHERE id > ? ORDER BY id LIMIT ?", &st,
	    err);
	if (rc == 0) {
		bind_int(&st, after_id);
		bind_int(&st, (int64_t)limit);
		rc = each(&st, visit, ctx, err);
	}
	statement_done(&st);
	store_unlock(reader);
	return rc;
}

int
store_audit_head_last(struct store *store,
    int (*visit)(void *ctx, int64_t id, const struct audit_head *head), void *ctx,
    struct error *err)
{
	struct store *reader = store->reader;
	struct statement st;
	int rc;

	store_lock(reader);
	rc = statement_use(reader,
	    "SELECT " COLUMNS " FROM audit_heads ORDER BY id DESC LIMIT 1", &st, err);
	if (rc == 0)
		rc = each(&st, visit, ctx, err);
	statement_done(&st);
	store_unlock(reader);
	return rc;
}

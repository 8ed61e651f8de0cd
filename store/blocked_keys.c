/* blocked_keys.c - the list of public keys that are never certified. */
#include "store/blocked_keys.h"

#include "store/database.h"
#include "store/statement.h"

static int
is_there(
    struct store *store, const unsigned char *spki_sha256, bool *there, struct error *err)
{
	static const char sql[] = "SELECT 1 FROM blocked_keys WHERE spki_sha256 = ?";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_blob(&st, spki_sha256, 32);
	rc = statement_step(&st, there, err);
	statement_done(&st);
	return rc;
}

static int
upsert(struct store *store, const struct blocked_key_row *row, struct error *err)
{
	static const char sql[] =
	    "INSERT INTO blocked_keys (spki_sha256, reason, created) VALUES (?, ?, ?) "
	    "ON CONFLICT (spki_sha256) DO UPDATE SET reason = excluded.reason";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_blob(&st, row->spki_sha256, sizeof(row->spki_sha256));
	bind_text(&st, row->reason);
	bind_int(&st, row->created);
	rc = statement_run(&st, err);
	statement_done(&st);
	return rc;
}

int
store_blocked_key_put(struct store *store, const struct blocked_key_row *row,
    const struct audit_event *event, bool *added, struct error *err)
{
	bool there = false;
	int rc;

	if (transaction_begin(store, err) != 0)
		return -1;
	if ((rc = is_there(store, row->spki_sha256, &there, err)) == 0 &&
	    (rc = upsert(store, row, err)) == 0)
		rc = audit_insert(store, event, err);
	*added = !there;
	return transaction_end(store, rc, err);
}

static int
delete_row(struct store *store, const unsigned char *spki_sha256, struct error *err)
{
	static const char sql[] = "DELETE FROM blocked_keys WHERE spki_sha256 = ?";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_blob(&st, spki_sha256, 32);
	rc = statement_run(&st, err);
	if (rc == 0 && sqlite3_changes(store->db) == 0)
		rc = error_set(err, ERROR_NOT_FOUND, "this key is not blocked");
	statement_done(&st);
	return rc;
}

int
store_blocked_key_remove(struct store *store, const unsigned char spki_sha256[static 32],
    const struct audit_event *event, struct error *err)
{
	int rc;

	if (transaction_begin(store, err) != 0)
		return -1;
	if ((rc = delete_row(store, spki_sha256, err)) == 0)
		rc = audit_insert(store, event, err);
	return transaction_end(store, rc, err);
}

static int
read_row(const struct statement *st, struct blocked_key_row *row, struct error *err)
{
	row->created = column_int(st, 2);
	if (column_copy_hash(st, 0, row->spki_sha256, err) != 0)
		return -1;
	return column_copy_text(st, 1, row->reason, sizeof(row->reason), err);
}

int
store_blocked_key_find(struct store *store, const unsigned char spki_sha256[static 32],
    struct blocked_key_row *row, bool *found, struct error *err)
{
	static const char sql[] =
	    "SELECT spki_sha256, reason, created FROM blocked_keys WHERE spki_sha256 = ?";
	struct store *reader = store->reader;
	struct statement st;
	int rc;

	store_lock(reader);
	if ((rc = statement_use(reader, sql, &st, err)) != 0)
		goto out;
	bind_blob(&st, spki_sha256, 32);
	if ((rc = statement_step(&st, found, err)) == 0 && *found)
		rc = read_row(&st, row, err);
out:
	statement_done(&st);
	store_unlock(reader);
	return rc;
}

int
store_blocked_key_each(struct store *store, const unsigned char *after, size_t limit,
    int (*visit)(void *ctx, const struct blocked_key_row *row), void *ctx,
    struct error *err)
{
	static const char sql[] = "SELECT spki_sha256, reason, created FROM blocked_keys "
				  "WHERE spki_sha256 > ? ORDER BY spki_sha256 LIMIT ?";
	struct blocked_key_row blocked;
	struct statement st;
	bool row;
	int rc;

	store_lock(store);
	if ((rc = statement_use(store, sql, &st, err)) != 0)
		goto out;
	/* An empty blob is before every other. */
	bind_blob(&st, after, after != NULL ? sizeof(blocked.spki_sha256) : 0);
	bind_int(&st, (int64_t)limit);
	while ((rc = statement_step(&st, &row, err)) == 0 && row) {
		if ((rc = read_row(&st, &blocked, err)) != 0 || visit(ctx, &blocked) != 0)
			break;
	}
out:
	statement_done(&st);
	store_unlock(store);
	return rc;
}

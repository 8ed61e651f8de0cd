/* tokens.c - bearer tokens that are made, revoked, and forgotten long after their end. */
#include "store/tokens.h"

#include <string.h>

#include "store/database.h"
#include "store/statement.h"

bool
token_has_ended(const struct token_row *row, int64_t now)
{
	return row->revoked != 0 || row->expires <= now;
}

static int
forget(struct store *store, const char *name, int64_t now, struct error *err)
{
	static const char sql[] = "DELETE FROM tokens WHERE (name = ? AND min(expires, "
				  "coalesce(revoked, expires)) <= ?) "
				  "OR min(expires, coalesce(revoked, expires)) <= ?";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, name);
	bind_int(&st, now);
	bind_int(&st, now - TOKEN_KEPT_S);
	rc = statement_run(&st, err);
	statement_done(&st);
	return rc;
}

static int
insert_row(struct store *store, const struct token_row *row, struct error *err)
{
	static const char sql[] =
	    "INSERT INTO tokens (name, salt, hash, created, expires, revoked) "
	    "VALUES (?, ?, ?, ?, ?, NULL)";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, row->name);
	bind_blob(&st, row->salt, sizeof(row->salt));
	bind_blob(&st, row->hash, sizeof(row->hash));
	bind_int(&st, row->created);
	bind_int(&st, row->expires);
	rc = statement_run(&st, err);
	if (statement_hit_unique(&st))
		error_set(err, ERROR_CONFLICT,
		    "there is a token %s, neither revoked nor expired", row->name);
	statement_done(&st);
	return rc;
}

int
store_token_add(struct store *store, const struct token_row *row,
    const struct audit_event *event, struct error *err)
{
	int rc;

	if (transaction_begin(store, err) != 0)
		return -1;
	if ((rc = forget(store, row->name, row->created, err)) == 0 &&
	    (rc = insert_row(store, row, err)) == 0)
		rc = audit_insert(store, event, err);
	return transaction_end(store, rc, err);
}

static int
mark_revoked(struct store *store, const char *name, int64_t revoked, struct error *err)
{
	static const char sql[] =
	    "UPDATE tokens SET revoked = ? WHERE name = ? AND revoked IS NULL";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_int(&st, revoked);
	bind_text(&st, name);
	rc = statement_run(&st, err);
	if (rc == 0 && sqlite3_changes(store->db) == 0)
		rc = error_set(err, ERROR_NOT_FOUND,
		    "no token %s that is not revoked already", name);
	statement_done(&st);
	return rc;
}

int
store_token_revoke(struct store *store, const char *name, int64_t revoked,
    const struct audit_event *event, struct error *err)
{
	int rc;

	if (transaction_begin(store, err) != 0)
		return -1;
	if ((rc = mark_revoked(store, name, revoked, err)) == 0)
		rc = audit_insert(store, event, err);
	return transaction_end(store, rc, err);
}

static int
read_row(const struct statement *st, struct token_row *row, struct error *err)
{
	struct bytes salt = column_blob(st, 1);

	if (salt.len != sizeof(row->salt))
		return error_set(
		    err, ERROR_IO, "database: a salt of %zu bytes", salt.len);
	memcpy(row->salt, salt.data, sizeof(row->salt));
	row->created = column_int(st, 3);
	row->expires = column_int(st, 4);
	row->revoked = column_int(st, 5);
	if (column_copy_hash(st, 2, row->hash, err) != 0)
		return -1;
	return column_copy_text(st, 0, row->name, sizeof(row->name), err);
}

int
store_token_each(struct store *store,
    int (*visit)(void *ctx, const struct token_row *row), void *ctx, struct error *err)
{
	static const char sql[] =
	    "SELECT name, salt, hash, created, expires, coalesce(revoked, 0) "
	    "FROM tokens ORDER BY name";
	struct token_row token;
	struct statement st;
	bool row;
	int rc;

	store_lock(store);
	if ((rc = statement_use(store, sql, &st, err)) != 0)
		goto out;
	while ((rc = statement_step(&st, &row, err)) == 0 && row) {
		if ((rc = read_row(&st, &token, err)) != 0 || visit(ctx, &token) != 0)
			break;
	}
out:
	statement_done(&st);
	store_unlock(store);
	return rc;
}

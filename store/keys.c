/* keys.c - the keys that keyhold uses, and where on the token each one is. */
#include "store/store.h"

#include <string.h>

#include "store/database.h"
#include "store/statement.h"

static int
insert_key(struct store *store, const struct key_row *key, struct error *err)
{
	static const char sql[] =
	    "INSERT INTO keys (spki_sha256, name, type, use, cka_id, spki, created, "
	    "replaced, token) VALUES (?, ?, ?, ?, ?, ?, ?, nullif(?, 0), ?)";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_blob(&st, key->spki_sha256, sizeof(key->spki_sha256));
	bind_text(&st, key->name);
	bind_text(&st, key->type);
	bind_text(&st, key->use);
	bind_blob(&st, key->cka_id, key->cka_id_len);
	bind_blob(&st, key->spki, key->spki_len);
	bind_int(&st, key->created);
	bind_int(&st, key->replaced);
	bind_text(&st, key->token);
	rc = statement_run(&st, err);
	if (statement_hit_unique(&st))
		error_set(err, ERROR_CONFLICT,
		    "key %s: the name or the key is in use already", key->name);
	statement_done(&st);
	return rc;
}

int
store_key_add(struct store *store, const struct key_row *key,
    const struct audit_event *event, struct error *err)
{
	int rc;

	if (transaction_begin(store, err) != 0)
		return -1;
	if ((rc = insert_key(store, key, err)) == 0)
		rc = audit_insert(store, event, err);
	return transaction_end(store, rc, err);
}

static int
mark_replaced(struct store *store, const unsigned char *old, const struct key_row *key,
    struct error *err)
{
	static const char sql[] =
	    "UPDATE keys SET replaced = ? "
	    "WHERE spki_sha256 = ? AND name = ? AND replaced IS NULL";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_int(&st, key->created);
	bind_blob(&st, old, sizeof(key->spki_sha256));
	bind_text(&st, key->name);
	rc = statement_run(&st, err);
	if (rc == 0 && sqlite3_changes(store->db) == 0)
		rc = error_set(err, ERROR_NOT_FOUND,
		    "the current key %s is not the one to be replaced", key->name);
	statement_done(&st);
	return rc;
}

int
store_key_replace(struct store *store, const unsigned char old[static 32],
    const struct key_row *key, const struct audit_event *event, struct error *err)
{
	int rc;

	if (transaction_begin(store, err) != 0)
		return -1;
	rc = mark_replaced(store, old, key, err);
	if (rc == 0)
		rc = insert_key(store, key, err);
	if (rc == 0)
		rc = audit_insert(store, event, err);
	return transaction_end(store, rc, err);
}

static int
delete_key(struct store *store, const unsigned char *spki_sha256, struct error *err)
{
	struct statement st;
	int rc;

	if (statement_use(store, "DELETE FROM keys WHERE spki_sha256 = ?", &st, err) != 0)
		return -1;
	bind_blob(&st, spki_sha256, 32);
	rc = statement_run(&st, err);
	if (statement_hit_reference(&st))
		error_set(err, ERROR_CONFLICT, "this key belongs to an issuer");
	else if (rc == 0 && sqlite3_changes(store->db) == 0)
		rc = error_set(err, ERROR_NOT_FOUND, "no key with this SPKI hash");
	statement_done(&st);
	return rc;
}

int
store_key_remove(struct store *store, const unsigned char spki_sha256[static 32],
    const struct audit_event *event, struct error *err)
{
	int rc;

	if (transaction_begin(store, err) != 0)
		return -1;
	if ((rc = delete_key(store, spki_sha256, err)) == 0)
		rc = audit_insert(store, event, err);
	return transaction_end(store, rc, err);
}

static int
read_key(const struct statement *st, struct key_row *key, struct error *err)
{
	struct bytes cka_id = column_blob(st, 3), spki = column_blob(st, 4);

	*key = (struct key_row){ .cka_id_len = cka_id.len, .spki_len = spki.len };
	if (cka_id.len > sizeof(key->cka_id) || spki.len > sizeof(key->spki))
		return error_set(
		    err, ERROR_IO, "database: a key that keyhold did not write");
	if (cka_id.len != 0)
		memcpy(key->cka_id, cka_id.data, cka_id.len);
	if (spki.len != 0)
		memcpy(key->spki, spki.data, spki.len);
	key->created = column_int(st, 6);
	key->replaced = column_int(st, 7);
	if (column_copy_text(st, 0, key->name, sizeof(key->name), err) != 0 ||
	    column_copy_text(st, 1, key->type, sizeof(key->type), err) != 0 ||
	    column_copy_text(st, 2, key->use, sizeof(key->use), err) != 0 ||
	    column_copy_text(st, 8, key->token, sizeof(key->token), err) != 0)
		return -1;
	return column_copy_hash(st, 5, key->spki_sha256, err);
}

int
store_key_each(struct store *store, int (*visit)(void *ctx, const struct key_row *row),
    void *ctx, struct error *err)
{
	static const char sql[] =
	    "SELECT name, type, use, cka_id, spki, spki_sha256, created, replaced, "
	    "token FROM keys ORDER BY name, replaced IS NOT NULL, replaced DESC, rowid "
	    "DESC";
	struct statement st;
	struct key_row key;
	bool row;
	int rc;

	store_lock(store);
	if ((rc = statement_use(store, sql, &st, err)) != 0)
		goto out;
	while ((rc = statement_step(&st, &row, err)) == 0 && row) {
		if ((rc = read_key(&st, &key, err)) != 0 || visit(ctx, &key) != 0)
			break;
	}
out:
	statement_done(&st);
	store_unlock(store);
	return rc;
}

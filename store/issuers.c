/*
 * issuers.c - the certificate authorities.
 *
 * An issuer's key and parent are in the store before it: the database refuses an
 * issuer without them, and refuses to remove the key of one.
 */
#include "store/store.h"

#include "store/database.h"
#include "store/statement.h"

static int
insert_issuer(struct store *store, const struct issuer_row *issuer, struct error *err)
{
	static const char sql[] =
	    "INSERT INTO issuers (name, parent, key_spki_sha256, created, certificate) "
	    "VALUES (?, nullif(?, ''), ?, ?, ?)";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, issuer->name);
	bind_text(&st, issuer->parent);
	bind_blob(&st, issuer->key_spki_sha256, sizeof(issuer->key_spki_sha256));
	bind_int(&st, issuer->created);
	bind_blob(&st, issuer->certificate.data, issuer->certificate.len);
	rc = statement_run(&st, err);
	if (statement_hit_unique(&st))
		error_set(err, ERROR_CONFLICT, "issuer %s exists already", issuer->name);
	if (statement_hit_reference(&st))
		error_set(err, ERROR_NOT_FOUND,
		    "issuer %s: no such key, or no parent \"%s\"", issuer->name,
		    issuer->parent);
	statement_done(&st);
	return rc;
}

int
store_issuer_add(struct store *store, const struct issuer_row *issuer,
    const struct audit_event *event, struct error *err)
{
	int rc;

	if (transaction_begin(store, err) != 0)
		return -1;
	if ((rc = insert_issuer(store, issuer, err)) == 0)
		rc = audit_insert(store, event, err);
	return transaction_end(store, rc, err);
}

static int
read_issuer(const struct statement *st, struct issuer_row *issuer, struct error *err)
{
	issuer->created = column_int(st, 3);
	issuer->certificate = column_blob(st, 4);
	if (column_copy_text(st, 0, issuer->name, sizeof(issuer->name), err) != 0 ||
	    column_copy_text(st, 1, issuer->parent, sizeof(issuer->parent), err) != 0)
		return -1;
	return column_copy_hash(st, 2, issuer->key_spki_sha256, err);
}

int
store_issuer_each(struct store *store,
    int (*visit)(void *ctx, const struct issuer_row *row), void *ctx, struct error *err)
{
	static const char sql[] =
	    "SELECT name, parent, key_spki_sha256, created, certificate "
	    "FROM issuers ORDER BY id";
	struct issuer_row issuer;
	struct statement st;
	bool row;
	int rc;

	store_lock(store);
	if ((rc = statement_use(store, sql, &st, err)) != 0)
		goto out;
	while ((rc = statement_step(&st, &row, err)) == 0 && row) {
		if ((rc = read_issuer(&st, &issuer, err)) != 0 ||
		    visit(ctx, &issuer) != 0)
			break;
	}
out:
	statement_done(&st);
	store_unlock(store);
	return rc;
}

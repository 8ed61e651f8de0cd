/*
 * profiles.c - documents under a name.
 *
 * The version is the number of the audit entry that tells of the change, so that a
 * profile which is deleted and made anew never looks like the one it was.
 */
#include "store/profiles.h"

#include "base/clock.h"
#include "store/database.h"
#include "store/statement.h"

static int
upsert(struct store *store, const char *name, const char *document, int64_t version,
    struct error *err)
{
	static const char sql[] =
	    "INSERT INTO profiles (name, version, changed, document) VALUES (?, ?, ?, ?) "
	    "ON CONFLICT (name) DO UPDATE SET version = excluded.version, "
	    "changed = excluded.changed, document = excluded.document";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, name);
	bind_int(&st, version);
	bind_int(&st, clock_now_s());
	bind_text(&st, document);
	rc = statement_run(&st, err);
	statement_done(&st);
	return rc;
}

int
store_profile_put(struct store *store, const char *name, const char *document,
    const struct audit_event *event, int64_t *version, struct error *err)
{
	static const char last[] = "SELECT max(seq) FROM audit";
	int rc;

	if (transaction_begin(store, err) != 0)
		return -1;
	if ((rc = audit_insert(store, event, err)) == 0 &&
	    (rc = database_query_int(store, last, version, err)) == 0)
		rc = upsert(store, name, document, *version, err);
	return transaction_end(store, rc, err);
}

static int
delete_row(struct store *store, const char *name, struct error *err)
{
	static const char sql[] = "DELETE FROM profiles WHERE name = ?";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, name);
	if ((rc = statement_run(&st, err)) == 0 && sqlite3_changes(store->db) == 0)
		rc = error_set(err, ERROR_NOT_FOUND, "no profile %s", name);
	statement_done(&st);
	return rc;
}

int
store_profile_delete(struct store *store, const char *name,
    const struct audit_event *event, struct error *err)
{
	int rc;

	if (transaction_begin(store, err) != 0)
		return -1;
	if ((rc = delete_row(store, name, err)) == 0)
		rc = audit_insert(store, event, err);
	return transaction_end(store, rc, err);
}

int
store_profile_each(struct store *store,
    int (*visit)(void *ctx, const struct profile_row *row), void *ctx, struct error *err)
{
	static const char sql[] =
	    "SELECT name, version, changed, document FROM profiles ORDER BY name";
	struct profile_row profile;
	struct statement st;
	bool row;
	int rc;

	store_lock(store);
	if ((rc = statement_use(store, sql, &st, err)) != 0)
		goto out;
	while ((rc = statement_step(&st, &row, err)) == 0 && row) {
		if ((rc = column_copy_text(
			 &st, 0, profile.name, sizeof(profile.name), err)) != 0)
			break;
		profile.version = column_int(&st, 1);
		profile.changed = column_int(&st, 2);
		profile.document = column_text(&st, 3);
		if (visit(ctx, &profile) != 0)
			break;
	}
out:
	statement_done(&st);
	store_unlock(store);
	return rc;
}

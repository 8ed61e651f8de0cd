/* managed.c - two documents under a name, changed by whoever knows their revision. */
#include "store/managed.h"

#include "store/database.h"
#include "store/statement.h"

static int
insert(struct store *store, const struct managed_row *row, struct error *err)
{
	static const char sql[] = "INSERT INTO managed (name, revision, created, "
				  "definition, state) VALUES (?, ?, ?, ?, ?)";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, row->name);
	bind_int(&st, row->revision);
	bind_int(&st, row->created);
	bind_text(&st, row->definition);
	bind_text(&st, row->state);
	if ((rc = statement_run(&st, err)) != 0 && statement_hit_unique(&st))
		error_set(err, ERROR_CONFLICT,
		    "there is a managed certificate %s already", row->name);
	statement_done(&st);
	return rc;
}

int
store_managed_add(struct store *store, const struct managed_row *row,
    const struct audit_event *event, struct error *err)
{
	int rc;

	if (transaction_begin(store, err) != 0)
		return -1;
	if ((rc = insert(store, row, err)) == 0)
		rc = audit_insert(store, event, err);
	return transaction_end(store, rc, err);
}

/* Why no row was changed. */
static int
explain(struct store *store, const char *name, struct error *err)
{
	static const char sql[] = "SELECT 1 FROM managed WHERE name = ?";
	struct statement st;
	bool row;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, name);
	if ((rc = statement_step(&st, &row, err)) == 0)
		rc = row ? error_set(err, ERROR_CONFLICT,
			       "managed certificate %s was changed meanwhile: read it "
			       "again",
			       name)
			 : error_set(
			       err, ERROR_NOT_FOUND, "no managed certificate %s", name);
	statement_done(&st);
	return rc;
}

static int
update(struct store *store, const struct managed_row *row, struct error *err)
{
	static const char sql[] =
	    "UPDATE managed SET revision = revision + 1, definition = ?, state = ? "
	    "WHERE name = ? AND revision = ?";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, row->definition);
	bind_text(&st, row->state);
	bind_text(&st, row->name);
	bind_int(&st, row->revision);
	if ((rc = statement_run(&st, err)) == 0 && sqlite3_changes(store->db) == 0)
		rc = explain(store, row->name, err);
	statement_done(&st);
	return rc;
}

int
store_managed_change(struct store *store, const struct managed_row *row,
    const struct audit_event *event, struct error *err)
{
	int rc;

	if (transaction_begin(store, err) != 0)
		return -1;
	if ((rc = update(store, row, err)) == 0 && event != NULL)
		rc = audit_insert(store, event, err);
	return transaction_end(store, rc, err);
}

static int
delete_row(struct store *store, const char *name, int64_t revision, struct error *err)
{
	static const char sql[] =
	    "DELETE FROM managed WHERE name = ? AND ? IN (0, revision)";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, name);
	bind_int(&st, revision);
	if ((rc = statement_run(&st, err)) == 0 && sqlite3_changes(store->db) == 0)
		rc = explain(store, name, err);
	statement_done(&st);
	return rc;
}

int
store_managed_remove(struct store *store, const char *name, int64_t revision,
    const struct audit_event *event, struct error *err)
{
	int rc;

	if (transaction_begin(store, err) != 0)
		return -1;
	if ((rc = delete_row(store, name, revision, err)) == 0)
		rc = audit_insert(store, event, err);
	return transaction_end(store, rc, err);
}

static int
read_row(const struct statement *st, struct managed_row *row, struct error *err)
{
	if (column_copy_text(st, 0, row->name, sizeof(row->name), err) != 0)
		return -1;
	row->revision = column_int(st, 1);
	row->created = column_int(st, 2);
	row->revoked_at = column_int(st, 3);
	row->definition = column_text(st, 4);
	row->state = column_text(st, 5);
	return 0;
}

#define COLUMNS                                                                          \
	"SELECT name, revision, created, coalesce((SELECT revoked_at FROM certificates " \
	"WHERE serial = json_extract(managed.state, '$.serial')), 0), definition, "      \
	"state FROM managed "

int
store_managed_find(struct store *store, const char *name,
    int (*visit)(void *ctx, const struct managed_row *row), void *ctx, struct error *err)
{
	static const char sql[] = COLUMNS "WHERE name = ?";
	struct store *reader = store->reader;
	struct statement st = { 0 };
	struct managed_row managed;
	bool row;
	int rc = -1;

	store_lock(reader);
	if (statement_use(reader, sql, &st, err) != 0)
		goto out;
	bind_text(&st, name);
	if (statement_step(&st, &row, err) != 0)
		goto out;
	if (!row)
		error_set(err, ERROR_NOT_FOUND, "no managed certificate %.80s", name);
	else if ((rc = read_row(&st, &managed, err)) == 0)
		visit(ctx, &managed);
out:
	statement_done(&st);
	store_unlock(reader);
	return rc;
}

int
store_managed_each(struct store *store,
    int (*visit)(void *ctx, const struct managed_row *row), void *ctx, struct error *err)
{
	static const char sql[] = COLUMNS "ORDER BY name";
	struct store *reader = store->reader;
	struct statement st = { 0 };
	struct managed_row managed;
	bool row;
	int rc;

	store_lock(reader);
	if ((rc = statement_use(reader, sql, &st, err)) != 0)
		goto out;
	while ((rc = statement_step(&st, &row, err)) == 0 && row)
		if ((rc = read_row(&st, &managed, err)) != 0 || visit(ctx, &managed) != 0)
			break;
out:
	statement_done(&st);
	store_unlock(reader);
	return rc;
}

/* crls.c - records what was published, in the same commit as its number. */
#include "store/crls.h"

#include "store/database.h"
#include "store/statement.h"

static int
highest_number(
    struct store *store, const char *issuer, int64_t *highest, struct error *err)
{
	static const char sql[] =
	    "SELECT max(coalesce((SELECT max(number) FROM crls WHERE issuer = ?1), 0), "
	    "coalesce((SELECT max(number) FROM crl_bases WHERE issuer = ?1), 0))";
	struct statement st;
	bool row = false;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, issuer);
	if ((rc = statement_step(&st, &row, err)) == 0)
		*highest = column_int(&st, 0);
	statement_done(&st);
	return rc;
}

static int
write_row(
    struct store *store, const char *issuer, const struct crl_row *crl, struct error *err)
{
	static const char sql[] =
	    "INSERT OR REPLACE INTO crls (issuer, shard, delta, number, base, "
	    "last_change, this_update, next_update, crl) "
	    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, issuer);
	bind_int(&st, crl->shard);
	bind_int(&st, crl->is_delta);
	bind_int(&st, crl->number);
	bind_int(&st, crl->base);
	bind_int(&st, crl->last_change);
	bind_int(&st, crl->this_update);
	bind_int(&st, crl->next_update);
	bind_large_blob(&st, crl->crl.data, crl->crl.len);
	rc = statement_run(&st, err);
	statement_done(&st);
	return rc;
}

static int
write_base(
    struct store *store, const char *issuer, const struct crl_row *crl, struct error *err)
{
	static const char sql[] = "INSERT INTO crl_bases (issuer, number, last_change, "
				  "this_update, next_update) VALUES (?, ?, ?, ?, ?)";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, issuer);
	bind_int(&st, crl->number);
	bind_int(&st, crl->last_change);
	bind_int(&st, crl->this_update);
	bind_int(&st, crl->next_update);
	rc = statement_run(&st, err);
	statement_done(&st);
	return rc;
}

static int
forget_bases(struct store *store, const char *issuer, int64_t now, struct error *err)
{
	static const char sql[] =
	    "DELETE FROM crl_bases WHERE issuer = ? AND next_update <= ?";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, issuer);
	bind_int(&st, now);
	rc = statement_run(&st, err);
	statement_done(&st);
	return rc;
}

static int
record(struct store *store, const char *issuer, const struct crl_row *rows, size_t count,
    bool is_base, struct error *err)
{
	int64_t highest;

	if (highest_number(store, issuer, &highest, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (rows[i].number <= highest)
			return error_set(err, ERROR_CONFLICT,
			    "issuer %s: CRL number %lld was used before", issuer,
			    (long long)rows[i].number);
		if (write_row(store, issuer, &rows[i], err) != 0)
			return -1;
	}
	if (!is_base)
		return 0;
	if (forget_bases(store, issuer, rows[0].this_update, err) != 0)
		return -1;
	return write_base(store, issuer, &rows[0], err);
}

int
store_crls_record(struct store *store, const char *issuer, const struct crl_row *rows,
    size_t count, bool is_base, const struct audit_event *event, struct error *err)
{
	int rc;

	if (transaction_begin(store, err) != 0)
		return -1;
	if ((rc = record(store, issuer, rows, count, is_base, err)) == 0)
		rc = audit_insert(store, event, err);
	return transaction_end(store, rc, err);
}

int
store_crl_each(struct store *store, const char *issuer,
    int (*visit)(void *ctx, const struct crl_row *row), void *ctx, struct error *err)
{
	static const char sql[] =
	    "SELECT shard, delta, number, base, last_change, this_update, next_update, "
	    "crl FROM crls WHERE issuer = ? ORDER BY shard, delta";
	struct statement st;
	bool row;
	int rc;

	store_lock(store);
	if ((rc = statement_use(store, sql, &st, err)) == 0)
		bind_text(&st, issuer);
	while (rc == 0 && (rc = statement_step(&st, &row, err)) == 0 && row) {
		struct crl_row crl = {
			.shard = (int)column_int(&st, 0),
			.is_delta = column_int(&st, 1) != 0,
			.number = column_int(&st, 2),
			.base = column_int(&st, 3),
			.last_change = column_int(&st, 4),
			.this_update = column_int(&st, 5),
			.next_update = column_int(&st, 6),
			.crl = column_blob(&st, 7),
		};

		if (visit(ctx, &crl) != 0)
			break;
	}
	statement_done(&st);
	store_unlock(store);
	return rc;
}

#define BASE_COLUMNS "number, last_change, this_update, next_update"

static int
read_base(struct statement *st, struct crl_base *base, struct error *err)
{
	bool row = false;
	int rc = statement_step(st, &row, err);

	*base = (struct crl_base){ 0 };
	if (rc == 0 && row)
		*base = (struct crl_base){
			.number = column_int(st, 0),
			.last_change = column_int(st, 1),
			.this_update = column_int(st, 2),
			.next_update = column_int(st, 3),
		};
	statement_done(st);
	return rc;
}

static int
last_base(
    struct store *store, const char *issuer, struct crl_base *base, struct error *err)
{
	static const char sql[] = "SELECT " BASE_COLUMNS " FROM crl_bases "
				  "WHERE issuer = ? ORDER BY number DESC LIMIT 1";
	struct statement st;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, issuer);
	return read_base(&st, base, err);
}

static int
oldest_base(struct store *store, const char *issuer, int64_t now, struct crl_base *base,
    struct error *err)
{
	static const char sql[] =
	    "SELECT " BASE_COLUMNS " FROM crl_bases "
	    "WHERE issuer = ? AND next_update > ? ORDER BY number LIMIT 1";
	struct statement st;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, issuer);
	bind_int(&st, now);
	return read_base(&st, base, err);
}

int
store_crl_numbers(struct store *store, const char *issuer, int64_t now, int64_t *highest,
    struct crl_base *last, struct crl_base *oldest, struct error *err)
{
	int rc;

	store_lock(store);
	rc = highest_number(store, issuer, highest, err);
	if (rc == 0)
		rc = last_base(store, issuer, last, err);
	if (rc == 0)
		rc = oldest_base(store, issuer, now, oldest, err);
	store_unlock(store);
	return rc;
}

/* statistics.c - counts, and the size of two files. */
#include "store/statistics.h"

#include <stdio.h>
#include <sys/stat.h>

#include "store/certificate_columns.h"
#include "store/database.h"
#include "store/statement.h"

static const char *
path_of(const struct store *store)
{
	return sqlite3_db_filename(store->db, "main");
}

static int64_t
bytes_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_blocks * 512 : 0;
}

int
store_size(struct store *store, struct store_size *size, struct error *err)
{
	struct store *reader = store->reader;
	int rc;

	store_lock(reader);
	rc = database_query_int(
	    reader, "SELECT max(seq) FROM audit", &size->audit_entries, err);
	size->bytes =
	    bytes_of(path_of(reader)) + bytes_of(sqlite3_filename_wal(path_of(reader)));
	store_unlock(reader);
	return rc;
}

static const char counts_sql[] =
    "WITH "
    "counted AS (SELECT issuer, count(*) AS valid, sum(not_after < ?1 + 86400) AS d1,"
    "  sum(not_after < ?1 + 7 * 86400) AS d7, sum(not_after < ?1 + 30 * 86400) AS d30 "
    "  FROM certificates INDEXED BY certificates_by_expiry"
    "  WHERE not_after >= ?1 AND revoked_at IS NULL GROUP BY issuer), "
    "ending AS (SELECT id, issuer, names, not_before, not_after"
    "  FROM certificates INDEXED BY certificates_by_expiry"
    "  WHERE not_after >= ?1 AND not_after < ?1 + 30 * 86400 AND revoked_at IS NULL"
    "  ORDER BY not_after LIMIT ?2), "
    "overdue AS (SELECT c.issuer, count(*) AS n FROM ending c"
    "  WHERE c.names <> '' AND 6 * (c.not_after - ?1) < c.not_after - c.not_before"
    "  AND NOT EXISTS (SELECT 1 FROM certificate_names n"
    "    JOIN certificates l ON l.id = n.id WHERE n.name = " CERTIFICATE_FIRST_NAME(
	"c") "    AND n.id > c.id AND l.not_after > c.not_after AND l.revoked_at IS NULL)"
	     "  GROUP BY c.issuer) "
	     "SELECT counted.issuer, valid, d1, d7, d30, coalesce(overdue.n, 0)"
	     "  FROM counted LEFT JOIN overdue ON overdue.issuer = counted.issuer";

static int
visit_counts(struct store *store, int64_t now,
    void (*visit)(void *ctx, const struct certificate_counts *counts), void *ctx,
    struct error *err)
{
	struct statement st;
	bool row;
	int rc = statement_prepare(store, counts_sql, &st, err);

	if (rc != 0)
		return -1;
	bind_int(&st, now);
	bind_int(&st, STATISTICS_OVERDUE_LOOKED_AT);
	while ((rc = statement_step(&st, &row, err)) == 0 && row) {
		const struct certificate_counts counts = {
			.issuer = column_text(&st, 0),
			.valid = column_int(&st, 1),
			.within_1d = column_int(&st, 2),
			.within_7d = column_int(&st, 3),
			.within_30d = column_int(&st, 4),
			.overdue = column_int(&st, 5),
		};

		visit(ctx, &counts);
	}
	statement_done(&st);
	return rc;
}

int
store_certificate_counts(struct store *store, int64_t now,
    void (*visit)(void *ctx, const struct certificate_counts *counts), void *ctx,
    struct error *err)
{
	struct store *own;
	int rc;

	if (database_open_reader(path_of(store), &own, err) != 0)
		return -1;
	rc = visit_counts(own, now, visit, ctx, err);
	store_close(own);
	return rc;
}

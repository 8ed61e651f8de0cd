/* expiry.c - one query: a page of ids from an index alone, then their rows. */
#include "store/expiry.h"

#include "store/certificate_columns.h"
#include "store/database.h"
#include "store/statement.h"

#define REPLACES "l.id > c.id AND l.not_after >= c.not_after AND l.revoked_at IS NULL"

/* The last column: certificates of version 2 have no key on record. */
#define IS_REPLACED                                                                      \
	"(c.spki_sha256 <> x'' AND EXISTS (SELECT 1 FROM certificates l"                 \
	"  INDEXED BY certificates_by_key"                                               \
	"  WHERE l.spki_sha256 = c.spki_sha256 AND " REPLACES "))"                       \
	" OR (c.names <> '' AND EXISTS (SELECT 1 FROM certificate_names n"               \
	"  JOIN certificates l ON l.id = n.id"                                           \
	"  WHERE n.name = " CERTIFICATE_FIRST_NAME(                                      \
	    "c") "  AND l.profile = c.profile AND " REPLACES "))"

#define PAGE(index)                                                                      \
	"SELECT " CERTIFICATE_COLUMNS ", " IS_REPLACED " FROM (SELECT id"                \
	" FROM certificates INDEXED BY " index                                           \
	" WHERE id > ?1 AND not_after >= ?2 AND not_after < ?3"                          \
	" AND revoked_at IS NULL ORDER BY id LIMIT ?4) JOIN certificates c USING (id)"   \
	" ORDER BY id"

static const char all_sql[] = PAGE("certificates_by_id");
static const char ending_sql[] = PAGE("certificates_by_expiry");

static int
visit_rows(struct store *own, const struct expiry_filter *filter,
    int (*visit)(
	void *ctx, int64_t id, const struct certificate_row *row, bool is_replaced),
    void *ctx, struct error *err)
{
	const int is_replaced = 13; /* behind CERTIFICATE_COLUMNS */
	struct certificate_row certificate;
	struct statement st;
	bool row;
	int rc =
	    statement_prepare(own, filter->has_before ? ending_sql : all_sql, &st, err);

	if (rc != 0)
		return -1;
	bind_int(&st, filter->after_id);
	bind_int(&st, filter->from);
	bind_int(&st, filter->has_before ? filter->before : INT64_MAX);
	bind_int(&st, (int64_t)filter->limit);
	while ((rc = statement_step(&st, &row, err)) == 0 && row) {
		if ((rc = certificate_read(&st, &certificate, err)) != 0 ||
		    visit(ctx, column_int(&st, 0), &certificate,
			column_int(&st, is_replaced) != 0) != 0)
			break;
	}
	statement_done(&st);
	return rc;
}

int
store_expiry_each(struct store *store, const struct expiry_filter *filter,
    int (*visit)(
	void *ctx, int64_t id, const struct certificate_row *row, bool is_replaced),
    void *ctx, struct error *err)
{
	struct store *own;
	int rc;

	if (database_open_reader(sqlite3_db_filename(store->db, "main"), &own, err) != 0)
		return -1;
	rc = visit_rows(own, filter, visit, ctx, err);
	store_close(own);
	return rc;
}

/*
 * certificate_list.c - certificates by filter, a page at a time.
 *
 * The inner query finds the page's ids from an index alone, in order of id; the outer
 * one reads only those rows. Left to itself SQLite would walk the wide table.
 */
#include "store/store.h"

#include <string.h>

#include "base/clock.h"
#include "store/certificate_columns.h"
#include "store/database.h"
#include "store/statement.h"

#define FEW 5000

enum listed {
	LISTED_ALL,
	LISTED_VALID,
	LISTED_EXPIRED,
	LISTED_REVOKED,
};

static int
read_status(const char *status, enum listed *listed, struct error *err)
{
	static const char *const names[] = {
		[LISTED_VALID] = "valid",
		[LISTED_EXPIRED] = "expired",
		[LISTED_REVOKED] = "revoked",
	};

	*listed = LISTED_ALL;
	if (status == NULL)
		return 0;
	for (enum listed i = LISTED_VALID; i <= LISTED_REVOKED; i++)
		if (strcmp(status, names[i]) == 0)
			*listed = i;
	if (*listed == LISTED_ALL)
		return error_set(err, ERROR_BAD_REQUEST,
		    "status is valid, expired or revoked, not \"%.32s\"", status);
	return 0;
}

/*
 * Where few have expired by then, a walk in order of id would pass all the others: those
 * few are better sorted. Where many have, that walk meets a page of them soon.
 */
static int
expires_few(struct store *store, const struct certificate_filter *filter,
    enum listed listed, bool *few, struct error *err)
{
	static const char sql[] =
	    "SELECT count(*) <= ?1 FROM (SELECT 1 FROM certificates "
	    "INDEXED BY certificates_by_expiry WHERE not_after < ?2 LIMIT ?1 + 1)";
	int64_t before = filter->expires_before, now = clock_now_s();
	struct statement st;
	bool row = false;
	int rc;

	*few = false;
	if (listed == LISTED_EXPIRED && (before == 0 || now < before))
		before = now;
	if (before == 0)
		return 0;
	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_int(&st, FEW);
	bind_int(&st, before);
	if ((rc = statement_step(&st, &row, err)) == 0)
		*few = column_int(&st, 0) != 0;
	statement_done(&st);
	return rc;
}

static const char *
index_for(const struct certificate_filter *filter, enum listed listed, bool few)
{
	if (filter->name != NULL)
		return "certificate_names JOIN certificates USING (id)";
	if (filter->spki_sha256 != NULL)
		return "certificates INDEXED BY certificates_by_key";
	if (few)
		return "certificates INDEXED BY certificates_by_expiry";
	if (listed == LISTED_REVOKED)
		return filter->issuer != NULL
			   ? "certificates INDEXED BY certificates_revoked"
			   : "certificates INDEXED BY certificates_revoked_by_id";
	if (filter->issuer != NULL)
		return "certificates INDEXED BY certificates_by_issuer";
	return "certificates INDEXED BY certificates_by_id";
}

/* Conditions are chosen from constants; every value is bound, in the same order. */
static void
write_query(struct buffer *sql, const struct certificate_filter *filter,
    enum listed listed, bool few)
{
	static const char *const conditions[] = {
		[LISTED_ALL] = "",
		[LISTED_VALID] = " AND revoked_at IS NULL AND not_after >= ?",
		[LISTED_EXPIRED] = " AND revoked_at IS NULL AND not_after < ?",
		[LISTED_REVOKED] = " AND revoked_at IS NOT NULL",
	};

	buf_printf(sql,
	    "SELECT " CERTIFICATE_COLUMNS " FROM (SELECT id FROM %s WHERE id > ?",
	    index_for(filter, listed, few));
	buf_text(sql, conditions[listed]);
	if (filter->issuer != NULL)
		buf_text(sql, " AND issuer = ?");
	if (filter->name != NULL)
		buf_text(sql, " AND name = ?");
	if (filter->spki_sha256 != NULL)
		buf_text(sql, " AND spki_sha256 = ?");
	if (filter->expires_before != 0)
		buf_text(sql, " AND not_after < ?");
	buf_text(sql, " ORDER BY id LIMIT ?) JOIN certificates USING (id) ORDER BY id");
}

static void
bind_query(
    struct statement *st, const struct certificate_filter *filter, enum listed listed)
{
	bind_int(st, filter->after_id);
	if (listed == LISTED_VALID || listed == LISTED_EXPIRED)
		bind_int(st, clock_now_s());
	if (filter->issuer != NULL)
		bind_text(st, filter->issuer);
	if (filter->name != NULL)
		bind_text(st, filter->name);
	if (filter->spki_sha256 != NULL)
		bind_blob(st, filter->spki_sha256, 32);
	if (filter->expires_before != 0)
		bind_int(st, filter->expires_before);
	bind_int(st, filter->limit < INT64_MAX ? (int64_t)filter->limit : INT64_MAX);
}

static int
prepare_query(struct store *store, const struct certificate_filter *filter,
    struct statement *st, struct error *err)
{
	enum listed listed;
	struct buffer sql;
	bool few;
	int rc;

	if (read_status(filter->status, &listed, err) != 0 ||
	    expires_few(store, filter, listed, &few, err) != 0)
		return -1;
	buf_init(&sql, 0);
	write_query(&sql, filter, listed, few);
	if (buf_failed(&sql))
		rc = error_set(err, ERROR_INTERNAL, "out of memory");
	else
		rc = statement_prepare(store, buf_string(&sql), st, err);
	if (rc == 0)
		bind_query(st, filter, listed);
	buf_free(&sql);
	return rc;
}

int
store_certificate_each(struct store *store, const struct certificate_filter *filter,
    int (*visit)(void *ctx, int64_t id, const struct certificate_row *row), void *ctx,
    struct error *err)
{
	struct certificate_row certificate;
	struct statement st = { 0 };
	bool row;
	int rc;

	store_lock(store);
	if ((rc = prepare_query(store, filter, &st, err)) != 0)
		goto out;
	while ((rc = statement_step(&st, &row, err)) == 0 && row) {
		if ((rc = certificate_read(&st, &certificate, err)) != 0 ||
		    visit(ctx, column_int(&st, 0), &certificate) != 0)
			break;
	}
out:
	statement_done(&st);
	store_unlock(store);
	return rc;
}

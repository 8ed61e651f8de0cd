/*
 * revocations.c - revokes, and lists what is revoked.
 *
 * A later key compromise changes the row in place and gives it a new change number: its
 * id stays, so that who pages by id at that moment misses nothing.
 */
#include "store/revocations.h"

#include <stdlib.h>

#include "base/clock.h"
#include "store/database.h"
#include "store/statement.h"

#define PAGE_ROWS 2048

struct certificate {
	char issuer[STORE_NAME_SIZE];
	int64_t not_after;
	int shard;
	bool revoked;
	int reason;
};

static int
read_certificate(struct store *store, const char *serial, struct certificate *certificate,
    struct error *err)
{
	static const char sql[] = "SELECT issuer, not_after, crl_shard, "
				  "revoked_at IS NOT NULL, revocation_reason "
				  "FROM certificates WHERE serial = ?";
	struct statement st;
	bool row = false;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, serial);
	if ((rc = statement_step(&st, &row, err)) == 0 && !row)
		rc = error_set(err, ERROR_NOT_FOUND, "no certificate %s", serial);
	if (rc == 0) {
		certificate->not_after = column_int(&st, 1);
		certificate->shard = (int)column_int(&st, 2);
		certificate->revoked = column_int(&st, 3) != 0;
		certificate->reason = (int)column_int(&st, 4);
		rc = column_copy_text(
		    &st, 0, certificate->issuer, sizeof(certificate->issuer), err);
	}
	statement_done(&st);
	return rc;
}

static int
update_certificate(
    struct store *store, const struct revocation *revocation, struct error *err)
{
	static const char sql[] =
	    "UPDATE certificates SET revoked_at = coalesce(revoked_at, ?), "
	    "revocation_reason = ? WHERE serial = ?";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_int(&st, revocation->revoked_at);
	bind_int(&st, revocation->reason);
	bind_text(&st, revocation->serial);
	rc = statement_run(&st, err);
	statement_done(&st);
	return rc;
}

#define NEXT_CHANGE                                                                      \
	"(SELECT coalesce(max(change), 0) + 1 FROM revocations WHERE issuer = ?1)"

/* One statement for both: a row that is there was revoked for another reason. */
static int
write_revocation(struct store *store, const struct certificate *certificate,
    const struct revocation *revocation, struct error *err)
{
	static const char sql[] =
	    "INSERT INTO revocations (change, issuer, shard, serial, not_after, "
	    "revoked_at, reason, invalidity_date) "
	    "VALUES (" NEXT_CHANGE ", ?1, ?2, ?3, ?4, ?5, ?6, nullif(?7, 0)) "
	    "ON CONFLICT (serial) DO UPDATE SET change = " NEXT_CHANGE
	    ", reason = excluded.reason, "
	    "invalidity_date = coalesce(excluded.invalidity_date, invalidity_date)";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, certificate->issuer);
	bind_int(&st, certificate->shard);
	bind_text(&st, revocation->serial);
	bind_int(&st, certificate->not_after);
	bind_int(&st, revocation->revoked_at);
	bind_int(&st, revocation->reason);
	bind_int(&st, revocation->invalidity_date);
	rc = statement_run(&st, err);
	statement_done(&st);
	return rc;
}

static int
block_key(struct store *store, const unsigned char spki_sha256[static 32],
    const char *serial, struct error *err)
{
	static const char sql[] =
	    "INSERT OR IGNORE INTO blocked_keys (spki_sha256, reason, created) "
	    "VALUES (?, 'key compromise: certificate ' || ?, ?)";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_blob(&st, spki_sha256, 32);
	bind_text(&st, serial);
	bind_int(&st, clock_now_s());
	rc = statement_run(&st, err);
	statement_done(&st);
	return rc;
}

bool
revocation_blocks_key(int reason)
{
	return reason == REVOCATION_KEY_COMPROMISE || reason == REVOCATION_CA_COMPROMISE;
}

static int
add(struct store *store, const struct revocation *revocation,
    const unsigned char spki_sha256[static 32], const struct audit_event *event,
    bool *changed, struct error *err)
{
	bool compromised = revocation->reason == REVOCATION_KEY_COMPROMISE;
	struct certificate certificate;

	*changed = false;
	if (read_certificate(store, revocation->serial, &certificate, err) != 0)
		return -1;
	if (certificate.revoked &&
	    (!compromised || certificate.reason == REVOCATION_KEY_COMPROMISE))
		return 0;
	*changed = true;
	if (update_certificate(store, revocation, err) != 0 ||
	    write_revocation(store, &certificate, revocation, err) != 0)
		return -1;
	if (revocation_blocks_key(revocation->reason) &&
	    block_key(store, spki_sha256, revocation->serial, err) != 0)
		return -1;
	return audit_insert(store, event, err);
}

int
store_revocation_add(struct store *store, const struct revocation *revocation,
    const unsigned char spki_sha256[static 32], const struct audit_event *event,
    bool *changed, struct error *err)
{
	int rc;

	if (transaction_begin(store, err) != 0)
		return -1;
	rc = add(store, revocation, spki_sha256, event, changed, err);
	rc = transaction_end(store, rc, err);
	if (rc == 0 && *changed)
		atomic_fetch_add(&store->revocations, 1);
	return rc;
}

uint64_t
store_revocation_count(const struct store *store)
{
	return atomic_load(&store->revocations);
}

static int
read_revocation(
    const struct statement *st, struct revocation *revocation, struct error *err)
{
	revocation->revoked_at = column_int(st, 2);
	revocation->reason = (int)column_int(st, 3);
	revocation->invalidity_date = column_int(st, 4);
	if (column_copy_text(
		st, 0, revocation->serial, sizeof(revocation->serial), err) != 0)
		return -1;
	return column_copy_text(
	    st, 1, revocation->issuer, sizeof(revocation->issuer), err);
}

#define COLUMNS "serial, issuer, revoked_at, reason, invalidity_date"

int
store_revocation_find(struct store *store, const char *serial,
    struct revocation *revocation, struct error *err)
{
	static const char sql[] = "SELECT " COLUMNS " FROM revocations WHERE serial = ?";
	struct store *reader = store->reader;
	struct statement st;
	bool row = false;
	int rc;

	store_lock(reader);
	if ((rc = statement_use(reader, sql, &st, err)) == 0) {
		bind_text(&st, serial);
		rc = statement_step(&st, &row, err);
	}
	if (rc == 0)
		rc = row ? read_revocation(&st, revocation, err)
			 : error_set(err, ERROR_NOT_FOUND,
			       "certificate %.40s is not revoked", serial);
	statement_done(&st);
	store_unlock(reader);
	return rc;
}

int
store_revocation_mark(struct store *store, const char *issuer,
    struct revocation_mark *mark, struct error *err)
{
	/* Each from the end of an index. */
	static const char sql[] =
	    "SELECT coalesce((SELECT max(id) FROM revocations WHERE issuer = ?1), 0), "
	    "coalesce((SELECT max(change) FROM revocations WHERE issuer = ?1), 0)";
	struct statement st;
	bool row = false;
	int rc;

	store_lock(store);
	if ((rc = statement_use(store, sql, &st, err)) == 0) {
		bind_text(&st, issuer);
		rc = statement_step(&st, &row, err);
	}
	if (rc == 0)
		*mark = (struct revocation_mark){
			.id = column_int(&st, 0),
			.change = column_int(&st, 1),
		};
	statement_done(&st);
	store_unlock(store);
	return rc;
}

int
store_revocation_changed(struct store *store, const char *issuer, int shard,
    int64_t after_change, bool *changed, struct error *err)
{
	static const char sql[] =
	    "SELECT EXISTS (SELECT 1 FROM revocations INDEXED BY revocations_by_change "
	    "WHERE issuer = ? AND change > ? AND shard = ?)";
	struct statement st;
	bool row = false;
	int rc;

	store_lock(store);
	if ((rc = statement_use(store, sql, &st, err)) == 0) {
		bind_text(&st, issuer);
		bind_int(&st, after_change);
		bind_int(&st, shard);
		rc = statement_step(&st, &row, err);
	}
	if (rc == 0)
		*changed = column_int(&st, 0) != 0;
	statement_done(&st);
	store_unlock(store);
	return rc;
}

/* Each ends with the place to go on from. */
static const char all_sql[] = "SELECT " COLUMNS ", id FROM revocations "
			      "INDEXED BY revocations_by_issuer "
			      "WHERE issuer = ?1 AND id > ?2 AND id <= ?3 "
			      "AND (not_after >= ?5 OR change > ?6) "
			      "ORDER BY id LIMIT ?4";
static const char shard_sql[] = "SELECT " COLUMNS ", id FROM revocations "
				"INDEXED BY revocations_by_shard "
				"WHERE issuer = ?1 AND id > ?2 AND id <= ?3 "
				"AND (not_after >= ?5 OR change > ?6) AND shard = ?7 "
				"ORDER BY id LIMIT ?4";
static const char delta_sql[] = "SELECT " COLUMNS ", change FROM revocations "
				"INDEXED BY revocations_by_change "
				"WHERE issuer = ?1 AND change > ?2 AND change <= ?3 "
				"ORDER BY change LIMIT ?4";

static int
start_page(struct store *store, const struct revocation_range *range, int64_t after,
    struct statement *st, struct error *err)
{
	bool sharded = range->shard != REVOCATION_ANY_SHARD;
	const char *sql = range->is_delta ? delta_sql : sharded ? shard_sql : all_sql;

	if (statement_use(store, sql, st, err) != 0)
		return -1;
	bind_text(st, range->issuer);
	bind_int(st, after);
	bind_int(st, range->is_delta ? range->to.change : range->to.id);
	bind_int(st, PAGE_ROWS);
	if (range->is_delta)
		return 0;
	bind_int(st, range->expired_before);
	bind_int(st, range->unlisted_after);
	if (sharded)
		bind_int(st, range->shard);
	return 0;
}

/* *after moves on; *count below PAGE_ROWS is the last page. */
static int
read_page(struct store *store, const struct revocation_range *range,
    struct revocation *page, size_t *count, int64_t *after, struct error *err)
{
	struct statement st;
	bool row;
	int rc;

	*count = 0;
	store_lock(store);
	rc = start_page(store, range, *after, &st, err);
	while (rc == 0 && (rc = statement_step(&st, &row, err)) == 0 && row) {
		rc = read_revocation(&st, &page[*count], err);
		*count += 1;
		*after = column_int(&st, 5);
	}
	statement_done(&st);
	store_unlock(store);
	return rc;
}

int
store_revocation_each(struct store *store, const struct revocation_range *range,
    int (*visit)(void *ctx, const struct revocation *revocation), void *ctx,
    struct error *err)
{
	struct revocation *page = calloc(PAGE_ROWS, sizeof(*page));
	int64_t after = range->is_delta ? range->since : 0;
	size_t count = PAGE_ROWS;
	int rc = 0;

	if (page == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	while (rc == 0 && count == PAGE_ROWS) {
		rc = read_page(store, range, page, &count, &after, err);
		for (size_t i = 0; rc == 0 && i < count; i++)
			if (visit(ctx, &page[i]) != 0) {
				free(page);
				return 0;
			}
	}
	free(page);
	return rc;
}

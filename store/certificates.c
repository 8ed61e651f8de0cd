/*
 * certificates.c - from a reserved serial to a recorded certificate.
 *
 * A reservation that was never completed stays: its serial may have been signed with,
 * and is not given out again.
 */
#include "store/issuers.h"

#include <string.h>

#include "base/clock.h"
#include "store/certificate_columns.h"
#include "store/database.h"
#include "store/idempotency_state.h"
#include "store/statement.h"

static int
insert_reservation(
    struct store *store, const char *serial, const char *issuer, struct error *err)
{
	static const char sql[] =
	    "INSERT INTO reservations SELECT ?1, ?2, ?3 "
	    "WHERE NOT EXISTS (SELECT 1 FROM certificates WHERE serial = ?1)";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, serial);
	bind_text(&st, issuer);
	bind_int(&st, clock_now_s());
	rc = statement_run(&st, err);
	if (statement_hit_unique(&st) || (rc == 0 && sqlite3_changes(store->db) == 0))
		rc = error_set(err, ERROR_CONFLICT, "serial %s is taken", serial);
	statement_done(&st);
	return rc;
}

/* *found says whether there was one. */
static int
delete_reservation(struct store *store, const char *serial, const char *issuer,
    bool *found, struct error *err)
{
	static const char sql[] =
	    "DELETE FROM reservations WHERE serial = ? AND issuer = ?";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, serial);
	bind_text(&st, issuer);
	rc = statement_run(&st, err);
	*found = rc == 0 && sqlite3_changes(store->db) != 0;
	statement_done(&st);
	return rc;
}

struct reservation {
	const char (*serials)[STORE_SERIAL_SIZE];
	size_t count;
	const char *issuer;
};

static int
reserve(struct store *store, void *ctx, struct error *err)
{
	const struct reservation *r = ctx;

	for (size_t i = 0; i < r->count; i++)
		if (insert_reservation(store, r->serials[i], r->issuer, err) != 0)
			return -1;
	return 0;
}

int
store_serials_reserve(struct store *store, const char (*serials)[STORE_SERIAL_SIZE],
    size_t count, const char *issuer, struct error *err)
{
	struct reservation r = { serials, count, issuer };

	return group_run(store, reserve, &r, err);
}

int
store_certificate_reserve(
    struct store *store, const char *serial, const char *issuer, struct error *err)
{
	char one[1][STORE_SERIAL_SIZE];

	if (text_copy(one[0], sizeof(one[0]), serial) != 0)
		return error_set(err, ERROR_BAD_REQUEST, "a serial too long");
	return store_serials_reserve(store, one, 1, issuer, err);
}

static int
release(struct store *store, void *ctx, struct error *err)
{
	const struct reservation *r = ctx;
	bool found;

	for (size_t i = 0; i < r->count; i++)
		if (delete_reservation(store, r->serials[i], r->issuer, &found, err) != 0)
			return -1;
	return 0;
}

int
store_serials_release(struct store *store, const char (*serials)[STORE_SERIAL_SIZE],
    size_t count, const char *issuer, struct error *err)
{
	struct reservation r = { serials, count, issuer };

	return group_run(store, release, &r, err);
}

static int
insert_certificate(
    struct store *store, const struct certificate_row *row, struct error *err)
{
	static const char sql[] =
	    "INSERT INTO certificates (serial, issuer, profile, requester, not_before, "
	    "not_after, created, subject, names, certificate, spki_sha256, crl_shard) "
	    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, row->serial);
	bind_text(&st, row->issuer);
	bind_text(&st, row->profile);
	bind_text(&st, row->requester);
	bind_int(&st, row->not_before);
	bind_int(&st, row->not_after);
	bind_int(&st, row->created);
	bind_text(&st, row->subject);
	bind_text(&st, row->names);
	bind_blob(&st, row->certificate.data, row->certificate.len);
	bind_blob(&st, row->spki_sha256, sizeof(row->spki_sha256));
	bind_int(&st, row->crl_shard);
	rc = statement_run(&st, err);
	if (statement_hit_unique(&st))
		error_set(
		    err, ERROR_CONFLICT, "serial %s is recorded already", row->serial);
	statement_done(&st);
	return rc;
}

static int
insert_name(
    struct store *store, int64_t id, const char *name, size_t len, struct error *err)
{
	static const char sql[] = "INSERT OR IGNORE INTO certificate_names VALUES (?, ?)";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text_len(&st, name, len);
	bind_int(&st, id);
	rc = statement_run(&st, err);
	statement_done(&st);
	return rc;
}

/* "dns:a.example ip:10.0.0.1" is found by "a.example" and by "10.0.0.1". */
static int
insert_names(struct store *store, int64_t id, const char *names, struct error *err)
{
	if (names == NULL)
		return 0;
	while (*names != '\0') {
		size_t len = strcspn(names, " ");
		const char *colon = memchr(names, ':', len);
		const char *value = colon != NULL ? colon + 1 : names;
		size_t value_len = len - (size_t)(value - names);

		if (value_len != 0 && insert_name(store, id, value, value_len, err) != 0)
			return -1;
		names += len;
		names += strspn(names, " ");
	}
	return 0;
}

static int
insert(struct store *store, const struct certificate_row *row, bool *was_reserved,
    struct error *err)
{
	if (insert_certificate(store, row, err) != 0 ||
	    insert_names(store, sqlite3_last_insert_rowid(store->db), row->names, err) !=
		0)
		return -1;
	return delete_reservation(store, row->serial, row->issuer, was_reserved, err);
}

int
certificate_complete(
    struct store *store, const struct certificate_row *row, struct error *err)
{
	bool was_reserved;

	if (insert(store, row, &was_reserved, err) != 0)
		return -1;
	return was_reserved ? 0
			    : error_set(err, ERROR_NOT_FOUND,
				  "serial %s is not reserved for issuer %s", row->serial,
				  row->issuer);
}

/* What was judged before the signature, and may have changed while it was made. */
static int
check_still_issuable(
    struct store *store, const struct certificate_row *row, struct error *err)
{
	static const char sql[] =
	    "SELECT EXISTS (SELECT 1 FROM issuers WHERE name = ? AND state = 'retired'), "
	    "EXISTS (SELECT 1 FROM blocked_keys WHERE spki_sha256 = ?)";
	struct statement st;
	bool found;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, row->issuer);
	bind_blob(&st, row->spki_sha256, sizeof(row->spki_sha256));
	rc = statement_step(&st, &found, err);
	if (rc == 0 && column_int(&st, 0) != 0)
		rc = error_set(
		    err, ERROR_CONFLICT, "issuer %s has retired meanwhile", row->issuer);
	else if (rc == 0 && column_int(&st, 1) != 0)
		rc = error_set(err, ERROR_CONFLICT, "the key was blocked meanwhile");
	statement_done(&st);
	return rc;
}

struct record {
	const struct certificate_row *row;
	const struct audit_event *event;
};

static int
record(struct store *store, void *ctx, struct error *err)
{
	const struct record *r = ctx;

	if (check_still_issuable(store, r->row, err) != 0 ||
	    certificate_complete(store, r->row, err) != 0 ||
	    idempotency_complete(store, r->row, err) != 0)
		return -1;
	return audit_insert(store, r->event, err);
}

int
store_certificate_record(struct store *store, const struct certificate_row *row,
    const struct audit_event *event, struct error *err)
{
	struct record r = { row, event };

	return group_run(store, record, &r, err);
}

int
store_certificate_admit(struct store *store, const struct certificate_row *row,
    const struct audit_event *event, struct error *err)
{
	bool was_reserved;
	int rc = -1;

	if (transaction_begin(store, err) != 0)
		return -1;
	if (insert(store, row, &was_reserved, err) == 0)
		rc = audit_insert(store, event, err);
	return transaction_end(store, rc, err);
}

int
certificate_read(
    const struct statement *st, struct certificate_row *row, struct error *err)
{
	*row = (struct certificate_row){
		.not_before = column_int(st, 5),
		.not_after = column_int(st, 6),
		.created = column_int(st, 7),
		.status = CERTIFICATE_VALID,
		.revoked_at = column_int(st, 8),
		.revocation_reason = (int)column_int(st, 9),
		.subject = column_text(st, 10),
		.names = column_text(st, 11),
		.certificate = column_blob(st, 12),
	};
	if (sqlite3_column_type(st->prepared, 8) != SQLITE_NULL)
		row->status = CERTIFICATE_REVOKED;
	if (column_copy_text(st, 1, row->serial, sizeof(row->serial), err) != 0 ||
	    column_copy_text(st, 2, row->issuer, sizeof(row->issuer), err) != 0 ||
	    column_copy_text(st, 3, row->profile, sizeof(row->profile), err) != 0)
		return -1;
	return column_copy_text(st, 4, row->requester, sizeof(row->requester), err);
}

int
store_certificate_find(struct store *store, const char *serial,
    int (*visit)(void *ctx, const struct certificate_row *row), void *ctx,
    struct error *err)
{
	static const char sql[] =
	    "SELECT " CERTIFICATE_COLUMNS " FROM certificates WHERE serial = ?";
	struct certificate_row certificate;
	struct statement st;
	bool row = false;
	int rc;

	store_lock(store);
	if ((rc = statement_use(store, sql, &st, err)) != 0)
		goto out;
	bind_text(&st, serial);
	if ((rc = statement_step(&st, &row, err)) != 0)
		goto out;
	if (!row)
		rc = error_set(err, ERROR_NOT_FOUND, "no certificate %s", serial);
	else if ((rc = certificate_read(&st, &certificate, err)) == 0)
		visit(ctx, &certificate);
out:
	statement_done(&st);
	store_unlock(store);
	return rc;
}

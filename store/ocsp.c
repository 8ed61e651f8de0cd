/* ocsp.c - one certificate's status, and the certificates of those who tell it. */
#include "store/ocsp.h"

#include <string.h>

#include "store/certificate_columns.h"
#include "store/database.h"
#include "store/statement.h"

static void
read_record(const struct statement *st, struct ocsp_record *record)
{
	const char *state = column_text(st, 0);

	*record = (struct ocsp_record){
		.is_answered =
		    strcmp(state, "active") == 0 || strcmp(state, "retiring") == 0,
		.is_recorded = sqlite3_column_type(st->prepared, 1) != SQLITE_NULL,
		.is_revoked = sqlite3_column_type(st->prepared, 2) != SQLITE_NULL,
		.revoked_at = column_int(st, 2),
		.reason = (int)column_int(st, 3),
	};
}

int
store_ocsp_find(struct store *store, const char *issuer, const char *serial,
    struct ocsp_record *record, struct error *err)
{
	static const char sql[] =
	    "SELECT i.state, c.id, c.revoked_at, c.revocation_reason FROM issuers i "
	    "LEFT JOIN certificates c ON c.serial = ? AND c.issuer = i.name "
	    "WHERE i.name = ?";
	struct store *reader = store->reader;
	struct statement st;
	bool row = false;
	int rc;

	store_lock(reader);
	if ((rc = statement_use(reader, sql, &st, err)) != 0)
		goto out;
	bind_text(&st, serial);
	bind_text(&st, issuer);
	if ((rc = statement_step(&st, &row, err)) != 0)
		goto out;
	if (row)
		read_record(&st, record);
	else
		rc = error_set(err, ERROR_NOT_FOUND, "no issuer %.64s", issuer);
out:
	statement_done(&st);
	store_unlock(reader);
	return rc;
}

int
store_ocsp_signer_find(struct store *store, const char *issuer,
    const unsigned char spki_sha256[static 32],
    int (*visit)(void *ctx, const struct certificate_row *row), void *ctx,
    struct error *err)
{
	static const char sql[] =
	    "SELECT " CERTIFICATE_COLUMNS " FROM certificates WHERE spki_sha256 = ? AND "
	    "issuer = ? AND profile = 'ocsp-signer' AND revoked_at IS NULL "
	    "ORDER BY id DESC LIMIT 1";
	struct certificate_row certificate;
	struct statement st;
	bool row = false;
	int rc;

	store_lock(store);
	if ((rc = statement_use(store, sql, &st, err)) != 0)
		goto out;
	bind_blob(&st, spki_sha256, 32);
	bind_text(&st, issuer);
	if ((rc = statement_step(&st, &row, err)) != 0)
		goto out;
	if (!row)
		rc = error_set(err, ERROR_NOT_FOUND, "no OCSP signer of %.64s", issuer);
	else if ((rc = certificate_read(&st, &certificate, err)) == 0)
		visit(ctx, &certificate);
out:
	statement_done(&st);
	store_unlock(store);
	return rc;
}

int
store_ocsp_signer_exists(struct store *store, const unsigned char spki_sha256[static 32],
    bool *exists, struct error *err)
{
	static const char sql[] = "SELECT 1 FROM certificates WHERE spki_sha256 = ? AND "
				  "profile = 'ocsp-signer' LIMIT 1";
	struct statement st;
	int rc;

	store_lock(store);
	if ((rc = statement_use(store, sql, &st, err)) == 0) {
		bind_blob(&st, spki_sha256, 32);
		rc = statement_step(&st, exists, err);
	}
	statement_done(&st);
	store_unlock(store);
	return rc;
}

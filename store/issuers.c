/*
 * issuers.c - the certificate authorities.
 *
 * An issuer's key and parent are in the store before it: the database refuses an
 * issuer without them, and refuses to remove the key of one.
 */
#include "store/issuers.h"

#include <string.h>

#include "base/clock.h"
#include "store/certificate_columns.h"
#include "store/database.h"
#include "store/statement.h"

static const char *const states[] = {
	[ISSUER_ACTIVE] = "active",
	[ISSUER_PENDING] = "pending",
	[ISSUER_RETIRING] = "retiring",
	[ISSUER_RETIRED] = "retired",
};
#define STATES (sizeof(states) / sizeof(states[0]))

const char *
issuer_state_name(enum issuer_state state)
{
	return states[state];
}

int
issuer_state_read(const char *name, enum issuer_state *state, struct error *err)
{
	for (size_t i = 0; i < STATES; i++) {
		if (strcmp(states[i], name) == 0) {
			*state = (enum issuer_state)i;
			return 0;
		}
	}
	return error_set(
	    err, ERROR_BAD_REQUEST, "\"%.32s\" is no state of an issuer", name);
}

/* What may change, in the order of both statements below. */
static void
bind_changeable(struct statement *st, const struct issuer_row *issuer)
{
	bind_text(st, issuer_state_name(issuer->state));
	bind_text(st, issuer->successor);
	bind_text(st, issuer->crl_url);
	bind_text(st, issuer->ocsp_url);
	bind_text(st, issuer->ca_issuers_url);
	bind_int(st, issuer->crl_shards);
	bind_blob(st, issuer->certificate.data, issuer->certificate.len);
	bind_blob(st, issuer->request.data, issuer->request.len);
	bind_blob(st, issuer->chain.data, issuer->chain.len);
	bind_text(st, issuer->name);
}

static int
insert_issuer(struct store *store, const struct issuer_row *issuer, struct error *err)
{
	static const char sql[] =
	    "INSERT INTO issuers (state, successor, crl_url, ocsp_url, ca_issuers_url, "
	    "crl_shards, certificate, request, chain, name, parent, key_spki_sha256, "
	    "created) VALUES (?, nullif(?, ''), ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, ''), "
	    "?, ?)";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_changeable(&st, issuer);
	bind_text(&st, issuer->parent);
	bind_blob(&st, issuer->key_spki_sha256, sizeof(issuer->key_spki_sha256));
	bind_int(&st, issuer->created);
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

static int
update_issuer(struct store *store, const struct issuer_row *issuer, struct error *err)
{
	static const char sql[] =
	    "UPDATE issuers SET state = ?, successor = nullif(?, ''), crl_url = ?, "
	    "ocsp_url = ?, ca_issuers_url = ?, crl_shards = ?, certificate = ?, "
	    "request = ?, chain = ? WHERE name = ?";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_changeable(&st, issuer);
	rc = statement_run(&st, err);
	if (rc == 0 && sqlite3_changes(store->db) == 0)
		rc = error_set(err, ERROR_NOT_FOUND, "no issuer %s", issuer->name);
	statement_done(&st);
	return rc;
}

static int
insert_cross(struct store *store, const struct cross_row *cross, struct error *err)
{
	static const char sql[] =
	    "INSERT INTO cross_certificates (serial, issuer, signer, created, "
	    "certificate) VALUES (?, ?, ?, ?, ?)";
	struct statement st;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, cross->serial);
	bind_text(&st, cross->issuer);
	bind_text(&st, cross->signer);
	bind_int(&st, cross->created);
	bind_blob(&st, cross->certificate.data, cross->certificate.len);
	rc = statement_run(&st, err);
	statement_done(&st);
	return rc;
}

static int
insert_addition(
    struct store *store, const struct issuer_addition *addition, struct error *err)
{
	if (insert_issuer(store, addition->issuer, err) != 0)
		return -1;
	for (size_t i = 0; i < addition->certificate_count; i++)
		if (certificate_complete(store, &addition->certificates[i], err) != 0)
			return -1;
	for (size_t i = 0; i < addition->cross_count; i++)
		if (insert_cross(store, &addition->crosses[i], err) != 0)
			return -1;
	if (addition->predecessor != NULL &&
	    update_issuer(store, addition->predecessor, err) != 0)
		return -1;
	for (size_t i = 0; i < addition->event_count; i++)
		if (audit_insert(store, &addition->events[i], err) != 0)
			return -1;
	return 0;
}

int
store_issuer_add_with(
    struct store *store, const struct issuer_addition *addition, struct error *err)
{
	if (transaction_begin(store, err) != 0)
		return -1;
	return transaction_end(store, insert_addition(store, addition, err), err);
}

int
store_issuer_add(struct store *store, const struct issuer_row *issuer,
    const struct audit_event *event, struct error *err)
{
	const struct issuer_addition alone = {
		.issuer = issuer, .events = event, .event_count = 1
	};

	return store_issuer_add_with(store, &alone, err);
}

/* What it issued would be without CRL and OCSP. */
static int
check_may_end(struct store *store, const char *name, struct error *err)
{
	static const char sql[] =
	    "SELECT 1 FROM certificates WHERE issuer = ? AND not_after >= ? "
	    "AND revoked_at IS NULL AND profile <> 'ocsp-signer' LIMIT 1";
	struct statement st;
	bool row = false;
	int rc;

	if (statement_use(store, sql, &st, err) != 0)
		return -1;
	bind_text(&st, name);
	bind_int(&st, clock_now_s());
	rc = statement_step(&st, &row, err);
	if (rc == 0 && row)
		rc = error_set(err, ERROR_CONFLICT,
		    "certificates of issuer %s are valid still: it stays retiring until "
		    "they have expired or are revoked",
		    name);
	statement_done(&st);
	return rc;
}

int
store_issuer_change(struct store *store, const struct issuer_row *issuer,
    const struct audit_event *event, struct error *err)
{
	int rc = 0;

	if (transaction_begin(store, err) != 0)
		return -1;
	if (issuer->state == ISSUER_RETIRED)
		rc = check_may_end(store, issuer->name, err);
	if (rc == 0 && (rc = update_issuer(store, issuer, err)) == 0)
		rc = audit_insert(store, event, err);
	return transaction_end(store, rc, err);
}

static int
read_texts(const struct statement *st, struct issuer_row *issuer, struct error *err)
{
	const struct {
		char *out;
		size_t size;
	} texts[] = {
		{ issuer->name, sizeof(issuer->name) },
		{ issuer->parent, sizeof(issuer->parent) },
		{ issuer->successor, sizeof(issuer->successor) },
		{ issuer->crl_url, sizeof(issuer->crl_url) },
		{ issuer->ocsp_url, sizeof(issuer->ocsp_url) },
		{ issuer->ca_issuers_url, sizeof(issuer->ca_issuers_url) },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (column_copy_text(st, (int)i, texts[i].out, texts[i].size, err) != 0)
			return -1;
	return 0;
}

static int
read_issuer(const struct statement *st, struct issuer_row *issuer, struct error *err)
{
	*issuer = (struct issuer_row){
		.created = column_int(st, 8),
		.crl_shards = (int)column_int(st, 9),
		.certificate = column_blob(st, 10),
		.request = column_blob(st, 11),
		.chain = column_blob(st, 12),
	};
	if (read_texts(st, issuer, err) != 0 ||
	    column_copy_hash(st, 6, issuer->key_spki_sha256, err) != 0)
		return -1;
	if (issuer_state_read(column_text(st, 7), &issuer->state, NULL) != 0)
		return error_set(
		    err, ERROR_IO, "database: the state of issuer %s", issuer->name);
	return 0;
}

int
store_issuer_each(struct store *store,
    int (*visit)(void *ctx, const struct issuer_row *row), void *ctx, struct error *err)
{
	static const char sql[] =
	    "SELECT name, parent, successor, crl_url, ocsp_url, ca_issuers_url, "
	    "key_spki_sha256, state, created, crl_shards, certificate, request, chain "
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

static int
read_cross(const struct statement *st, struct cross_row *cross, struct error *err)
{
	*cross = (struct cross_row){
		.created = column_int(st, 3),
		.certificate = column_blob(st, 4),
	};
	if (column_copy_text(st, 0, cross->serial, sizeof(cross->serial), err) != 0 ||
	    column_copy_text(st, 1, cross->issuer, sizeof(cross->issuer), err) != 0)
		return -1;
	return column_copy_text(st, 2, cross->signer, sizeof(cross->signer), err);
}

int
store_cross_each(struct store *store,
    int (*visit)(void *ctx, const struct cross_row *row), void *ctx, struct error *err)
{
	static const char sql[] = "SELECT serial, issuer, signer, created, certificate "
				  "FROM cross_certificates ORDER BY rowid";
	struct cross_row cross;
	struct statement st;
	bool row;
	int rc;

	store_lock(store);
	if ((rc = statement_use(store, sql, &st, err)) != 0)
		goto out;
	while ((rc = statement_step(&st, &row, err)) == 0 && row) {
		if ((rc = read_cross(&st, &cross, err)) != 0 || visit(ctx, &cross) != 0)
			break;
	}
out:
	statement_done(&st);
	store_unlock(store);
	return rc;
}

/* authority_change.c - an issuer's state and URLs. */
#include "ca/authority.h"

#include <string.h>

#include "ca/creation.h"
#include "ca/issuer_url.h"

static int
change_state(struct issuer_row *row, const char *wanted, struct error *err)
{
	enum issuer_state state;

	if (wanted == NULL)
		return 0;
	if (issuer_state_read(wanted, &state, err) != 0)
		return -1;
	if (state == row->state)
		return 0;
	if (row->state == ISSUER_PENDING)
		return error_set(err, ERROR_CONFLICT,
		    "issuer %s is pending until its certificate is installed", row->name);
	if (state == ISSUER_PENDING)
		return error_set(
		    err, ERROR_CONFLICT, "issuer %s has its certificate", row->name);
	row->state = state;
	return 0;
}

/*
 * Whoever follows successors comes to an end: one that signs has none, and only one that
 * signs becomes one.
 */
static int
change_successor(struct authority *authority, struct issuer_row *row, const char *wanted,
    struct error *err)
{
	struct issuer *issuer;

	if (row->state == ISSUER_ACTIVE || row->state == ISSUER_PENDING) {
		memset(row->successor, 0, sizeof(row->successor));
		return wanted == NULL ? 0
				      : error_set(err, ERROR_CONFLICT,
					    "issuer %s is %s: only one that retires has "
					    "a successor",
					    row->name, issuer_state_name(row->state));
	}
	if (wanted == NULL)
		return 0;
	if (issuers_find(&authority->issuers, wanted, &issuer, err) != 0 ||
	    issuer_check_active(issuer, err) != 0)
		return -1;
	if (strcmp(wanted, row->name) == 0)
		return error_set(
		    err, ERROR_CONFLICT, "issuer %s cannot succeed itself", wanted);
	memcpy(row->successor, issuer->row.name, sizeof(row->successor));
	return 0;
}

static int
record(struct authority *authority, struct issuer *old, const struct issuer_row *row,
    const struct issuer_change *change, struct error *err)
{
	struct audit_event event = {
		.actor = change->actor,
		.request = change->request_id,
		.action = "issuer.changed",
		.object = row->name,
	};
	struct issuer *issuer = NULL;
	struct buffer detail;
	int rc = -1;

	buf_init(&detail, 0);
	buf_printf(&detail,
	    "state=%s crl_url=%s ocsp_url=%s ca_issuers_url=%s crl_shards=%d",
	    issuer_state_name(row->state), row->crl_url, row->ocsp_url,
	    row->ca_issuers_url, row->crl_shards);
	event.detail = buf_string(&detail);
	if (buf_failed(&detail))
		error_set(err, ERROR_INTERNAL, "out of memory");
	else if (issuer_new(authority->libctx, row, &issuer, err) == 0)
		rc = store_issuer_change(authority->store, row, &event, err);
	if (rc == 0) {
		issuers_replace(&authority->issuers, old, issuer);
		authority_changed(authority);
	} else {
		issuer_free(issuer);
	}
	buf_free(&detail);
	return rc;
}

static int
change_issuer(struct authority *authority, const char *name,
    const struct issuer_change *change, struct violations *v, struct error *err)
{
	struct issuer_row row;
	struct issuer *old;

	if (issuers_find_any(&authority->issuers, name, &old, err) != 0)
		return -1;
	row = old->row;
	if (change->crl_shards != 0)
		row.crl_shards = change->crl_shards;
	if (change_state(&row, change->state, err) != 0 ||
	    change_successor(authority, &row, change->successor, err) != 0 ||
	    issuer_set_urls(&row, change->crl_url, change->ocsp_url,
		change->ca_issuers_url, v, err) != 0 ||
	    violations_verdict(v, err) != 0)
		return -1;
	return record(authority, old, &row, change, err);
}

int
authority_change_issuer(struct authority *authority, const char *name,
    const struct issuer_change *change, struct violations *v, struct error *err)
{
	int rc;

	authority_lock(authority);
	rc = change_issuer(authority, name, change, v, err);
	authority_unlock(authority);
	return rc;
}

/* issuer_change.c - PATCH of an issuer: its state and URLs. */
#include "api/changes.h"
#include "api/conditional.h"
#include "api/issuer_answer.h"
#include "api/json.h"
#include "api/mediatype.h"

#define MERGE_PATCH "application/merge-patch+json" /* RFC 7396 */

static int
read_change(const struct json_t *body, struct issuer_change *change, struct error *err)
{
	int64_t shards;

	if (json_text(body, "state", false, &change->state, err) != 0 ||
	    json_text(body, "successor", false, &change->successor, err) != 0 ||
	    json_merge_text(body, "crl_url", &change->crl_url, err) != 0 ||
	    json_merge_text(body, "ocsp_url", &change->ocsp_url, err) != 0 ||
	    json_merge_text(body, "ca_issuers_url", &change->ca_issuers_url, err) != 0 ||
	    json_number(body, "crl_shards", 1, ISSUER_SHARDS_MAX, 0, &shards, err) != 0)
		return -1;
	change->crl_shards = (int)shards;
	return 0;
}

/* The caller holds api->changes, so that what If-Match names is what is changed. */
static int
change_issuer(struct exchange *x, const struct issuer_change *change, struct error *err)
{
	const char *name = x->req->params[0];

	if (issuer_respond(x, 200, name, NULL, err) != 0 ||
	    conditional_check(x->req, x->res->etag, err) != 0 ||
	    authority_change_issuer(
		x->api->authority, name, change, &x->violations, err) != 0)
		return -1;
	return issuer_respond(x, 200, name, NULL, err);
}

int
patch_issuer(struct exchange *x, struct error *err)
{
	static const char *const members[] = { "state", "successor", "crl_url",
		"ocsp_url", "ca_issuers_url", "crl_shards", NULL };
	struct issuer_change change = { .actor = x->req->caller->actor,
		.request_id = x->req->id };
	struct json_t *body;
	int rc;

	if (!request_has_type(x->req, MERGE_PATCH) &&
	    !request_has_type(x->req, JSON_TYPE))
		return error_set(
		    err, ERROR_UNSUPPORTED, "send the change as " MERGE_PATCH);
	if (json_read(&x->req->body, members, &body, err) != 0)
		return -1;
	if ((rc = read_change(body, &change, err)) == 0 &&
	    (rc = changes_begin(x->api, err)) == 0) {
		rc = change_issuer(x, &change, err);
		changes_end(x->api);
	}
	json_free(body);
	return rc;
}

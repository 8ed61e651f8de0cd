/* revocations.c - certificates taken back. */
#include "api/handlers.h"

#include <string.h>

#include "api/json.h"
#include "api/mediatype.h"
#include "api/url.h"
#include "base/clock.h"
#include "ca/authority_revoke.h"
#include "ca/reason.h"

static int
respond(struct exchange *x, const struct revocation *revocation, struct error *err)
{
	char revoked_at[CLOCK_TEXT_SIZE], invalidity[CLOCK_TEXT_SIZE];
	const char *reason = reason_name(revocation->reason);

	clock_format(revoked_at, revocation->revoked_at);
	clock_format(invalidity, revocation->invalidity_date);
	return json_respond(x->res, 200,
	    json_make("{s:s,s:s,s:s,s:s,s:s,s:s*}", "serial", revocation->serial,
		"issuer", revocation->issuer, "status", "revoked", "reason",
		reason != NULL ? reason : "unspecified", "revoked_at", revoked_at,
		"invalidity_date", revocation->invalidity_date != 0 ? invalidity : NULL),
	    err);
}

/* What a client says of a revocation; either may be NULL. */
static int
read_details(const char *reason, const char *invalidity, struct revoke_request *request,
    struct error *err)
{
	request->reason = REASON_UNSPECIFIED;
	if (reason != NULL && reason_read(reason, &request->reason, err) != 0)
		return -1;
	if (invalidity == NULL)
		return 0;
	if (clock_parse(invalidity, &request->invalidity_date) != 0 ||
	    request->invalidity_date <= 0)
		return error_set(err, ERROR_BAD_REQUEST,
		    "invalidity_date is a time such as 2026-01-31T23:59:59Z");
	return 0;
}

static int
read_members(
    const struct json_t *object, struct revoke_request *request, struct error *err)
{
	const char *reason, *invalidity;

	if (json_text(object, "reason", false, &reason, err) != 0 ||
	    json_text(object, "invalidity_date", false, &invalidity, err) != 0)
		return -1;
	return read_details(reason, invalidity, request, err);
}

static int
admit(void *ctx, const char *issuer, struct error *err)
{
	return require_issuer(ctx, ACCESS_REVOKE, issuer, err);
}

static int
revoke(struct exchange *x, struct revoke_request *request, struct error *err)
{
	struct revocation revocation;

	request->admit = admit;
	request->admit_ctx = x;
	if (authority_revoke(x->api->authority, request, &revocation, err) != 0)
		return -1;
	return respond(x, &revocation, err);
}

/* An empty body is as good as {}. */
int
post_certificate_revocation(struct exchange *x, struct error *err)
{
	static const char *const members[] = { "reason", "invalidity_date", NULL };
	struct revoke_request request = {
		.serial = x->req->params[0],
		.actor = x->req->caller->actor,
		.request_id = x->req->id,
	};
	struct json_t *json = NULL;
	int rc = 0;

	if (x->req->body.len > 0) {
		if (!request_has_type(x->req, JSON_TYPE))
			return error_set(
			    err, ERROR_UNSUPPORTED, "send the reason as " JSON_TYPE);
		rc = json_read(&x->req->body, members, &json, err);
		if (rc == 0)
			rc = read_members(json, &request, err);
	}
	if (rc == 0)
		rc = revoke(x, &request, err);
	json_free(json);
	return rc;
}

static int
read_query(const char *query, struct revoke_request *request, struct error *err)
{
	char reason[32], invalidity[32];
	bool has_reason, has_invalidity;

	if (query_get(query, "reason", reason, sizeof(reason), &has_reason, err) != 0 ||
	    query_get(query, "invalidity_date", invalidity, sizeof(invalidity),
		&has_invalidity, err) != 0)
		return -1;
	return read_details(
	    has_reason ? reason : NULL, has_invalidity ? invalidity : NULL, request, err);
}

static int
read_json_certificate(const struct request *req, struct revoke_request *request,
    struct json_t **json, struct error *err)
{
	static const char *const members[] = { "certificate", "reason", "invalidity_date",
		NULL };
	const char *pem;

	if (req->query[0] != '\0')
		return error_set(
		    err, ERROR_BAD_REQUEST, "the reason of a JSON body is in the body");
	if (json_read(&req->body, members, json, err) != 0 ||
	    json_text(*json, "certificate", true, &pem, err) != 0)
		return -1;
	request->certificate = (struct bytes){ (const unsigned char *)pem, strlen(pem) };
	return read_members(*json, request, err);
}

int
post_revocations(struct exchange *x, struct error *err)
{
	struct revoke_request request = {
		.certificate = x->req->body,
		.actor = x->req->caller->actor,
		.request_id = x->req->id,
	};
	struct json_t *json = NULL;
	int rc;

	if (request_has_type(x->req, JSON_TYPE))
		rc = read_json_certificate(x->req, &request, &json, err);
	else if (request_has_type(x->req, DER_TYPE) || request_has_type(x->req, PEM_TYPE))
		rc = read_query(x->req->query, &request, err);
	else
		rc = error_set(err, ERROR_UNSUPPORTED,
		    "send the certificate as " DER_TYPE " (DER or PEM), " PEM_TYPE
		    " or " JSON_TYPE);
	if (rc == 0)
		rc = revoke(x, &request, err);
	json_free(json);
	return rc;
}

int
get_certificate_revocation(struct exchange *x, struct error *err)
{
	struct revocation revocation;

	if (store_revocation_find(x->api->store, x->req->params[0], &revocation, err) !=
	    0)
		return -1;
	return respond(x, &revocation, err);
}

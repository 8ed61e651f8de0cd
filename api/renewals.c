/* renewals.c - certificates again, and when it is time for it. */
#include "api/handlers.h"

#include <string.h>

#include "api/certform.h"
#include "api/issuing.h"
#include "api/json.h"
#include "base/clock.h"
#include "ca/profile.h"
#include "ca/renewal.h"
#include "store/certificate_copy.h"

#define ASK_AGAIN_S 21600

static int
read_json(const struct request *req, struct issue_request *request, struct json_t **json,
    struct error *err)
{
	static const char *const members[] = { "csr", "validity_seconds", NULL };
	const char *csr;

	if (json_read(&req->body, members, json, err) != 0 ||
	    json_text(*json, "csr", false, &csr, err) != 0 ||
	    json_number(*json, "validity_seconds", 1, PROFILE_VALIDITY_S, 0,
		&request->validity_s, err) != 0)
		return -1;
	if (csr != NULL)
		request->csr = (struct bytes){ (const unsigned char *)csr, strlen(csr) };
	return 0;
}

/* Without a body the old key is certified again. */
static int
read_request(const struct request *req, struct issue_request *request,
    struct json_t **json, struct error *err)
{
	if (issuing_read_dry_run(req->query, &request->dry_run, err) != 0)
		return -1;
	if (req->body.len == 0)
		return 0;
	if (request_has_type(req, JSON_TYPE))
		return read_json(req, request, json, err);
	if (!request_has_type(req, CSR_TYPE) && !request_has_type(req, PEM_TYPE))
		return error_set(err, ERROR_UNSUPPORTED,
		    "send nothing, or a CSR as " CSR_TYPE " or " JSON_TYPE);
	request->csr = req->body;
	return 0;
}

int
post_renewals(struct exchange *x, struct error *err)
{
	struct issuing in = { .request = { .actor = x->req->caller->actor,
				  .request_id = x->req->id } };
	struct certificate_copy old;
	struct json_t *json = NULL;
	int rc = -1;

	if (issuing_choose_type(x, &in, err) != 0)
		return -1;
	if (store_certificate_copy(x->api->store, x->req->params[0], &old, err) == 0 &&
	    read_request(x->req, &in.request, &json, err) == 0) {
		in.request.issuer = old.row.issuer;
		in.request.profile = old.row.profile;
		in.request.renews = &old.row;
		rc = issuing_run(x, &in, err);
	}
	json_free(json);
	certificate_copy_clear(&old);
	return rc;
}

static int
respond_info(struct exchange *x, const struct certificate_row *row, struct error *err)
{
	char start[CLOCK_TEXT_SIZE], end[CLOCK_TEXT_SIZE];
	struct renewal_window window = renewal_window(row);
	struct json_t *json;

	clock_format(start, window.start);
	clock_format(end, window.end);
	x->res->retry_after_s = ASK_AGAIN_S;
	json = json_make("{s:{s:s,s:s}}", "suggestedWindow", "start", start, "end", end);
	if (row->revoked_at != 0 && json_set(json, "revoked", json_make("b", 1)) != 0) {
		json_free(json);
		json = NULL;
	}
	return json_respond(x->res, 200, json, err);
}

/* The shape of RFC 9773 section 4.2. */
int
get_renewal_info(struct exchange *x, struct error *err)
{
	struct certificate_copy copy;
	int rc = -1;

	if (store_certificate_copy(x->api->store, x->req->params[0], &copy, err) == 0 &&
	    require_issuer(x, ACCESS_READ | ACCESS_ISSUE, copy.row.issuer, err) == 0)
		rc = respond_info(x, &copy.row, err);
	certificate_copy_clear(&copy);
	return rc;
}

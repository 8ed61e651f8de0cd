/* certificates.c - signing CSRs, and what has been signed. */
#include "api/handlers.h"

#include <stdio.h>
#include <string.h>

#include "api/json.h"
#include "api/url.h"
#include "base/clock.h"
#include "ca/certtext.h"
#include "ca/reason.h"

#define CHAIN_TYPE     "application/pem-certificate-chain"
#define PEM_TYPE       "application/x-pem-file"
#define JSON_TYPE      "application/json"
#define MAX_VALIDITY_S ((int64_t)100 * 366 * 86400)

struct certificate_text {
	const char *serial, *issuer, *profile, *subject, *names, *status, *requester;
	int64_t not_before, not_after;
	const char *certificate; /* PEM; NULL in lists */
	const char *reason;      /* NULL unless revoked */
	int64_t revoked_at;
};

/* "dns:a ip:b" as a list. */
static struct json_t *
list_names(const char *names)
{
	struct json_t *list = json_make("[]");

	while (list != NULL && *names != '\0') {
		size_t len = strcspn(names, " ");

		if (json_append(list, json_make("s%", names, len), NULL) != 0) {
			json_free(list);
			return NULL;
		}
		names += len;
		names += strspn(names, " ");
	}
	return list;
}

static struct json_t *
describe(const struct certificate_text *t, struct json_t *warnings, const char *chain)
{
	char not_before[CLOCK_TEXT_SIZE], not_after[CLOCK_TEXT_SIZE];
	char revoked_at[CLOCK_TEXT_SIZE];

	clock_format(not_before, t->not_before);
	clock_format(not_after, t->not_after);
	clock_format(revoked_at, t->revoked_at);
	return json_make(
	    "{s:s*,s:s,s:s,s:s,s:o,s:s,s:s,s:s,s:s*,s:s*,s:s,s:s*,s:s*,s:o*}", "serial",
	    t->serial, "issuer", t->issuer, "profile", t->profile, "subject", t->subject,
	    "names", list_names(t->names), "not_before", not_before, "not_after",
	    not_after, "status", t->status, "revoked_at",
	    t->reason != NULL ? revoked_at : NULL, "revocation_reason", t->reason,
	    "requester", t->requester, "certificate", t->certificate, "chain", chain,
	    "warnings", warnings);
}

/* What a POST asks for; the texts belong to json. */
struct wanted {
	struct issue_request request;
	struct json_t *json;
	char profile[NAME_MAX_CHARS + 1];
};

static int
read_json_request(const struct request *req, struct wanted *w, struct error *err)
{
	static const char *const members[] = { "csr", "profile", "validity_seconds",
		NULL };
	const char *csr, *profile;

	if (json_read(&req->body, members, &w->json, err) != 0 ||
	    json_text(w->json, "csr", true, &csr, err) != 0 ||
	    json_text(w->json, "profile", false, &profile, err) != 0 ||
	    json_number(w->json, "validity_seconds", 1, MAX_VALIDITY_S, 0,
		&w->request.validity_s, err) != 0)
		return -1;
	w->request.csr = (struct bytes){ (const unsigned char *)csr, strlen(csr) };
	if (profile != NULL && w->profile[0] != '\0')
		return error_set(
		    err, ERROR_BAD_REQUEST, "the profile is in the URL and in the body");
	if (profile != NULL && text_copy(w->profile, sizeof(w->profile), profile) != 0)
		return error_set(err, ERROR_BAD_REQUEST, "JSON: \"profile\" is too long");
	return 0;
}

static int
read_dry_run(const char *query, bool *dry_run, struct error *err)
{
	char text[8];
	bool found;

	if (query_get(query, "dry_run", text, sizeof(text), &found, err) != 0)
		return -1;
	*dry_run = found && strcmp(text, "true") == 0;
	if (found && !*dry_run && strcmp(text, "false") != 0)
		return error_set(err, ERROR_BAD_REQUEST, "URL: dry_run is true or false");
	return 0;
}

static int
read_request(struct exchange *x, struct wanted *w, struct error *err)
{
	const struct request *req = x->req;
	bool found;

	w->request.issuer = req->params[0];
	w->request.actor = req->caller->actor;
	w->request.profile = w->profile;
	w->request.csr = req->body;
	if (query_get(req->query, "profile", w->profile, sizeof(w->profile), &found,
		err) != 0 ||
	    read_dry_run(req->query, &w->request.dry_run, err) != 0)
		return -1;
	if (request_has_type(req, JSON_TYPE)) {
		if (read_json_request(req, w, err) != 0)
			return -1;
	} else if (!request_has_type(req, "application/pkcs10") &&
		   !request_has_type(req, PEM_TYPE)) {
		return error_set(err, ERROR_UNSUPPORTED,
		    "send the CSR as application/pkcs10 (DER or PEM) or " JSON_TYPE);
	}
	if (w->profile[0] == '\0')
		return error_set(
		    err, ERROR_BAD_REQUEST, "name a profile, such as ?profile=server");
	return 0;
}

static struct json_t *
list_warnings(const struct warnings *warnings)
{
	struct json_t *list = json_make("[]");

	for (size_t i = 0; list != NULL && i < warnings->count; i++) {
		if (json_append(list, json_make("s", warnings->items[i]), NULL) != 0) {
			json_free(list);
			return NULL;
		}
	}
	return list;
}

static int
respond_issued(struct exchange *x, const struct wanted *w,
    const struct issue_result *result, struct error *err)
{
	struct certificate_text text = {
		.serial = result->serial,
		.issuer = result->issuer,
		.profile = w->profile,
		.subject = buf_string(&result->subject),
		.names = buf_string(&result->names),
		.status = "valid",
		.requester = w->request.actor,
		.not_before = result->not_before,
		.not_after = result->not_after,
	};
	struct buffer pem;
	int rc;

	buf_init(&pem, 0);
	certtext_pem(buf_bytes(&result->certificate), &pem);
	text.certificate = buf_string(&pem);
	rc = json_respond(x->res, 201,
	    describe(&text, list_warnings(&result->warnings), buf_string(&result->chain)),
	    err);
	buf_free(&pem);
	return rc;
}

/* What would be signed: JSON without serial, certificate and chain. */
static int
respond_dry_run(struct exchange *x, const struct wanted *w,
    const struct issue_result *result, struct error *err)
{
	struct certificate_text text = {
		.issuer = result->issuer,
		.profile = w->profile,
		.subject = buf_string(&result->subject),
		.names = buf_string(&result->names),
		.status = "dry-run",
		.requester = w->request.actor,
		.not_before = result->not_before,
		.not_after = result->not_after,
	};

	return json_respond(
	    x->res, 200, describe(&text, list_warnings(&result->warnings), NULL), err);
}

static int
issue(struct exchange *x, struct wanted *w, const char *type, struct error *err)
{
	struct issue_result result = { 0 };
	int rc =
	    authority_issue(x->api->authority, &w->request, &result, &x->violations, err);

	if (rc == 0 && w->request.dry_run) {
		rc = respond_dry_run(x, w, &result, err);
	} else if (rc == 0) {
		snprintf(x->res->location, sizeof(x->res->location),
		    "/v1/certificates/%s", result.serial);
		if (strcmp(type, JSON_TYPE) == 0) {
			rc = respond_issued(x, w, &result, err);
		} else {
			buf_append(&x->res->body, result.chain.data, result.chain.len);
			rc = response_finish(x->res, type, err);
			x->res->status = 201;
		}
	}
	issue_result_clear(&result);
	return rc;
}

int
post_certificates(struct exchange *x, struct error *err)
{
	static const char *const types[] = { CHAIN_TYPE, JSON_TYPE, PEM_TYPE, NULL };
	const char *type = request_prefers(x->req, types);
	struct wanted w = { 0 };
	int rc = -1;

	/* Before anything is signed: an answer that nobody can read would be lost. */
	if (type == NULL)
		return error_set(
		    err, ERROR_UNSUPPORTED, "Accept: %s or %s", CHAIN_TYPE, JSON_TYPE);
	if (read_request(x, &w, err) == 0)
		rc = issue(x, &w, type, err);
	json_free(w.json);
	return rc;
}

static const char *
status_of(const struct certificate_row *row)
{
	if (row->status == CERTIFICATE_REVOKED)
		return "revoked";
	return row->not_after < clock_now_s() ? "expired" : "valid";
}

static struct json_t *
describe_row(const struct certificate_row *row, const char *pem)
{
	struct certificate_text text = {
		.serial = row->serial,
		.issuer = row->issuer,
		.profile = row->profile,
		.subject = row->subject,
		.names = row->names,
		.status = status_of(row),
		.requester = row->requester,
		.not_before = row->not_before,
		.not_after = row->not_after,
		.certificate = pem,
		.reason = row->status == CERTIFICATE_REVOKED
			      ? reason_name(row->revocation_reason)
			      : NULL,
		.revoked_at = row->revoked_at,
	};

	return describe(&text, NULL, NULL);
}

struct page {
	struct json_t *list;
	size_t limit, count;
	int64_t last;
	bool more;
};

static int
list_certificate(void *ctx, int64_t id, const struct certificate_row *row)
{
	struct page *page = ctx;

	if (page->count == page->limit) {
		page->more = true;
		return 1;
	}
	page->count++;
	page->last = id;
	return json_append(page->list, describe_row(row, NULL), NULL);
}

struct listing {
	struct certificate_filter filter;
	char issuer[STORE_NAME_SIZE], status[16], name[256];
	uint64_t limit, cursor;
};

static int
query_number(const char *query, const char *name, uint64_t min, uint64_t max,
    uint64_t *value, struct error *err)
{
	char text[24];
	bool found;

	if (query_get(query, name, text, sizeof(text), &found, err) != 0)
		return -1;
	return found ? text_to_uint(text, min, max, value, err) : 0;
}

static int
query_text(const char *query, const char *name, char *out, size_t size,
    const char **value, struct error *err)
{
	bool found;

	if (query_get(query, name, out, size, &found, err) != 0)
		return -1;
	*value = found ? out : NULL;
	return 0;
}

static int
read_listing(const char *query, struct listing *l, struct error *err)
{
	char when[32];
	const char *before;

	*l = (struct listing){ .limit = 100 };
	if (query_text(query, "issuer", l->issuer, sizeof(l->issuer), &l->filter.issuer,
		err) != 0 ||
	    query_text(query, "status", l->status, sizeof(l->status), &l->filter.status,
		err) != 0 ||
	    query_text(query, "san", l->name, sizeof(l->name), &l->filter.name, err) !=
		0 ||
	    query_text(query, "expires_before", when, sizeof(when), &before, err) != 0 ||
	    query_number(query, "limit", 1, 1000, &l->limit, err) != 0 ||
	    query_number(query, "cursor", 0, INT64_MAX, &l->cursor, err) != 0)
		return -1;
	if (l->filter.status != NULL && strcmp(l->status, "valid") != 0 &&
	    strcmp(l->status, "expired") != 0 && strcmp(l->status, "revoked") != 0)
		return error_set(
		    err, ERROR_BAD_REQUEST, "URL: status is valid, expired or revoked");
	if (before != NULL && clock_parse(before, &l->filter.expires_before) != 0)
		return error_set(err, ERROR_BAD_REQUEST,
		    "URL: expires_before takes a time such as 2026-01-31T23:59:59Z");
	l->filter.after_id = (int64_t)l->cursor;
	/* One more than asked for tells whether there is a next page. */
	l->filter.limit = (size_t)l->limit + 1;
	return 0;
}

/* The same query with another cursor: all of it, or the next page would be of another
 * list. */
static int
link_next(struct response *res, const char *query, int64_t cursor, struct error *err)
{
	char kept[400] = "";
	size_t used = 0;

	while (*query != '\0') {
		size_t len = strcspn(query, "&");

		if (strncmp(query, "cursor=", 7) != 0) {
			if (used + len + 2 > sizeof(kept))
				return error_set(
				    err, ERROR_BAD_REQUEST, "URL: the query is too long");
			used += (size_t)snprintf(
			    kept + used, sizeof(kept) - used, "%.*s&", (int)len, query);
		}
		query += len;
		query += *query == '&';
	}
	snprintf(res->link, sizeof(res->link),
	    "</v1/certificates?%scursor=%lld>; rel=\"next\"", kept, (long long)cursor);
	return 0;
}

int
get_certificates(struct exchange *x, struct error *err)
{
	struct listing l;
	struct page page = { 0 };

	if (read_listing(x->req->query, &l, err) != 0)
		return -1;
	page.limit = (size_t)l.limit;
	page.list = json_make("[]");
	if (store_certificate_each(
		x->api->store, &l.filter, list_certificate, &page, err) != 0) {
		json_free(page.list);
		return -1;
	}
	if (page.more && link_next(x->res, x->req->query, page.last, err) != 0) {
		json_free(page.list);
		return -1;
	}
	return json_respond(
	    x->res, 200, json_make("{s:o}", "certificates", page.list), err);
}

/* One certificate out of the store, as JSON, PEM, and with its chain. */
struct found {
	const char *type;
	struct response *res;
	char issuer[STORE_NAME_SIZE];
	struct error *err;
	int rc;
};

static int
show_certificate(void *ctx, const struct certificate_row *row)
{
	struct found *found = ctx;
	struct buffer pem;

	buf_init(&pem, 0);
	certtext_pem(row->certificate, &pem);
	snprintf(found->issuer, sizeof(found->issuer), "%s", row->issuer);
	if (strcmp(found->type, JSON_TYPE) == 0) {
		found->rc = json_respond(
		    found->res, 200, describe_row(row, buf_string(&pem)), found->err);
	} else {
		buf_append(&found->res->body, pem.data, pem.len);
		found->rc = response_finish(found->res, found->type, found->err);
	}
	buf_free(&pem);
	return 0;
}

static int
show(struct exchange *x, const char *type, struct found *found, struct error *err)
{
	*found = (struct found){ .type = type, .res = x->res, .err = err };
	if (store_certificate_find(
		x->api->store, x->req->params[0], show_certificate, found, err) != 0)
		return -1;
	return found->rc;
}

int
get_certificate(struct exchange *x, struct error *err)
{
	static const char *const types[] = { JSON_TYPE, PEM_TYPE, NULL };
	const char *type = request_prefers(x->req, types);
	struct found found;

	if (type == NULL)
		return error_set(
		    err, ERROR_UNSUPPORTED, "Accept: %s or %s", JSON_TYPE, PEM_TYPE);
	return show(x, type, &found, err);
}

int
get_certificate_chain(struct exchange *x, struct error *err)
{
	struct found found;

	if (show(x, CHAIN_TYPE, &found, err) != 0 ||
	    authority_chain(x->api->authority, found.issuer, false, &x->res->body, err) !=
		0)
		return -1;
	return response_finish(x->res, CHAIN_TYPE, err);
}

/* issuers.c - roots and intermediates, shown. */
#include "api/handlers.h"

#include <string.h>

#include "api/certform.h"
#include "api/conditional.h"
#include "api/issuer_answer.h"
#include "api/json.h"
#include "api/url.h"
#include "base/pem.h"
#include "ca/certtext.h"

struct listing {
	struct exchange *x;
	struct json_t *list;
};

static int
list_issuer(void *ctx, const struct issuer_info *info)
{
	struct listing *listing = ctx;

	return json_append(listing->list, issuer_json(listing->x, info), NULL);
}

int
get_issuers(struct exchange *x, struct error *err)
{
	struct listing listing = { .x = x, .list = json_make("[]") };

	authority_each_issuer(x->api->authority, list_issuer, &listing);
	return json_respond(
	    x->res, 200, json_make("{s:o}", "issuers", listing.list), err);
}

int
get_issuer(struct exchange *x, struct error *err)
{
	char etag[sizeof(x->res->etag)];

	if (issuer_respond(x, 200, x->req->params[0], NULL, err) != 0)
		return -1;
	memcpy(etag, x->res->etag, sizeof(etag));
	if (conditional_not_modified(x->req, x->res, etag, 0)) {
		buf_reset(&x->res->body);
		x->res->content_type = NULL;
	}
	return 0;
}

/* A pending issuer has none. */
static int
find_issuer(struct exchange *x, const struct issuer_info **info, struct error *err)
{
	const char *name = x->req->params[0];

	if (authority_find_issuer(x->api->authority, name, info, err) != 0)
		return -1;
	return (*info)->certificate.len != 0
		   ? 0
		   : error_set(err, ERROR_CONFLICT,
			 "issuer %s is pending: it has no certificate yet", name);
}

int
get_issuer_certificate(struct exchange *x, struct error *err)
{
	static const char *const types[] = { PEM_TYPE, DER_TYPE, PKCS7_TYPE, NULL };
	const struct issuer_info *info;
	const char *type;
	struct buffer pem;
	int rc;

	if (certform_choose(x->req, types, &type, err) != 0 ||
	    find_issuer(x, &info, err) != 0)
		return -1;
	buf_init(&pem, 0);
	certtext_pem(info->certificate, &pem);
	rc = certform_respond(x->res, type, buf_bytes(&pem), err);
	buf_free(&pem);
	return rc;
}

int
get_issuer_chain(struct exchange *x, struct error *err)
{
	static const char *const types[] = { CHAIN_TYPE, PKCS7_TYPE, NULL };
	struct authority *authority = x->api->authority;
	const char *name = x->req->params[0], *type;
	char via[NAME_MAX_CHARS + 1];
	struct buffer pem;
	bool found;
	int rc;

	if (certform_choose(x->req, types, &type, err) != 0 ||
	    query_get(x->req->query, "via", via, sizeof(via), &found, err) != 0)
		return -1;
	buf_init(&pem, 0);
	rc = found ? authority_chain_via(authority, name, via, true, &pem, err)
		   : authority_chain(authority, name, true, &pem, err);
	if (rc == 0)
		rc = certform_respond(x->res, type, buf_bytes(&pem), err);
	buf_free(&pem);
	return rc;
}

int
get_issuer_csr(struct exchange *x, struct error *err)
{
	static const char *const types[] = { PEM_TYPE, CSR_TYPE, NULL };
	const struct issuer_info *info;
	const char *type;

	if (certform_choose(x->req, types, &type, err) != 0 ||
	    authority_find_issuer(x->api->authority, x->req->params[0], &info, err) != 0)
		return -1;
	if (info->request.len == 0)
		return error_set(err, ERROR_NOT_FOUND,
		    "issuer %s did not ask another authority for its certificate",
		    info->name);
	if (type == types[1])
		buf_append(&x->res->body, info->request.data, info->request.len);
	else
		pem_append(&x->res->body, "CERTIFICATE REQUEST", info->request);
	return response_finish(x->res, type, err);
}

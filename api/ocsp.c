/*
 * ocsp.c - OCSP over HTTP (RFC 6960 appendix A), with what RFC 5019 section 6 says to
 * caches.
 *
 * To an OCSP client a refusal is an OCSPResponse too, with status 200. Only what it would
 * not understand anyway is a problem document: no such issuer, no such media type.
 */
#include "ca/ocsp.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "api/conditional.h"
#include "api/handlers.h"
#include "api/problem.h"
#include "api/url.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "ca/ocsp_query.h"

#define REQUEST_TYPE  "application/ocsp-request"
#define RESPONSE_TYPE "application/ocsp-response"

/* A cache learns of a revocation within an hour. */
#define SHARED_S 3600

/* In base64; longer requests are for POST. */
#define GET_MAX_CHARS 4096

/* Requests come from anybody, so what is wrong with one is no news; nor is it that there
 * are too many, or that what was logged a moment ago is still so. */
static void
log_refusal(const struct exchange *x, const struct error *why)
{
	static const char fields[] = "request=%s issuer=%s why=\"%s\"";
	char text[LOG_QUOTED_MAX], quoted[LOG_QUOTED_MAX];
	const char *issuer = log_value(quoted, x->req->params[0]);

	log_quoted(text, why->text);
	if (problem_status(why->code) >= 500 && why->code != ERROR_BUSY)
		log_error("ocsp.failed", fields, x->req->id, issuer, text);
	else
		log_debug("ocsp.refused", fields, x->req->id, issuer, text);
}

static int
refuse(struct exchange *x, const struct error *why, struct error *err)
{
	log_refusal(x, why);
	snprintf(x->res->cache_control, sizeof(x->res->cache_control), "%s", "no-store");
	buf_reset(&x->res->body);
	if (ocsp_refuse(why->code, &x->res->body, err) != 0)
		return -1;
	return response_finish(x->res, RESPONSE_TYPE, err);
}

static int
make_etag(struct bytes der, char etag[static 67], struct error *err)
{
	unsigned char hash[EVP_MAX_MD_SIZE];

	if (EVP_Digest(der.data, der.len, hash, NULL, EVP_sha256(), NULL) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "hash of an answer");
	etag[0] = '"';
	hex_encode(etag + 1, hash, 32);
	memcpy(etag + 65, "\"", 2);
	return 0;
}

/* Until a cache must ask again; never beyond what the answer itself says. */
static void
allow_caching(struct response *res, const struct ocsp_answer *answer, int64_t now)
{
	int64_t left = answer->next_update - now;

	snprintf(res->cache_control, sizeof(res->cache_control),
	    "max-age=%d,public,no-transform,must-revalidate",
	    (int)(left < SHARED_S ? left : SHARED_S));
	res->expires = answer->next_update;
}

static int
respond(
    struct exchange *x, const struct ocsp_answer *answer, int64_t now, struct error *err)
{
	struct response *res = x->res;
	char etag[67];

	if (strcmp(x->req->method, "GET") == 0 && answer->is_shareable) {
		if (make_etag(buf_bytes(&answer->der), etag, err) != 0)
			return -1;
		allow_caching(res, answer, now);
		if (conditional_not_modified(x->req, res, etag, answer->this_update))
			return 0;
	} else {
		snprintf(
		    res->cache_control, sizeof(res->cache_control), "%s", "no-store");
	}
	buf_append(&res->body, answer->der.data, answer->der.len);
	return response_finish(res, RESPONSE_TYPE, err);
}

static int
answer_request(struct exchange *x, struct bytes request, struct error *err)
{
	struct ocsp_answer answer;
	struct error why = { 0 };
	int64_t now = clock_now_s();
	int rc;

	rc = ocsp_answer(x->api->ocsp, x->req->params[0], request, now, &answer, &why);
	if (rc == 0) {
		rc = respond(x, &answer, now, err);
	} else if (why.code == ERROR_NOT_FOUND) {
		*err = why;
	} else {
		rc = refuse(x, &why, err);
	}
	ocsp_answer_clear(&answer);
	return rc;
}

int
post_ocsp(struct exchange *x, struct error *err)
{
	if (!request_has_type(x->req, REQUEST_TYPE))
		return error_set(
		    err, ERROR_UNSUPPORTED, "send the request as %s", REQUEST_TYPE);
	return answer_request(x, x->req->body, err);
}

/* A URL that ends with a slash makes two of them; no DER in base64 begins with one. */
static int
read_path(const struct request *req, struct buffer *der, struct error *err)
{
	char text[GET_MAX_CHARS + 1], *start = text;

	if (url_decode(text, sizeof(text), req->rest, req->rest_len, err) != 0)
		return -1;
	start += strspn(text, "/");
	return base64_decode(der, start, strlen(start), err);
}

int
get_ocsp(struct exchange *x, struct error *err)
{
	struct buffer der;
	struct error why = { 0 };
	int rc;

	buf_init(&der, 0);
	if (read_path(x->req, &der, &why) == 0)
		rc = answer_request(x, buf_bytes(&der), err);
	else
		rc = refuse(x, &why, err);
	buf_free(&der);
	return rc;
}

/* problem.c - one table from error codes to what a client sees. */
#include "api/problem.h"

#include <stdio.h>
#include <string.h>

#include "api/json.h"
#include "base/shared.h"
#include "ca/violation.h"

#define TYPE_PREFIX "urn:keyhold:error:"

struct kind {
	int status;
	const char *type, *title;
	bool tell; /* the client may read the reason */
};

static const struct kind kinds[] = {
	[ERROR_NONE] = { 500, "internal", "Internal error", false },
	[ERROR_BAD_REQUEST] = { 400, "bad-request", "Bad request", true },
	[ERROR_UNAUTHENTICATED] = { 401, "unauthenticated", "Unauthenticated", true },
	[ERROR_CREDENTIAL] = { 401, "invalid-token", "The bearer token is not good",
	    true },
	[ERROR_FORBIDDEN] = { 403, "forbidden", "Forbidden", true },
	[ERROR_NOT_FOUND] = { 404, "not-found", "Not found", true },
	[ERROR_CONFLICT] = { 409, "conflict", "Conflict", true },
	[ERROR_PRECONDITION] = { 412, "precondition-failed", "Precondition failed",
	    true },
	[ERROR_IN_FLIGHT] = { 409, "in-flight", "The same request is being answered",
	    true },
	[ERROR_KEY_REUSED] = { 422, "idempotency-key-reused",
	    "The Idempotency-Key stands for another request", true },
	[ERROR_TOO_LARGE] = { 413, "too-large", "Too large", true },
	[ERROR_UNSUPPORTED] = { 415, "unsupported", "Unsupported", true },
	[ERROR_UNACCEPTABLE] = { 406, "not-acceptable", "Not acceptable", true },
	[ERROR_REFUSED] = { 422, "refused", "Refused by the CA's rules", true },
	[ERROR_LIMITED] = { 429, "rate-limited", "More than the rule allows at a time",
	    true },
	[ERROR_LOCKED_OUT] = { 429, "too-many-failures",
	    "Too many bearer tokens that are not good", true },
	[ERROR_BUSY] = { 503, "busy", "All token sessions are in use", true },
	[ERROR_TIMEOUT] = { 503, "token", "The token did not answer", true },
	[ERROR_TOKEN] = { 503, "token", "The token cannot be used now", true },
	[ERROR_LOGGED_OUT] = { 503, "token", "The token cannot be used now", true },
	[ERROR_AWAY] = { 503, "token", "The token cannot be used now", true },
	[ERROR_PIN] = { 503, "token", "The token cannot be used now", true },
	[ERROR_STORAGE] = { 507, "storage", "The database cannot be written now", true },
	[ERROR_UNRECORDED] = { 503, "unrecorded", "The audit record cannot be written",
	    true },
	[ERROR_TAMPERED] = { 500, "internal", "Internal error", false },
	[ERROR_CONFIG] = { 500, "internal", "Internal error", false },
	[ERROR_IO] = { 500, "internal", "Internal error", false },
	[ERROR_INTERNAL] = { 500, "internal", "Internal error", false },
};

int
problem_status(enum error_code code)
{
	return kinds[code].status;
}

static struct json_t *
list_violations(const struct violations *violations)
{
	struct json_t *list = json_make("[]");

	for (size_t i = 0; list != NULL && i < violations->count; i++) {
		const struct violation *v = &violations->items[i];

		if (json_append(list,
			json_make("{s:s,s:s,s:s,s:s}", "rule", v->rule, "field", v->field,
			    "detail", v->detail, "source", v->source),
			NULL) != 0) {
			json_free(list);
			return NULL;
		}
	}
	return list;
}

static void
respond(struct response *res, const struct kind *kind, const char *detail,
    const struct violations *violations)
{
	struct json_t *list = NULL, *document;
	char type[64];

	snprintf(type, sizeof(type), TYPE_PREFIX "%s", kind->type);
	if (violations != NULL && violations->count > 0)
		list = list_violations(violations);
	document = json_make("{s:s,s:s,s:i,s:s,s:o*}", "type", type, "title", kind->title,
	    "status", kind->status, "detail", detail, "violations", list);
	/* Out of memory leaves the status without a body, which is still an answer. */
	if (json_respond(res, kind->status, document, NULL) != 0)
		buf_reset(&res->body);
	res->status = kind->status;
	res->content_type = "application/problem+json";
	res->retry_after_s = kind->status == 503 || kind->status == 429 ? 1 : 0;
}

/* An error quotes what came from a client, cut anywhere; JSON takes whole UTF-8 only. */
static void
copy_printable(char out[static ERROR_TEXT_MAX], const char *text)
{
	size_t i;

	for (i = 0; i + 1 < ERROR_TEXT_MAX && text[i] != '\0'; i++)
		out[i] = text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?';
	out[i] = '\0';
}

/* What was said of an answer that is not given. */
static void
forget(struct response *res)
{
	res->location[0] = '\0';
	res->link[0] = '\0';
	res->etag[0] = '\0';
	res->cache_control[0] = '\0';
	res->last_modified = 0;
	res->expires = 0;
	res->is_base64 = false;
	res->challenge = NULL;
	shared_free(res->shared);
	res->shared = NULL;
	response_close_file(res);
}

/* RFC 6750 section 3. */
static const char *
challenge_of(enum error_code code)
{
	if (code == ERROR_UNAUTHENTICATED)
		return "Bearer realm=\"keyhold\"";
	if (code == ERROR_CREDENTIAL)
		return "Bearer realm=\"keyhold\", error=\"invalid_token\"";
	return NULL;
}

void
problem_respond_kind(struct response *res, enum error_code code)
{
	forget(res);
	respond(res, &kinds[code], "the daemon's log says why", NULL);
}

void
problem_respond(
    struct response *res, const struct error *err, const struct violations *violations)
{
	const struct kind *kind = &kinds[err->code];
	char reason[ERROR_TEXT_MAX];

	forget(res);
	copy_printable(reason, err->text);
	respond(res, kind, kind->tell ? reason : "the daemon's log says why", violations);
	res->challenge = challenge_of(err->code);
	if (err->code == ERROR_IN_FLIGHT)
		res->retry_after_s = 1;
}

void
problem_method(struct response *res, const char *allow)
{
	static const struct kind kind = { 405, "method-not-allowed", "Method not allowed",
		true };
	char detail[128];

	snprintf(res->allow, sizeof(res->allow), "%s", allow);
	snprintf(detail, sizeof(detail), "this resource takes %s", allow);
	respond(res, &kind, detail, NULL);
}

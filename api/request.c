/* request.c - media types of a request, and the answer's memory. */
#include "api/request.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/shared.h"

void
response_init(struct response *res)
{
	*res = (struct response){ .status = 500 };
	buf_init(&res->body, 0);
}

void
response_close_file(struct response *res)
{
	if (res->is_file)
		close(res->file);
	res->is_file = false;
}

void
response_free(struct response *res)
{
	buf_free(&res->body);
	shared_free(res->shared);
	response_close_file(res);
}

int
response_finish(struct response *res, const char *content_type, struct error *err)
{
	if (buf_failed(&res->body))
		return error_set(err, ERROR_INTERNAL, "out of memory");
	res->status = 200;
	res->content_type = content_type;
	return 0;
}

static bool
same_type(const char *text, size_t len, const char *type)
{
	return len == strlen(type) && strncasecmp(text, type, len) == 0;
}

/* A media range ends at its parameters, the next range, or white space (RFC 9110
 * section 12.5.1). */
static size_t
range_len(const char *text)
{
	return strcspn(text, ";, \t");
}

bool
request_has_type(const struct request *req, const char *type)
{
	return req->content_type != NULL &&
	       same_type(req->content_type, range_len(req->content_type), type);
}

static bool
range_allows(const char *range, size_t len, const char *type)
{
	const char *slash = strchr(type, '/');
	size_t kind = (size_t)(slash - type) + 1;

	if (same_type(range, len, type) || same_type(range, len, "*/*"))
		return true;
	return len == kind + 1 && range[kind] == '*' &&
	       strncasecmp(range, type, kind) == 0;
}

/*
 * Weights are not read: the first range that fits one of ours decides, in the client's
 * order, so JSON named before a wildcard means JSON.
 */
const char *
request_prefers(const struct request *req, const char *const *types)
{
	const char *accept = req->accept;

	if (accept == NULL || *accept == '\0')
		return types[0];
	while (*accept != '\0') {
		accept += strspn(accept, ", \t");
		for (size_t i = 0; types[i] != NULL; i++)
			if (range_allows(accept, range_len(accept), types[i]))
				return types[i];
		accept += strcspn(accept, ",");
	}
	return NULL;
}

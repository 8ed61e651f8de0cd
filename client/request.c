/* request.c - what leaves before the body. */
#include "client/request.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "client/client.h"

/* All of the head but what comes from the caller. */
#define FIXED_MAX 192

/* Visible ASCII, and spaces where a header field may have them: no line ends. */
static bool
is_clean(const char *text, char lowest)
{
	for (; *text != '\0'; text++)
		if (*text < lowest || *text > '~')
			return false;
	return true;
}

static const char *
accept_of(const struct client_request *req)
{
	return req->accept != NULL ? req->accept : "*/*";
}

int
request_check(const struct client_request *req, struct error *err)
{
	const char *type = req->content_type != NULL ? req->content_type : "";
	const char *condition = req->condition != NULL ? req->condition : "";
	const char *bearer = req->bearer != NULL ? req->bearer : "";

	if (!is_clean(req->method, '!') || !is_clean(req->path, '!') ||
	    !is_clean(accept_of(req), ' ') || !is_clean(type, ' ') ||
	    !is_clean(condition, ' ') || !is_clean(bearer, '!'))
		return error_set(err, ERROR_BAD_REQUEST,
		    "a request with a character that HTTP does not allow there");
	if (strlen(req->method) + strlen(req->path) + strlen(accept_of(req)) +
		strlen(type) + strlen(condition) + strlen(bearer) >
	    REQUEST_HEAD_MAX - FIXED_MAX)
		return error_set(err, ERROR_TOO_LARGE, "a request line of %zu bytes",
		    strlen(req->path));
	return 0;
}

size_t
request_write_head(const struct client_request *req, char head[static REQUEST_HEAD_MAX])
{
	const char *type = req->content_type, *condition = req->condition,
		   *bearer = req->bearer;
	int n = snprintf(head, REQUEST_HEAD_MAX,
	    "%s %s HTTP/1.1\r\nHost: localhost\r\nAccept: %s\r\n"
	    "%s%s%s%s%s%s%s%sContent-Length: %zu\r\n\r\n",
	    req->method, req->path, accept_of(req), type != NULL ? "Content-Type: " : "",
	    type != NULL ? type : "", type != NULL ? "\r\n" : "",
	    condition != NULL ? condition : "", condition != NULL ? "\r\n" : "",
	    bearer != NULL ? "Authorization: Bearer " : "", bearer != NULL ? bearer : "",
	    bearer != NULL ? "\r\n" : "", req->body.len);

	return (size_t)n;
}

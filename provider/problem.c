/* problem.c - why the daemon said no, in one line. */
#include "provider/problem.h"

#include <string.h>

#include "client/client.h"

#define DETAIL_MAX 160

/* Copies up to the closing quote, leaving out escapes and control characters. */
static void
copy_detail(char out[static DETAIL_MAX], const char *text)
{
	size_t len = 0;

	for (; *text != '\0' && *text != '"' && len + 1 < DETAIL_MAX; text++) {
		if (*text == '\\' && text[1] != '\0')
			text++;
		if ((unsigned char)*text >= ' ' && *text != 0x7f)
			out[len++] = *text;
	}
	out[len] = '\0';
}

static enum error_code
code_of(int status)
{
	switch (status) {
	case 403:
		return ERROR_FORBIDDEN;
	case 404:
		return ERROR_NOT_FOUND;
	case 413:
		return ERROR_TOO_LARGE;
	case 415:
		return ERROR_UNSUPPORTED;
	case 503:
		return ERROR_TOKEN;
	default:
		return status < 500 ? ERROR_BAD_REQUEST : ERROR_INTERNAL;
	}
}

int
problem_to_error(const struct client_response *res, struct error *err)
{
	static const char member[] = "\"detail\"";
	const char *id = res->request_id, *at = strstr(buf_string(&res->body), member);
	char detail[DETAIL_MAX] = "";

	if (at != NULL && (at = strchr(at + strlen(member), '"')) != NULL)
		copy_detail(detail, at + 1);
	return error_set(err, code_of(res->status), "keyholdd answered %d%s%s%s%s%s",
	    res->status, detail[0] != '\0' ? ": " : "", detail,
	    id[0] != '\0' ? " (request " : "", id, id[0] != '\0' ? ")" : "");
}

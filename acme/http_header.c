/* http_header.c - the fields of an answer's head that ACME uses. */
#include "acme/http.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "acme/base64url.h"
#include "base/clock.h"
#include "base/text.h"

#define VALUE_MAX         HTTP_URL_MAX
#define RETRY_AFTER_MAX_S (366 * 86400)

/* Either form of RFC 9110 section 10.2.3; what is neither says nothing. */
static int
take_retry_after(struct http_response *res, const char *value)
{
	struct error err;
	uint64_t seconds;
	int64_t date;

	if (text_to_uint(value, 0, RETRY_AFTER_MAX_S, &seconds, &err) == 0)
		res->retry_after_s = (int64_t)seconds;
	else if (clock_http_parse(value, &date) == 0)
		res->retry_after_s = date > clock_now_s() ? date - clock_now_s() : 0;
	return 0;
}

/* One that is none is ignored, as RFC 8555 section 6.5.1 says. */
static int
take_nonce(struct http_response *res, const char *value)
{
	if (base64url_is(value))
		(void)text_copy(res->nonce, sizeof(res->nonce), value);
	return 0;
}

static int
take_location(struct http_response *res, const char *value)
{
	return text_copy(res->location, sizeof(res->location), value);
}

static const struct {
	const char *name;
	int (*take)(struct http_response *res, const char *value);
	int if_too_long;
} fields[] = {
	{ "replay-nonce:", take_nonce, 0 },
	{ "location:", take_location, -1 },
	{ "retry-after:", take_retry_after, 0 },
};

int
http_read_header(struct http_response *res, const char *line, size_t len)
{
	char value[VALUE_MAX];

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		size_t name = strlen(fields[i].name);

		if (len < name || strncasecmp(line, fields[i].name, name) != 0)
			continue;
		line += name;
		len -= name;
		while (len > 0 && (*line == ' ' || *line == '\t')) {
			line++;
			len--;
		}
		while (len > 0 && isspace((unsigned char)line[len - 1]))
			len--;
		if (len >= sizeof(value) || memchr(line, '\0', len) != NULL)
			return fields[i].if_too_long;
		memcpy(value, line, len);
		value[len] = '\0';
		return fields[i].take(res, value);
	}
	return 0;
}

/* signrequest.c - reads it strictly: what is not plainly in the form is not. */
#include "service/signrequest.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#define TARGET_HEAD "/v1/keys/"
#define TARGET_MID  "/sign?scheme="

/* What is left of the data. */
struct rest {
	const char *at, *end;
};

static bool
take(struct rest *rest, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(rest->end - rest->at) < len || memcmp(rest->at, text, len) != 0)
		return false;
	rest->at += len;
	return true;
}

static bool
is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* At least one lower-case letter, digit, or character of others. */
static bool
take_word(struct rest *rest, const char *others)
{
	const char *start = rest->at;

	while (rest->at < rest->end && *rest->at != '\0' &&
	       (is_lower_or_digit(*rest->at) || strchr(others, *rest->at) != NULL))
		rest->at++;
	return rest->at > start;
}

static bool
take_target(struct rest *rest, struct bytes *target)
{
	const char *start = rest->at;

	if (!take(rest, TARGET_HEAD) || !take_word(rest, ":._-") ||
	    !take(rest, TARGET_MID) || !take_word(rest, "_"))
		return false;
	target->data = (const unsigned char *)start;
	target->len = (size_t)(rest->at - start);
	return true;
}

/* A line of visible ASCII and spaces, without its end. */
static bool
take_line(struct rest *rest, struct rest *line)
{
	line->at = rest->at;
	while (rest->at < rest->end && *rest->at >= ' ' && *rest->at <= '~')
		rest->at++;
	line->end = rest->at;
	return take(rest, "\r\n");
}

enum field {
	FIELD_HOST,
	FIELD_LENGTH,
	FIELD_TYPE,
	FIELD_ACCEPT,
	FIELD_AGENT,
	FIELD_CONNECTION,
};
#define FIELDS          6
#define FIELDS_REQUIRED (1u << FIELD_HOST | 1u << FIELD_LENGTH | 1u << FIELD_TYPE)

static const char *const names[FIELDS] = {
	[FIELD_HOST] = "Host:",
	[FIELD_LENGTH] = "Content-Length:",
	[FIELD_TYPE] = "Content-Type:",
	[FIELD_ACCEPT] = "Accept:",
	[FIELD_AGENT] = "User-Agent:",
	[FIELD_CONNECTION] = "Connection:",
};

/* Names are of either case (RFC 9110 section 5.1); line is left with the value. */
static bool
take_name(struct rest *line, unsigned *field)
{
	for (*field = 0; *field < FIELDS; (*field)++) {
		size_t len = strlen(names[*field]);

		if ((size_t)(line->end - line->at) < len ||
		    strncasecmp(line->at, names[*field], len) != 0)
			continue;
		line->at += len;
		while (line->at < line->end && *line->at == ' ')
			line->at++;
		while (line->at < line->end && line->end[-1] == ' ')
			line->end--;
		return true;
	}
	return false;
}

static bool
value_is(const struct rest *value, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(value->end - value->at) == len &&
	       strncasecmp(value->at, text, len) == 0;
}

/* Digits alone, and few: what needs more is not in the block. */
static bool
read_length(const struct rest *value, size_t *length)
{
	size_t digits = (size_t)(value->end - value->at);

	*length = 0;
	if (digits == 0 || digits > 6 || (digits > 1 && *value->at == '0'))
		return false;
	for (const char *p = value->at; p < value->end; p++) {
		if (*p < '0' || *p > '9')
			return false;
		*length = *length * 10 + (size_t)(*p - '0');
	}
	return true;
}

static bool
read_field(enum field field, const struct rest *value, struct signrequest *req)
{
	switch (field) {
	case FIELD_HOST:
		return value->at < value->end;
	case FIELD_LENGTH:
		return read_length(value, &req->body.len);
	case FIELD_TYPE:
		return value_is(value, "application/octet-stream");
	case FIELD_ACCEPT:
		req->accept.data = (const unsigned char *)value->at;
		req->accept.len = (size_t)(value->end - value->at);
		return true;
	case FIELD_AGENT:
		return true;
	case FIELD_CONNECTION:
		return value_is(value, "keep-alive");
	}
	return false;
}

/* Up to and with the empty line. */
static bool
take_fields(struct rest *rest, struct signrequest *req)
{
	unsigned seen = 0, field;
	struct rest line;

	while (take_line(rest, &line)) {
		if (line.at == line.end)
			return (seen & FIELDS_REQUIRED) == FIELDS_REQUIRED;
		if (!take_name(&line, &field) || (seen & 1u << field) != 0 ||
		    !read_field((enum field)field, &line, req))
			return false;
		seen |= 1u << field;
	}
	return false;
}

bool
signrequest_read(const void *data, size_t len, struct signrequest *req)
{
	struct rest rest = { data, (const char *)data + len };

	*req = (struct signrequest){ 0 };
	if (!take(&rest, "POST ") || !take_target(&rest, &req->target) ||
	    !take(&rest, " HTTP/1.1\r\n") || !take_fields(&rest, req) ||
	    (size_t)(rest.end - rest.at) < req->body.len)
		return false;
	req->body.data = (const unsigned char *)rest.at;
	req->len = len - (size_t)(rest.end - rest.at) + req->body.len;
	return true;
}

/*
 * response.c - the response parser.
 *
 * Two readers of one byte stream that disagree about where a message ends can be made
 * to confuse one answer with the next (RFC 9112 section 11). So whatever RFC 9112 lets
 * a recipient guess is refused here: bare LF, folded lines, a repeated length, no length.
 */
#include "client/response.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "client/client.h"

#define HTTP_VERSION "HTTP/1.1 "

void
response_init(struct response *r, struct client_response *res)
{
	/* Not = { 0 }: that would clear 8 KiB for each signature. */
	r->res = res;
	r->state = RESPONSE_HEAD;
	r->body_left = 0;
	r->has_length = false;
	r->must_close = false;
	r->head_len = 0;

	res->status = 0;
	res->content_type[0] = res->location[0] = res->link[0] = res->etag[0] = '\0';
	res->request_id[0] = '\0';
	buf_reset(&res->body);
}

static int
read_status_line(struct response *r, const char *line, struct error *err)
{
	const char *digits = line + strlen(HTTP_VERSION);
	int status = 0;

	if (strncmp(line, HTTP_VERSION, strlen(HTTP_VERSION)) != 0)
		return error_set(err, ERROR_BAD_REQUEST, "the answer is not HTTP/1.1");
	for (int i = 0; i < 3; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return error_set(err, ERROR_BAD_REQUEST, "bad HTTP status line");
		status = status * 10 + (digits[i] - '0');
	}
	if (digits[3] != ' ' && digits[3] != '\0')
		return error_set(err, ERROR_BAD_REQUEST, "bad HTTP status line");
	/* We never ask for 100-continue or an upgrade, so 1xx answers nothing of ours. */
	if (status < 200 || status > 599)
		return error_set(err, ERROR_BAD_REQUEST, "HTTP status %d", status);
	r->res->status = status;
	return 0;
}

static bool
has_sink(const struct response *r)
{
	return r->res->sink != NULL && r->res->status == 200;
}

static int
read_content_length(struct response *r, const char *value, struct error *err)
{
	size_t max = r->res->body.max_bytes;
	uint64_t length;

	if (r->has_length)
		return error_set(err, ERROR_BAD_REQUEST, "repeated Content-Length");
	if (text_to_uint(value, 0, SIZE_MAX / 2, &length, err) != 0)
		return error_set(
		    err, ERROR_BAD_REQUEST, "bad Content-Length \"%.32s\"", value);
	if (max != 0 && length > max && !has_sink(r))
		return error_set(err, ERROR_TOO_LARGE,
		    "an answer of %llu bytes; at most %zu are accepted",
		    (unsigned long long)length, max);
	r->body_left = (size_t)length;
	r->has_length = true;
	return 0;
}

static int
read_transfer_encoding(struct response *r, const char *value, struct error *err)
{
	(void)r;
	return error_set(err, ERROR_BAD_REQUEST,
	    "Transfer-Encoding \"%.32s\" is not supported", value);
}

/* A list of tokens (RFC 9110 section 7.6.1), of which only "close" concerns us. */
static int
read_connection(struct response *r, const char *value, struct error *err)
{
	(void)err;
	while (*value != '\0') {
		size_t len = strcspn(value, ", \t");

		if (len == strlen("close") && strncasecmp(value, "close", len) == 0)
			r->must_close = true;
		value += len;
		value += strspn(value, ", \t");
	}
	return 0;
}

static int
keep_text(char *out, size_t size, const char *name, const char *value, struct error *err)
{
	if (out[0] != '\0')
		return error_set(err, ERROR_BAD_REQUEST, "repeated %s", name);
	if (text_copy(out, size, value) != 0)
		return error_set(
		    err, ERROR_BAD_REQUEST, "%s of %zu bytes", name, strlen(value));
	return 0;
}

static int
read_content_type(struct response *r, const char *value, struct error *err)
{
	struct client_response *res = r->res;

	return keep_text(
	    res->content_type, sizeof(res->content_type), "Content-Type", value, err);
}

static int
read_location(struct response *r, const char *value, struct error *err)
{
	return keep_text(
	    r->res->location, sizeof(r->res->location), "Location", value, err);
}

static int
read_link(struct response *r, const char *value, struct error *err)
{
	return keep_text(r->res->link, sizeof(r->res->link), "Link", value, err);
}

static int
read_etag(struct response *r, const char *value, struct error *err)
{
	return keep_text(r->res->etag, sizeof(r->res->etag), "ETag", value, err);
}

/* For people. An answer is as good without it, so nothing is refused for its sake. */
static int
read_request_id(struct response *r, const char *value, struct error *err)
{
	(void)err;
	for (const char *p = value; *p != '\0'; p++)
		if (*p != '-' && !isalnum((unsigned char)*p))
			return 0;
	(void)text_copy(r->res->request_id, sizeof(r->res->request_id), value);
	return 0;
}

static const struct {
	const char *name;
	int (*read)(struct response *r, const char *value, struct error *err);
} fields[] = {
	{ "Content-Length", read_content_length },
	{ "Content-Type", read_content_type },
	{ "Connection", read_connection },
	{ "Location", read_location },
	{ "Link", read_link },
	{ "ETag", read_etag },
	{ "X-Request-Id", read_request_id },
	{ "Transfer-Encoding", read_transfer_encoding },
};

static char *
trimmed(char *value)
{
	size_t len;

	value += strspn(value, " \t");
	for (len = strlen(value); len > 0 && strchr(" \t", value[len - 1]) != NULL; len--)
		continue;
	value[len] = '\0';
	return value;
}

/* RFC 9110 section 5.6.2. Not strspn, which makes a table of its second argument at each
 * call. */
static bool
is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static int
read_field(struct response *r, char *line, struct error *err)
{
	size_t name_len = 0;

	while (is_token_char(line[name_len]))
		name_len++;
	if (name_len == 0 || line[name_len] != ':')
		return error_set(err, ERROR_BAD_REQUEST, "bad HTTP header field");
	line[name_len] = '\0';
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strcasecmp(line, fields[i].name) == 0)
			return fields[i].read(r, trimmed(line + name_len + 1), err);
	return 0;
}

/* Cuts the line at its CRLF; NULL when it holds a control character instead of one. */
static char *
cut_line(char **rest)
{
	char *line = *rest, *p = line;

	while ((unsigned char)*p >= ' ' ? *p != 0x7f : *p == '\t')
		p++;
	if (p[0] != '\r' || p[1] != '\n')
		return NULL;
	*p = '\0';
	*rest = p + 2;
	return line;
}

static int
read_lines(struct response *r, struct error *err)
{
	char *rest = r->head, *line = cut_line(&rest);

	if (line == NULL)
		return error_set(err, ERROR_BAD_REQUEST, "bad HTTP status line");
	if (read_status_line(r, line, err) != 0)
		return -1;
	while ((line = cut_line(&rest)) != NULL && *line != '\0')
		if (read_field(r, line, err) != 0)
			return -1;
	if (line == NULL)
		return error_set(
		    err, ERROR_BAD_REQUEST, "control character in the HTTP header");
	return 0;
}

static int
read_head(struct response *r, struct error *err)
{
	if (read_lines(r, err) != 0)
		return -1;
	if (r->res->status == 204 || r->res->status == 304)
		r->body_left = 0;
	else if (!r->has_length)
		return error_set(
		    err, ERROR_BAD_REQUEST, "an answer without Content-Length");
	r->state = r->body_left > 0 ? RESPONSE_BODY : RESPONSE_DONE;
	return 0;
}

/*
 * Appends to head, and returns how many of the bytes belong there. Those of the body that
 * came with them are wiped again: they may be a premaster secret, and head stays in
 * memory as long as its connection is kept.
 */
static size_t
take_head(struct response *r, const char *data, size_t len, bool *ended)
{
	static const char end[] = "\r\n\r\n";
	size_t old = r->head_len, from = old > 3 ? old - 3 : 0;
	size_t room = RESPONSE_HEAD_MAX - old, copied = len < room ? len : room;
	size_t n = copied;
	const char *found;

	memcpy(r->head + old, data, copied);
	found = memmem(r->head + from, old + copied - from, end, strlen(end));
	if (found != NULL)
		n = (size_t)(found - r->head) + strlen(end) - old;
	explicit_bzero(r->head + old + n, copied - n);
	r->head_len = old + n;
	r->head[r->head_len] = '\0';
	*ended = found != NULL;
	return n;
}

static int
feed_head(
    struct response *r, const char *data, size_t len, size_t *used, struct error *err)
{
	static const char version[] = HTTP_VERSION;
	size_t known;
	bool ended;

	*used = take_head(r, data, len, &ended);

	/* Whoever does not speak HTTP may never send the empty line we would wait for. */
	known = r->head_len < strlen(version) ? r->head_len : strlen(version);
	if (memcmp(r->head, version, known) != 0)
		return error_set(err, ERROR_BAD_REQUEST, "the answer is not HTTP/1.1");
	if (ended)
		return read_head(r, err);
	if (r->head_len == RESPONSE_HEAD_MAX)
		return error_set(err, ERROR_BAD_REQUEST,
		    "an HTTP header of more than %d bytes", RESPONSE_HEAD_MAX);
	return 0;
}

static int
feed_body(
    struct response *r, const char *data, size_t len, size_t *used, struct error *err)
{
	size_t n = len < r->body_left ? len : r->body_left;

	if (has_sink(r)) {
		if (r->res->sink(r->res->sink_ctx, data, n, err) != 0)
			return -1;
	} else {
		buf_append(&r->res->body, data, n);
		if (buf_failed(&r->res->body))
			return error_set(
			    err, ERROR_INTERNAL, "out of memory for the answer");
	}
	r->body_left -= n;
	*used += n;
	if (r->body_left == 0)
		r->state = RESPONSE_DONE;
	return 0;
}

int
response_feed(
    struct response *r, const void *data, size_t len, size_t *used, struct error *err)
{
	const char *p = data;

	*used = 0;
	if (r->state == RESPONSE_REFUSED)
		return error_set(err, ERROR_BAD_REQUEST, "the answer was refused before");
	if (len == 0)
		return 0;
	if ((r->state == RESPONSE_HEAD && feed_head(r, p, len, used, err) != 0) ||
	    (r->state == RESPONSE_BODY &&
		feed_body(r, p + *used, len - *used, used, err) != 0)) {
		r->state = RESPONSE_REFUSED;
		return -1;
	}
	return 0;
}

bool
response_is_complete(const struct response *r)
{
	return r->state == RESPONSE_DONE;
}

bool
response_is_reusable(const struct response *r)
{
	return r->state == RESPONSE_DONE && !r->must_close;
}

/* url.c - decodes what came in a URL. */
#include "api/url.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

int
url_decode(char *out, size_t size, const char *text, size_t len, struct error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '%') {
			char hex[3] = { 0 };

			if (len - i < 3)
				return error_set(err, ERROR_BAD_REQUEST,
				    "URL: a %% without two digits");
			memcpy(hex, text + i + 1, 2);
			if (hex_decode(&c, 1, hex) != 0)
				return error_set(err, ERROR_BAD_REQUEST,
				    "URL: %%%s is not an escape", hex);
			i += 2;
		}
		if (c == '\0')
			return error_set(err, ERROR_BAD_REQUEST, "URL: a NUL");
		if (n + 1 >= size)
			return error_set(err, ERROR_BAD_REQUEST,
			    "URL: a part is longer than %zu characters", size - 1);
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return 0;
}

static size_t
pair_len(const char *query)
{
	return strcspn(query, "&");
}

/* The next pair, or NULL at the end. */
static const char *
next_pair(const char *query)
{
	query += pair_len(query);
	return *query == '&' ? query + 1 : NULL;
}

static bool
is_named(const char *pair, const char *name)
{
	size_t len = strlen(name);

	return strncmp(pair, name, len) == 0 &&
	       (pair[len] == '=' || pair[len] == '&' || pair[len] == '\0');
}

static int
decode_value(
    const char *pair, const char *name, char *out, size_t size, struct error *err)
{
	const char *value = pair + strlen(name);

	if (*value == '=')
		value++;
	return url_decode(out, size, value, (size_t)(pair + pair_len(pair) - value), err);
}

int
query_next(
    const char **query, const char *name, char *out, size_t size, struct error *err)
{
	const char *pair = *query;

	while (pair != NULL && !is_named(pair, name))
		pair = next_pair(pair);
	*query = pair;
	if (pair == NULL)
		return 0;
	/* What is left begins with no name, or with a '&' and the next. */
	*query = pair + pair_len(pair);
	return decode_value(pair, name, out, size, err);
}

int
query_get(const char *query, const char *name, char *out, size_t size, bool *found,
    struct error *err)
{
	*found = false;
	for (; query != NULL; query = next_pair(query)) {
		if (!is_named(query, name))
			continue;
		if (*found)
			return error_set(
			    err, ERROR_BAD_REQUEST, "URL: %s is given twice", name);
		*found = true;
		if (decode_value(query, name, out, size, err) != 0)
			return -1;
	}
	return 0;
}

int
query_with_cursor(const char *query, int64_t cursor, char out[static QUERY_LINK_SIZE],
    struct error *err)
{
	char last[32];
	size_t used = 0, room = QUERY_LINK_SIZE - (size_t)snprintf(last, sizeof(last),
						      "cursor=%" PRId64, cursor);

	for (; query != NULL && *query != '\0'; query = next_pair(query)) {
		size_t len = pair_len(query);

		if (is_named(query, "cursor"))
			continue;
		if (len + 1 >= room - used)
			return error_set(
			    err, ERROR_BAD_REQUEST, "URL: the query is too long");
		memcpy(out + used, query, len);
		out[used + len] = '&';
		used += len + 1;
	}
	memcpy(out + used, last, strlen(last) + 1);
	return 0;
}

static bool
is_allowed(const char *pair, const char *allowed)
{
	size_t len = strcspn(pair, "=&");

	while (allowed != NULL && *allowed != '\0') {
		size_t n = strcspn(allowed, " ");

		if (n == len && strncmp(allowed, pair, len) == 0)
			return true;
		allowed += n;
		allowed += strspn(allowed, " ");
	}
	return false;
}

int
query_check(const char *query, const char *allowed, struct error *err)
{
	for (; query != NULL && *query != '\0'; query = next_pair(query))
		if (!is_allowed(query, allowed))
			return error_set(err, ERROR_BAD_REQUEST,
			    "URL: no parameter \"%.*s\" here",
			    (int)(strcspn(query, "=&") > 32 ? 32 : strcspn(query, "=&")),
			    query);
	return 0;
}

int
query_number(const char *query, const char *name, uint64_t min, uint64_t max,
    uint64_t *value, struct error *err)
{
	char text[24];
	bool found;

	if (query_get(query, name, text, sizeof(text), &found, err) != 0)
		return -1;
	if (found && text_to_uint(text, min, max, value, NULL) != 0)
		return error_set(err, ERROR_BAD_REQUEST,
		    "URL: %s is a number from %" PRIu64 " to %" PRIu64, name, min, max);
	return 0;
}

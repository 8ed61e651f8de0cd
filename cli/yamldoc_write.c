/* yamldoc_write.c - texts in double quotes, so that none is taken for something else. */
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "cli/yamldoc.h"

#define DAY_SECONDS 86400

/* The character at text, which is valid UTF-8; its length in octets. */
static size_t
character(const unsigned char *text, uint32_t *c)
{
	size_t len = *text < 0x80 ? 1 : *text < 0xe0 ? 2 : *text < 0xf0 ? 3 : 4;

	*c = len == 1 ? *text : *text & (0x7fu >> len);
	for (size_t i = 1; i < len; i++)
		*c = *c << 6 | (text[i] & 0x3fu);
	return len;
}

/* YAML 1.1 section 4.1: what may stand in a document as it is. The separators of lines
 * and paragraphs would break the line. */
static bool
is_printable(uint32_t c)
{
	if (c == 0x2028 || c == 0x2029)
		return false;
	return (c >= 0x20 && c < 0x7f) || (c >= 0xa0 && c < 0xd800) ||
	       (c >= 0xe000 && c < 0xfffe && c != 0xfeff) || c >= 0x10000;
}

void
yamldoc_text(const char *text, struct buffer *out)
{
	uint32_t c;

	buf_text(out, "\"");
	for (; *text != '\0';) {
		size_t len = character((const unsigned char *)text, &c);

		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", (char)c);
		else if (!is_printable(c))
			buf_printf(out, "\\u%04" PRIx32, c);
		else
			buf_append(out, text, len);
		text += len;
	}
	buf_text(out, "\"");
}

static void
write_value(struct buffer *out, const json_t *value)
{
	if (json_is_string(value))
		yamldoc_text(json_string_value(value), out);
	else if (json_is_integer(value))
		buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else
		buf_text(out, json_is_true(value) ? "true" : "false");
}

static void
write_list(struct buffer *out, const json_t *list)
{
	const json_t *item;
	size_t i;

	if (json_array_size(list) == 0)
		buf_text(out, " []");
	json_array_foreach (list, i, item) {
		buf_text(out, "\n  - ");
		write_value(out, item);
	}
}

/* A comment for who reads it: nobody thinks in millions of seconds. */
static void
write_days(struct buffer *out, const char *name, const json_t *value)
{
	json_int_t seconds = json_integer_value(value);

	if (json_is_integer(value) && strstr(name, "_seconds") != NULL &&
	    seconds >= DAY_SECONDS && seconds % DAY_SECONDS == 0)
		buf_printf(out, "  # %" JSON_INTEGER_FORMAT " %s", seconds / DAY_SECONDS,
		    seconds == DAY_SECONDS ? "day" : "days");
}

/* Ours are words; a daemon's may be anything. */
static void
write_name(struct buffer *out, const char *name)
{
	const size_t len = strlen(name);

	if (len > 0 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len)
		buf_text(out, name);
	else
		yamldoc_text(name, out);
	buf_text(out, ":");
}

void
yamldoc_write(const json_t *object, struct buffer *out)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)object, name, value) {
		write_name(out, name);
		if (json_is_array(value)) {
			write_list(out, value);
		} else {
			buf_text(out, " ");
			write_value(out, value);
			write_days(out, name, value);
		}
		buf_text(out, "\n");
	}
}

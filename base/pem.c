/* pem.c - one block, its label known in advance, or base64 alone. */
#include "base/pem.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define BYTES_PER_LINE 48
#define BEGIN          "-----BEGIN "
#define BOUNDARY_SIZE  64

void
pem_append(struct buffer *out, const char *label, struct bytes der)
{
	buf_printf(out, BEGIN "%s-----\n", label);
	while (der.len > 0) {
		size_t n = der.len < BYTES_PER_LINE ? der.len : BYTES_PER_LINE;

		base64_encode(out, der.data, n);
		buf_text(out, "\n");
		der.data += n;
		der.len -= n;
	}
	buf_printf(out, "-----END %s-----\n", label);
}

static bool
is_space(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void
trim(struct bytes *text)
{
	while (text->len > 0 && is_space(text->data[0])) {
		text->data++;
		text->len--;
	}
	while (text->len > 0 && is_space(text->data[text->len - 1]))
		text->len--;
}

/* What certtool and certutil write before a request; as it was when no block begins. */
static void
skip_text(struct bytes *text)
{
	const unsigned char *end = text->data + text->len, *line = text->data, *newline;

	while ((size_t)(end - line) >= strlen(BEGIN) &&
	       memcmp(line, BEGIN, strlen(BEGIN)) != 0) {
		newline = memchr(line, '\n', (size_t)(end - line));
		if (newline == NULL)
			return;
		line = newline + 1;
	}
	text->data = line;
	text->len = (size_t)(end - line);
}

/* Cuts the boundaries off; false, and text as it was, when they are not of this label. */
static bool
unwrap(struct bytes *text, const char *label)
{
	char begin[BOUNDARY_SIZE], end[BOUNDARY_SIZE];
	size_t begin_len, end_len;

	begin_len = (size_t)snprintf(begin, sizeof(begin), BEGIN "%s-----", label);
	end_len = (size_t)snprintf(end, sizeof(end), "-----END %s-----", label);
	if (text->len < begin_len + end_len ||
	    memcmp(text->data, begin, begin_len) != 0 ||
	    memcmp(text->data + text->len - end_len, end, end_len) != 0)
		return false;
	text->data += begin_len;
	text->len -= begin_len + end_len;
	return true;
}

int
pem_read_bare(struct bytes text, struct buffer *der, struct error *err)
{
	struct buffer compact;
	int rc = -1;

	buf_init(&compact, 0);
	for (size_t i = 0; i < text.len; i++)
		if (!is_space(text.data[i]))
			buf_append(&compact, &text.data[i], 1);
	if (buf_failed(&compact)) {
		error_set(err, ERROR_INTERNAL, "out of memory");
		goto out;
	}
	rc = base64_decode(der, buf_string(&compact), compact.len, err);
out:
	buf_free(&compact);
	return rc;
}

int
pem_read(
    struct bytes text, const char *const *labels, struct buffer *der, struct error *err)
{
	trim(&text);
	skip_text(&text);
	while (*labels != NULL && !unwrap(&text, *labels))
		labels++;
	if (*labels == NULL)
		return error_set(err, ERROR_BAD_REQUEST,
		    "neither DER nor one PEM block of the expected label");
	if (memchr(text.data, '-', text.len) != NULL)
		return error_set(err, ERROR_BAD_REQUEST, "more than one PEM block");
	return pem_read_bare(text, der, err);
}

bool
pem_has_private_key(struct bytes text)
{
	static const char mark[] = "PRIVATE KEY-----";

	return text.len > 0 && memmem(text.data, text.len, mark, strlen(mark)) != NULL;
}

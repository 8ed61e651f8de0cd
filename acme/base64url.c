/* base64url.c - the other alphabet over base/text.h's base64. */
#include "acme/base64url.h"

#include <string.h>

#include "base/text.h"

static void
swap(unsigned char *text, size_t len, const char from[static 2], const char to[static 2])
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == (unsigned char)from[0])
			text[i] = (unsigned char)to[0];
		else if (text[i] == (unsigned char)from[1])
			text[i] = (unsigned char)to[1];
	}
}

void
base64url_encode(struct buffer *out, struct bytes data)
{
	struct buffer text;

	buf_init(&text, 0);
	base64_encode(&text, data.data, data.len);
	while (text.len > 0 && text.data[text.len - 1] == '=')
		text.len--;
	swap(text.data, text.len, "+/", "-_");
	buf_append(out, text.data, text.len);
	out->failed |= text.failed;
	buf_free(&text);
}

bool
base64url_is(const char *text)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	return text[0] != '\0' && text[strspn(text, alphabet)] == '\0';
}

int
base64url_decode(struct buffer *out, const char *text, struct error *err)
{
	struct buffer padded;
	int rc;

	if (text[0] == '\0')
		return 0;
	if (!base64url_is(text))
		return error_set(
		    err, ERROR_BAD_REQUEST, "not base64url (RFC 7515 section 2)");
	buf_init(&padded, 0);
	buf_text(&padded, text);
	swap(padded.data, padded.len, "-_", "+/");
	while (!buf_failed(&padded) && padded.len % 4 != 0)
		buf_text(&padded, "=");
	rc = buf_failed(&padded)
		 ? error_set(err, ERROR_INTERNAL, "out of memory")
		 : base64_decode(out, buf_string(&padded), padded.len, err);
	buf_free(&padded);
	return rc;
}

/* text.c - strict conversions between bytes and text. */
#include "base/text.h"

#include <limits.h>
#include <string.h>

#include <openssl/evp.h>

void
hex_encode(char *hex, const unsigned char *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*hex++ = digits[data[i] >> 4];
		*hex++ = digits[data[i] & 15];
	}
	*hex = '\0';
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
hex_decode(unsigned char *data, size_t len, const char *hex)
{
	for (size_t i = 0; i < len; i++) {
		int high = hex_value(hex[0]);
		int low = high < 0 ? -1 : hex_value(hex[1]);

		if (low < 0)
			return -1;
		data[i] = (unsigned char)(high << 4 | low);
		hex += 2;
	}
	return *hex == '\0' ? 0 : -1;
}

void
base64_encode(struct buffer *out, const void *data, size_t len)
{
	/* 48 bytes at a time: a multiple of three, so only the last block pads. */
	const unsigned char *p = data;
	unsigned char block[65];

	while (len > 0) {
		size_t n = len < 48 ? len : 48;

		buf_append(out, block, (size_t)EVP_EncodeBlock(block, p, (int)n));
		p += n;
		len -= n;
	}
}

static bool
is_base64(const char *text, size_t len, size_t padding)
{
	for (size_t i = 0; i < len - padding; i++) {
		char c = text[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			(c >= '0' && c <= '9') || c == '+' || c == '/'))
			return false;
	}
	return true;
}

/* What padding stands for; else two texts would be the same bytes (RFC 4648 section 3.5).
 */
static bool
is_zero(const unsigned char *data, size_t len)
{
	while (len > 0 && data[len - 1] == 0)
		len--;
	return len == 0;
}

int
base64_decode(struct buffer *out, const char *text, size_t len, struct error *err)
{
	size_t padding = 0;
	unsigned char block[48];

	while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
		padding++;
	if (len % 4 != 0 || !is_base64(text, len, padding))
		return error_set(
		    err, ERROR_BAD_REQUEST, "not base64 (RFC 4648 section 4)");
	while (len > 0) {
		size_t n = len < 64 ? len : 64;
		int got = EVP_DecodeBlock(block, (const unsigned char *)text, (int)n);

		if (got < 0 || (len == n && !is_zero(block + got - padding, padding)))
			return error_set(err, ERROR_BAD_REQUEST, "not base64");
		buf_append(out, block, (size_t)got - (len == n ? padding : 0));
		text += n;
		len -= n;
	}
	return buf_failed(out) ? error_set(err, ERROR_INTERNAL, "out of memory") : 0;
}

int
text_to_uint(
    const char *text, uint64_t min, uint64_t max, uint64_t *value, struct error *err)
{
	uint64_t sum = 0;

	if (*text == '\0' || (text[0] == '0' && text[1] != '\0'))
		return error_set(
		    err, ERROR_BAD_REQUEST, "\"%.32s\" is not a whole number", text);
	for (const char *p = text; *p != '\0'; p++) {
		unsigned digit = (unsigned)(*p - '0');

		if (digit > 9)
			return error_set(err, ERROR_BAD_REQUEST,
			    "\"%.32s\" is not a whole number", text);
		if (sum > (UINT64_MAX - digit) / 10)
			return error_set(
			    err, ERROR_BAD_REQUEST, "%.32s is too large", text);
		sum = sum * 10 + digit;
	}
	if (sum < min || sum > max)
		return error_set(err, ERROR_BAD_REQUEST,
		    "%s is not between %llu and %llu", text, (unsigned long long)min,
		    (unsigned long long)max);
	*value = sum;
	return 0;
}

bool
name_is_valid(const char *name)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	static const char rest[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t len = strlen(name);

	return len >= 1 && len <= NAME_MAX_CHARS && strchr(first, name[0]) != NULL &&
	       strspn(name, rest) == len;
}

bool
text_has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

/* How many bytes the character at p has; 0 when that is no UTF-8 (RFC 3629). */
static size_t
read_character(const unsigned char *p, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;

	*code = *p;
	if (len == 1)
		return 1;
	if (*p < 0xc0 || *p > 0xf7)
		return 0;
	*code &= 0xffU >> (len + 1);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (p[i] & 0x3f);
	}
	if (*code < least[len] || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return len;
}

void
text_clean(struct buffer *out, const char *text, size_t max, const char *allowed)
{
	const unsigned char *p = (const unsigned char *)text;
	uint32_t code;

	while (*p != '\0') {
		size_t len = read_character(p, &code), step = len > 0 ? len : 1;
		bool controls = code < ' ' || (code >= 0x7f && code <= 0x9f);

		if (step > max)
			return;
		if (len == 0 || (controls && (len > 1 || strchr(allowed, *p) == NULL)))
			buf_text(out, "?");
		else
			buf_append(out, p, len);
		p += step;
		max -= step;
	}
}

bool
text_in_list(const char *const *list, const char *text)
{
	for (; list != NULL && *list != NULL; list++)
		if (strcmp(*list, text) == 0)
			return true;
	return false;
}

int
text_copy(char *out, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len >= size)
		return -1;
	memcpy(out, text, len + 1);
	return 0;
}

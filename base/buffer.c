/* buffer.c - a growing byte string that wipes what it held. */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#define FIRST_CAPACITY 256

void
buf_init(struct buffer *buf, size_t max_bytes)
{
	*buf = (struct buffer){ .max_bytes = max_bytes };
}

/* realloc would leave the old copy unwiped, so growing copies by hand. */
static bool
grow(struct buffer *buf, size_t more)
{
	size_t capacity = buf->capacity ? buf->capacity : FIRST_CAPACITY;
	unsigned char *data;

	if (more > SIZE_MAX / 2 - buf->len - 1 ||
	    (buf->max_bytes != 0 && more > buf->max_bytes - buf->len))
		return false;
	if (buf->len + more + 1 <= buf->capacity)
		return true;
	while (capacity < buf->len + more + 1)
		capacity *= 2;
	if ((data = malloc(capacity)) == NULL)
		return false;
	if (buf->len != 0)
		memcpy(data, buf->data, buf->len);
	OPENSSL_cleanse(buf->data, buf->len);
	free(buf->data);
	buf->data = data;
	buf->capacity = capacity;
	return true;
}

void
buf_append(struct buffer *buf, const void *data, size_t len)
{
	if (buf->failed || !grow(buf, len)) {
		buf->failed = true;
		return;
	}
	if (len != 0)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void
buf_text(struct buffer *buf, const char *text)
{
	buf_append(buf, text, strlen(text));
}

void
buf_printf(struct buffer *buf, const char *fmt, ...)
{
	va_list ap;
	int need;

	va_start(ap, fmt);
	need = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (buf->failed || need < 0 || !grow(buf, (size_t)need)) {
		buf->failed = true;
		return;
	}
	va_start(ap, fmt);
	vsnprintf((char *)buf->data + buf->len, (size_t)need + 1, fmt, ap);
	va_end(ap);
	buf->len += (size_t)need;
}

bool
buf_failed(const struct buffer *buf)
{
	return buf->failed;
}

const char *
buf_string(const struct buffer *buf)
{
	return buf->data != NULL ? (const char *)buf->data : "";
}

struct bytes
buf_bytes(const struct buffer *buf)
{
	return (struct bytes){ .data = buf->data, .len = buf->len };
}

void
buf_reset(struct buffer *buf)
{
	if (buf->data != NULL)
		OPENSSL_cleanse(buf->data, buf->capacity);
	buf->len = 0;
	buf->failed = false;
}

void
buf_free(struct buffer *buf)
{
	if (buf->data != NULL)
		OPENSSL_cleanse(buf->data, buf->capacity);
	free(buf->data);
	buf_init(buf, buf->max_bytes);
}

/* der.c - a walk over tags and lengths that refuses what DER (X.690 section 10) does. */
#include "ca/der.h"

#define DEPTH_MAX       16
#define TAG_NUMBER      0x1f
#define TAG_CONSTRUCTED 0x20
#define TAG_CLASS       0xc0

static bool
take_byte(struct bytes *in, unsigned char *byte)
{
	if (in->len == 0)
		return false;
	*byte = *in->data++;
	in->len--;
	return true;
}

static bool
take_length(struct bytes *in, size_t *len)
{
	unsigned char first, byte;

	if (!take_byte(in, &first))
		return false;
	*len = first;
	if (first < 0x80)
		return true;
	/* 0x80 is BER's indefinite length; a long CRL's takes four octets. */
	if (first == 0x80 || first > 0x84)
		return false;
	*len = 0;
	for (int i = first & 0x7f; i > 0; i--) {
		if (!take_byte(in, &byte) || (*len == 0 && byte == 0))
			return false;
		*len = *len << 8 | byte;
	}
	return *len >= 0x80;
}

bool
der_take(struct bytes *in, unsigned char *tag, struct bytes *content)
{
	size_t len;

	/* Tag numbers above 30 occur in no structure of a request or certificate. */
	if (!take_byte(in, tag) || (*tag & TAG_NUMBER) == TAG_NUMBER ||
	    !take_length(in, &len) || len > in->len)
		return false;
	*content = (struct bytes){ in->data, len };
	in->data += len;
	in->len -= len;
	return true;
}

static bool
is_integer(struct bytes c)
{
	if (c.len < 2)
		return c.len == 1;
	return !(c.data[0] == 0x00 && c.data[1] < 0x80) &&
	       !(c.data[0] == 0xff && c.data[1] >= 0x80);
}

static bool
is_bit_string(struct bytes c)
{
	unsigned unused;

	if (c.len == 0 || (unused = c.data[0]) > 7)
		return false;
	if (c.len == 1)
		return unused == 0;
	return (c.data[c.len - 1] & ((1U << unused) - 1)) == 0;
}

static bool
is_oid(struct bytes c)
{
	bool first = true;

	for (size_t i = 0; i < c.len; i++) {
		if (first && c.data[i] == 0x80)
			return false;
		first = c.data[i] < 0x80;
	}
	return c.len > 0 && first;
}

static bool
is_primitive(unsigned char tag, struct bytes c)
{
	switch (tag) {
	case 0x01:
		return c.len == 1 && (c.data[0] == 0x00 || c.data[0] == 0xff);
	case 0x02:
	case 0x0a:
		return is_integer(c);
	case 0x03:
		return is_bit_string(c);
	case 0x05:
		return c.len == 0;
	case 0x06:
		return is_oid(c);
	case 0x10: /* SEQUENCE and SET are always constructed */
	case 0x11:
		return false;
	default:
		return true;
	}
}

static bool
walk(struct bytes *in, int depth)
{
	struct bytes content;
	unsigned char tag;

	if (depth > DEPTH_MAX || !der_take(in, &tag, &content))
		return false;
	if ((tag & TAG_CONSTRUCTED) == 0)
		return is_primitive(tag, content);
	/* Of the universal types only these two may be constructed in DER. */
	if ((tag & TAG_CLASS) == 0 && tag != 0x30 && tag != 0x31)
		return false;
	while (content.len > 0)
		if (!walk(&content, depth + 1))
			return false;
	return true;
}

bool
der_is_strict(struct bytes der)
{
	return walk(&der, 0) && der.len == 0;
}

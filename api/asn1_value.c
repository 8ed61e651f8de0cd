/* asn1_value.c - a walk over BER that forgives what OpenSSL's reader forgives. */
#include "api/asn1_value.h"

#define DEPTH_MAX       32
#define TAG_SEQUENCE    0x30
#define TAG_SET         0x31
#define TAG_CONSTRUCTED 0x20
#define TAG_NUMBER      0x1f

static bool walk_value(struct bytes *in, int depth);

static bool
take_byte(struct bytes *in, unsigned char *byte)
{
	if (in->len == 0)
		return false;
	*byte = *in->data++;
	in->len--;
	return true;
}

/* Numbers from 31 on follow in base 128. */
static bool
take_tag(struct bytes *in, unsigned char *tag)
{
	unsigned char more = 0x80;

	if (!take_byte(in, tag))
		return false;
	if ((*tag & TAG_NUMBER) == TAG_NUMBER)
		while ((more & 0x80) != 0)
			if (!take_byte(in, &more))
				return false;
	return true;
}

static bool
take_length(struct bytes *in, size_t *len, bool *indefinite)
{
	unsigned char first, byte;

	if (!take_byte(in, &first))
		return false;
	*indefinite = first == 0x80;
	*len = first < 0x80 ? first : 0;
	for (int i = first < 0x80 ? 0 : first & 0x7f; i > 0; i--) {
		if (!take_byte(in, &byte) || *len > in->len)
			return false;
		*len = *len << 8 | byte;
	}
	return *indefinite || *len <= in->len;
}

static bool
at_end_of_contents(const struct bytes *in)
{
	return in->len >= 2 && in->data[0] == 0 && in->data[1] == 0;
}

static bool
walk_indefinite(struct bytes *in, int depth)
{
	while (!at_end_of_contents(in))
		if (in->len == 0 || !walk_value(in, depth))
			return false;
	in->data += 2;
	in->len -= 2;
	return true;
}

/* Too deep to follow counts as ASN.1: a handshake is not nested. */
static bool
walk_value(struct bytes *in, int depth)
{
	struct bytes content;
	unsigned char tag;
	bool indefinite;
	size_t len;

	if (depth > DEPTH_MAX) {
		in->len = 0;
		return true;
	}
	if (!take_tag(in, &tag) || !take_length(in, &len, &indefinite))
		return false;
	if (indefinite)
		return (tag & TAG_CONSTRUCTED) != 0 && walk_indefinite(in, depth + 1);
	content = (struct bytes){ in->data, len };
	in->data += len;
	in->len -= len;
	while ((tag & TAG_CONSTRUCTED) != 0 && content.len > 0)
		if (!walk_value(&content, depth + 1))
			return false;
	return true;
}

bool
is_asn1_value(const struct bytes *message)
{
	struct bytes rest = *message;

	if (rest.len == 0 || (rest.data[0] != TAG_SEQUENCE && rest.data[0] != TAG_SET))
		return false;
	return walk_value(&rest, 0) && rest.len == 0;
}

/*
 * asn1_value.c - BER as its most forgiving reader takes it.
 *
 * Only the outermost value and the heads of its members are looked at. A reader skips
 * what is inside a member of definite length without a look when it has no template for
 * it (AlgorithmIdentifier's parameters, say), so what is wrong in there must not make
 * the whole pass for something other than ASN.1.
 */
#include "api/asn1_value.h"

#define TAG_SEQUENCE 0x30
#define TAG_SET      0x31
#define TAG_NUMBER   0x1f

/* A tag and a length; what they head follows in the bytes they were taken from. */
struct head {
	unsigned char tag;
	bool indefinite;
	size_t len;
};

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
take_head(struct bytes *in, struct head *head)
{
	unsigned char first, byte;

	if (!take_tag(in, &head->tag) || !take_byte(in, &first))
		return false;
	head->indefinite = first == 0x80;
	head->len = first < 0x80 ? first : 0;
	for (int i = first < 0x80 ? 0 : first & 0x7f; i > 0; i--) {
		if (!take_byte(in, &byte) || head->len > in->len)
			return false;
		head->len = head->len << 8 | byte;
	}
	return head->len <= in->len;
}

static void
skip(struct bytes *in, size_t len)
{
	in->data += len;
	in->len -= len;
}

static bool
is_end_of_contents(const struct head *head)
{
	return head->tag == 0 && !head->indefinite && head->len == 0;
}

/* Behind an indefinite length: to the end-of-contents that closes it, however deep. */
static bool
skip_indefinite(struct bytes *in)
{
	size_t open = 1;
	struct head head;

	while (open > 0) {
		if (!take_head(in, &head))
			return false;
		if (is_end_of_contents(&head))
			open--;
		else if (head.indefinite)
			open++;
		else
			skip(in, head.len);
	}
	return true;
}

/* Members that fill the bytes exactly. */
static bool
is_members(struct bytes in)
{
	struct head head;

	while (in.len > 0) {
		if (!take_head(&in, &head))
			return false;
		if (!head.indefinite)
			skip(&in, head.len);
		else if (!skip_indefinite(&in))
			return false;
	}
	return true;
}

bool
is_asn1_value(const struct bytes *message)
{
	struct bytes rest = *message;
	struct head head;

	if (!take_head(&rest, &head) || (head.tag != TAG_SEQUENCE && head.tag != TAG_SET))
		return false;
	if (head.indefinite)
		return skip_indefinite(&rest) && rest.len == 0;
	return head.len == rest.len && is_members(rest);
}

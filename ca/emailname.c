/* emailname.c - RFC 5321 section 4.1.2 Mailbox, without quoted strings and literals. */
#include "ca/emailname.h"

#include <string.h>

#include "ca/dnsname.h"
#include "ca/dnspattern.h"

#define LOCAL_MAX_BYTES 64 /* RFC 5321 section 4.5.3.1.1 */

struct parts {
	struct bytes local, host;
};

static bool
take_apart(struct bytes address, struct parts *parts)
{
	const unsigned char *at;

	if (address.len == 0 || (at = memchr(address.data, '@', address.len)) == NULL)
		return false;
	parts->local = (struct bytes){ address.data, (size_t)(at - address.data) };
	parts->host = (struct bytes){ at + 1, address.len - parts->local.len - 1 };
	return true;
}

/* Dot-string: atoms of atext (RFC 5322 section 3.2.3) with single dots between. */
static bool
is_dot_string(struct bytes local)
{
	static const char atext[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789!#$%&'*+-/=?^_`{|}~";
	bool after_dot = true;

	if (local.len == 0 || local.len > LOCAL_MAX_BYTES)
		return false;
	for (size_t i = 0; i < local.len; i++) {
		unsigned char c = local.data[i];

		if (c == '.' ? after_dot : c == '\0' || strchr(atext, c) == NULL)
			return false;
		after_dot = c == '.';
	}
	return !after_dot;
}

void
emailname_check(struct bytes address, const char *field, struct violations *v)
{
	struct parts parts;

	if (!take_apart(address, &parts) || !is_dot_string(parts.local))
		violations_add(v, RULE_SAN_EMAIL_SYNTAX, field,
		    "local-part@host, of a local part without quotes");
	else
		dnsname_check(parts.host, false, field, v);
}

bool
emailname_pattern_is_valid(struct bytes pattern)
{
	struct parts parts;

	return take_apart(pattern, &parts) && is_dot_string(parts.local) &&
	       dnspattern_is_valid(parts.host);
}

bool
emailname_matches(struct bytes pattern, struct bytes address)
{
	struct parts wanted, parts;

	if (!take_apart(pattern, &wanted) || !take_apart(address, &parts))
		return false;
	if ((wanted.local.len != 1 || wanted.local.data[0] != '*') &&
	    (wanted.local.len != parts.local.len ||
		memcmp(wanted.local.data, parts.local.data, parts.local.len) != 0))
		return false;
	return dnspattern_matches(wanted.host, parts.host);
}

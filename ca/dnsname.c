/*
 * dnsname.c - preferred name syntax (RFC 1034 section 3.5), in lower case.
 *
 * One rule is reported per name: the first broken one explains the others.
 */
#include "ca/dnsname.h"

#include <string.h>

#include "ca/alabel.h"
#include "ca/publicsuffix.h"

#define NAME_MAX_BYTES  253
#define LABEL_MAX_BYTES 63
#define LABELS_MAX      10
#define SHOWN           64 /* of a name, in a violation's detail */

/* What is being judged, and where to say so. */
struct trial {
	struct bytes name;
	const char *field;
	struct violations *v;
};

static bool
refuse(const struct trial *t, enum rule rule, const char *why)
{
	int shown = t->name.len < SHOWN ? (int)t->name.len : SHOWN;

	violations_add(
	    t->v, rule, t->field, "\"%.*s\": %s", shown, (const char *)t->name.data, why);
	return false;
}

static bool
is_alnum(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool
characters_are_fine(const struct trial *t)
{
	for (size_t i = 0; i < t->name.len; i++) {
		unsigned char c = t->name.data[i];

		/* Wildcards have their own rules. */
		if (!is_alnum(c) && c != '-' && c != '.' && c != '*')
			return refuse(t, RULE_SAN_DNS_CHARACTERS,
			    "only letters, digits, hyphens and dots; lower case");
	}
	return true;
}

static bool
wildcard_is_fine(const struct trial *t, bool allowed, struct bytes *rest)
{
	*rest = t->name;
	if (memchr(rest->data, '*', rest->len) == NULL)
		return true;
	if (!allowed)
		return refuse(t, RULE_SAN_WILDCARD, "the profile allows no wildcards");
	if (rest->len < 2 || memcmp(rest->data, "*.", 2) != 0)
		return refuse(t, RULE_SAN_WILDCARD_POSITION,
		    "'*' must be the whole left-most label");
	rest->data += 2;
	rest->len -= 2;
	if (memchr(rest->data, '*', rest->len) != NULL)
		return refuse(t, RULE_SAN_WILDCARD_POSITION, "more than one '*'");
	return true;
}

/* The rest is known to be of letters, digits, hyphens and dots. */
static void
check_suffix(const struct trial *t, struct bytes rest)
{
	char text[NAME_MAX_BYTES + 1];

	memcpy(text, rest.data, rest.len);
	text[rest.len] = '\0';
	if (publicsuffix_is(text))
		refuse(t, RULE_SAN_WILDCARD_PUBLIC_SUFFIX,
		    "a wildcard directly above a public suffix");
}

static bool
label_is_fine(const struct trial *t, struct bytes label)
{
	if (label.len == 0)
		return refuse(t, RULE_SAN_DNS_LENGTH, "an empty label");
	if (label.len > LABEL_MAX_BYTES)
		return refuse(t, RULE_SAN_DNS_LENGTH, "a label of more than 63 octets");
	if (label.data[0] == '-' || label.data[label.len - 1] == '-')
		return refuse(t, RULE_SAN_DNS_HYPHEN, "a hyphen at an end of a label");
	if (label.len < 4 || memcmp(label.data + 2, "--", 2) != 0)
		return true;
	if (memcmp(label.data, "xn", 2) != 0)
		return refuse(t, RULE_SAN_DNS_IDN, "a reserved label other than xn--");
	if (!alabel_is_valid(label))
		return refuse(
		    t, RULE_SAN_DNS_IDN, "an xn-- label of no name that IDNA2008 allows");
	return true;
}

/* Without a letter it would be read as an address: no top-level name is a number. */
static bool
is_number(struct bytes label)
{
	for (size_t i = 0; i < label.len; i++)
		if (label.data[i] < '0' || label.data[i] > '9')
			return false;
	return true;
}

static bool
labels_are_fine(const struct trial *t, struct bytes rest)
{
	struct bytes label;
	const unsigned char *dot;

	for (int count = 1;; count++) {
		dot = memchr(rest.data, '.', rest.len);
		label = rest;
		if (dot != NULL)
			label.len = (size_t)(dot - rest.data);
		if (!label_is_fine(t, label))
			return false;
		if (count > LABELS_MAX)
			return refuse(t, RULE_SAN_DNS_LABELS, "more than 10 labels");
		if (dot == NULL)
			break;
		rest.data += label.len + 1;
		rest.len -= label.len + 1;
	}
	if (is_number(label))
		return refuse(
		    t, RULE_SAN_DNS_ADDRESS, "reads as an address; ask for an iPAddress");
	return true;
}

void
dnsname_check(
    struct bytes name, bool allow_wildcard, const char *field, struct violations *v)
{
	struct trial t = { name, field, v };
	struct bytes rest;

	if (name.len == 0 || name.len > NAME_MAX_BYTES) {
		refuse(&t, RULE_SAN_DNS_LENGTH, "a name has 1 to 253 octets");
		return;
	}
	if (characters_are_fine(&t) && wildcard_is_fine(&t, allow_wildcard, &rest) &&
	    labels_are_fine(&t, rest) && rest.len < name.len)
		check_suffix(&t, rest);
}

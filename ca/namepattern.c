/* namepattern.c - hands each pattern to those who know its kind. */
#include "ca/namepattern.h"

#include <string.h>

#include "ca/dnspattern.h"
#include "ca/emailname.h"
#include "ca/network.h"
#include "ca/uriname.h"

static struct bytes
bytes_of(const char *text)
{
	return (struct bytes){ (const unsigned char *)text, strlen(text) };
}

static struct bytes
string_bytes(const ASN1_STRING *s)
{
	return (struct bytes){ ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s) };
}

static int
kind_of(const char *pattern)
{
	struct network network;

	if (network_read(pattern, &network) == 0)
		return GEN_IPADD;
	if (strstr(pattern, "://") != NULL)
		return GEN_URI;
	return strchr(pattern, '@') != NULL ? GEN_EMAIL : GEN_DNS;
}

/* An address that was mistyped, "10.0.0.256", is no name either. */
static bool
ends_in_number(const char *pattern)
{
	const char *dot = strrchr(pattern, '.');
	const char *label = dot != NULL ? dot + 1 : pattern;

	return strspn(label, "0123456789") == strlen(label);
}

bool
namepattern_is_valid(const char *pattern)
{
	switch (kind_of(pattern)) {
	case GEN_IPADD:
		return true;
	case GEN_URI:
		return uriname_pattern_is_valid(bytes_of(pattern));
	case GEN_EMAIL:
		return emailname_pattern_is_valid(bytes_of(pattern));
	default:
		return dnspattern_is_valid(bytes_of(pattern)) && !ends_in_number(pattern);
	}
}

bool
namepattern_matches(const char *pattern, const GENERAL_NAME *name)
{
	struct network network;

	if (name->type != kind_of(pattern))
		return false;
	if (name->type == GEN_IPADD)
		return network_read(pattern, &network) == 0 &&
		       network_has(&network, string_bytes(name->d.iPAddress));
	if (name->type == GEN_URI)
		return uriname_matches(
		    bytes_of(pattern), string_bytes(name->d.uniformResourceIdentifier));
	if (name->type == GEN_EMAIL)
		return emailname_matches(
		    bytes_of(pattern), string_bytes(name->d.rfc822Name));
	return dnspattern_matches(bytes_of(pattern), string_bytes(name->d.dNSName));
}

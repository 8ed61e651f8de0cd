/* san_check.c - the names of a request or certificate, held to a profile. */
#include "ca/san.h"

#include <stdio.h>
#include <string.h>

#include "ca/dnsname.h"
#include "ca/dnspattern.h"
#include "ca/emailname.h"
#include "ca/network.h"
#include "ca/uriname.h"

#define FIELD_SIZE 24
#define SHOWN      64 /* of a name, in a violation's detail */

/* A kind of name with patterns that are text, and who judges it. */
struct kind {
	int type;
	const char *const *patterns;
	bool (*matches)(struct bytes pattern, struct bytes name);
	enum rule rule;
};

static struct bytes
string_bytes(const ASN1_STRING *s)
{
	return (struct bytes){ ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s) };
}

static bool
matches_one(const struct kind *kind, struct bytes name)
{
	for (const char *const *p = kind->patterns; *p != NULL; p++)
		if (kind->matches(
			(struct bytes){ (const unsigned char *)*p, strlen(*p) }, name))
			return true;
	return false;
}

/* What is wrong with a name as such is said first, and alone. */
static void
check_patterns(const struct kind *kind, struct bytes name, const struct profile *profile,
    const char *field, struct violations *v)
{
	if (!matches_one(kind, name))
		violations_add(v, kind->rule, field,
		    "\"%.*s\" matches no pattern of the profile %s",
		    name.len < SHOWN ? (int)name.len : SHOWN, (const char *)name.data,
		    profile->name);
}

static void
check_network(struct bytes ip, const struct profile *profile, const char *field,
    struct violations *v)
{
	for (const char *const *p = profile->ip_addresses; *p != NULL; p++) {
		struct network network;

		if (network_read(*p, &network) == 0 && network_has(&network, ip))
			return;
	}
	violations_add(v, RULE_SAN_IP_NETWORK, field, "in no network of the profile %s",
	    profile->name);
}

static void
check_address(struct bytes ip, const struct profile *profile, const char *field,
    struct violations *v)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (ip.len != 4 && ip.len != 16)
		violations_add(v, RULE_SAN_IP_LENGTH, field,
		    "an address of %zu octets; 4 and 16 are accepted", ip.len);
	else if (ip.len == 16 && memcmp(ip.data, mapped, sizeof(mapped)) == 0)
		violations_add(v, RULE_SAN_IP_MAPPED, field,
		    "an IPv4 address written as IPv6; ask for the IPv4 address");
	else
		check_network(ip, profile, field, v);
}

static void
check_syntax(const GENERAL_NAME *name, const struct profile *profile, const char *field,
    struct violations *v)
{
	if (name->type == GEN_DNS)
		dnsname_check(
		    string_bytes(name->d.dNSName), profile->allow_wildcard, field, v);
	else if (name->type == GEN_URI)
		uriname_check(string_bytes(name->d.uniformResourceIdentifier), field, v);
	else
		emailname_check(string_bytes(name->d.rfc822Name), field, v);
}

static void
check_text(const GENERAL_NAME *name, const struct kind *kind,
    const struct profile *profile, const char *field, struct violations *v)
{
	size_t before = v->count + v->dropped;

	check_syntax(name, profile, field, v);
	if (v->count + v->dropped == before)
		check_patterns(kind, string_bytes(name->d.ia5), profile, field, v);
}

static void
check_name(const GENERAL_NAME *name, const struct profile *profile, const char *field,
    struct violations *v)
{
	const struct kind kinds[] = {
		{ GEN_DNS, profile->dns_names, dnspattern_matches, RULE_SAN_DNS_PATTERN },
		{ GEN_URI, profile->uris, uriname_matches, RULE_SAN_URI_PATTERN },
		{ GEN_EMAIL, profile->email_addresses, emailname_matches,
		    RULE_SAN_EMAIL_PATTERN },
	};

	if (name->type == GEN_IPADD && profile->ip_addresses != NULL) {
		check_address(string_bytes(name->d.iPAddress), profile, field, v);
		return;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].type == name->type && kinds[i].patterns != NULL) {
			check_text(name, &kinds[i], profile, field, v);
			return;
		}
	violations_add(v, RULE_SAN_KIND, field,
	    "the profile %s does not allow this kind of name", profile->name);
}

/* SPIFFE X.509-SVID section 2: an SVID has exactly one URI. */
static void
check_spiffe(const GENERAL_NAMES *names, struct violations *v)
{
	int uris = 0;
	bool spiffe = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type != GEN_URI)
			continue;
		uris++;
		spiffe |=
		    uriname_is_spiffe(string_bytes(name->d.uniformResourceIdentifier));
	}
	if (spiffe && uris > 1)
		violations_add(v, RULE_SAN_URI_SPIFFE, "san",
		    "%d URIs; beside a SPIFFE ID there is no other", uris);
}

void
san_check(const GENERAL_NAMES *names, const struct profile *profile, struct violations *v)
{
	int count = names != NULL ? sk_GENERAL_NAME_num(names) : 0;
	char field[FIELD_SIZE];

	if (count == 0)
		violations_add(v, RULE_SAN_PRESENT, "san", "no name to certify");
	if (count > profile->max_names) {
		violations_add(v, RULE_SAN_COUNT, "san",
		    "%d names; the profile %s allows %d", count, profile->name,
		    profile->max_names);
		return;
	}
	for (int i = 0; i < count; i++) {
		snprintf(field, sizeof(field), "san[%d]", i);
		check_name(sk_GENERAL_NAME_value(names, i), profile, field, v);
	}
	check_spiffe(names, v);
}

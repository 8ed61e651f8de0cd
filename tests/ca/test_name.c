/* test_name.c - host names, addresses and CommonNames, one refusal at a time. */
#include "ca/dnsname.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ca/csr.h"
#include "ca/identity.h"
#include "ca/san.h"
#include "ca/subject.h"
#include "tests/ca/support.h"

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void
check(const char *name, size_t len, bool wildcard, struct violations *v)
{
	*v = (struct violations){ 0 };
	dnsname_check(
	    (struct bytes){ (const unsigned char *)name, len }, wildcard, "san[0]", v);
}

static void
accept(const char *name, bool wildcard)
{
	struct violations v;

	check(name, strlen(name), wildcard, &v);
	if (v.count > 0)
		fail_msg("%s: %s", v.items[0].rule, v.items[0].detail);
}

static void
refuse(const char *name, bool wildcard, enum rule rule)
{
	struct violations v;

	check(name, strlen(name), wildcard, &v);
	assert_int_equal(v.count, 1);
	assert_true(breaks(&v, rule));
}

static void
accepts_host_names(void **state)
{
	(void)state;
	accept("localhost", false);
	accept("a", false);
	accept("db-1.svc.example", false);
	accept("1password.example", false);
	accept("xn--bcher-kva.example", false);
	accept("xn--fiqs8s", false);
	accept("a.b.c.d.e.f.g.h.i.j", false);
	accept(L63 ".example", false);
	accept("*.svc.example", true);
}

static void
refuses_characters_outside_ldh(void **state)
{
	struct violations v;

	(void)state;
	refuse("under_score.example", false, RULE_SAN_DNS_CHARACTERS);
	refuse("Upper.example", false, RULE_SAN_DNS_CHARACTERS);
	refuse("b\xc3\xbc"
	       "cher.example",
	    false, RULE_SAN_DNS_CHARACTERS);
	refuse("two words", false, RULE_SAN_DNS_CHARACTERS);
	check("bank.example\0.evil.example", 26, false, &v);
	assert_true(breaks(&v, RULE_SAN_DNS_CHARACTERS));
}

static void
refuses_empty_and_long_labels_and_names(void **state)
{
	(void)state;
	refuse("", false, RULE_SAN_DNS_LENGTH);
	refuse(".example", false, RULE_SAN_DNS_LENGTH);
	refuse("a..example", false, RULE_SAN_DNS_LENGTH);
	refuse("example.", false, RULE_SAN_DNS_LENGTH);
	refuse(L63 "a.example", false, RULE_SAN_DNS_LENGTH);
	refuse(L63 "." L63 "." L63 "." L63, false, RULE_SAN_DNS_LENGTH);
}

static void
refuses_eleven_labels(void **state)
{
	(void)state;
	refuse("a.b.c.d.e.f.g.h.i.j.k", false, RULE_SAN_DNS_LABELS);
}

static void
refuses_hyphens_at_the_ends(void **state)
{
	(void)state;
	refuse("-a.example", false, RULE_SAN_DNS_HYPHEN);
	refuse("a-.example", false, RULE_SAN_DNS_HYPHEN);
}

static void
refuses_reserved_and_undecodable_labels(void **state)
{
	(void)state;
	refuse("ab--c.example", false, RULE_SAN_DNS_IDN);
	refuse("xn--0.example", false, RULE_SAN_DNS_IDN);
	refuse("xn--99999999.example", false, RULE_SAN_DNS_IDN);
}

static void
accepts_names_that_idna_allows(void **state)
{
	(void)state;
	accept("xn--bcher-kva.example", false); /* u with diaeresis, as one character */
	accept(
	    "xn--fa-hia.example", false); /* sharp s, which IDNA2003 had no label for */
	accept("xn--ll-0ea.example", false); /* a middle dot between two l */
	accept("xn--4dbc.example", false);   /* two Hebrew letters */
	accept("xn--fiqs8s", false);
}

static void
refuses_names_that_idna_does_not_allow(void **state)
{
	static const char *const names[] = {
		"xn--bucher-xyd.example", /* u and a combining diaeresis: not form C */
		"xn--abc-cec.example",    /* a combining mark in front */
		"xn--bcher-2pa.example",  /* an upper-case letter */
		"xn--bc-bz3n.example",    /* a full-width letter */
		"xn--ab-m1t.example",     /* a joiner where nothing joins */
		"xn--ab-0ea.example",     /* a middle dot between other letters */
		"xn--a-0hc.example",      /* a Latin and a Hebrew letter: no direction */
		"xn--e28h.example",       /* an emoji */
		"xn--a-qib.example",      /* a code point that is not assigned */
		"xn--abc-.example", /* ASCII needs no A-label; ends in a hyphen, too */
		"xn--.example",
	};

	(void)state;
	for (size_t i = 0; i < 9; i++)
		refuse(names[i], false, RULE_SAN_DNS_IDN);
	for (size_t i = 9; i < sizeof(names) / sizeof(names[0]); i++)
		refuse(names[i], false, RULE_SAN_DNS_HYPHEN);
}

static void
refuses_a_number_at_the_end(void **state)
{
	(void)state;
	refuse("10.0.0.1", false, RULE_SAN_DNS_ADDRESS);
	refuse("host.1", false, RULE_SAN_DNS_ADDRESS);
}

static void
refuses_wildcards_unless_allowed(void **state)
{
	(void)state;
	refuse("*.svc.example", false, RULE_SAN_WILDCARD);
}

static void
refuses_wildcards_elsewhere_than_in_front(void **state)
{
	(void)state;
	refuse("www.*.example", true, RULE_SAN_WILDCARD_POSITION);
	refuse("w*.svc.example", true, RULE_SAN_WILDCARD_POSITION);
	refuse("*.*.svc.example", true, RULE_SAN_WILDCARD_POSITION);
	refuse("*", true, RULE_SAN_WILDCARD_POSITION);
}

static void
accepts_wildcards_below_public_suffixes(void **state)
{
	(void)state;
	accept("*.example.com", true);
	accept("*.example.co.uk", true);
	accept("*.svc.local", true);
	accept("*.ns.svc.cluster.internal", true);
	accept("*.city.kawasaki.jp", true); /* an exception to a rule of the list */
	accept("*.github.io", true);        /* its private part is not asked */
	accept("*.xn--bcher-kva.example", true);
	accept("co.uk", false); /* no wildcard: who has the name is not for us to say */
}

static void
refuses_wildcards_directly_above_public_suffixes(void **state)
{
	(void)state;
	refuse("*.com", true, RULE_SAN_WILDCARD_PUBLIC_SUFFIX);
	refuse("*.co.uk", true, RULE_SAN_WILDCARD_PUBLIC_SUFFIX);
	refuse("*.kobe.jp", true, RULE_SAN_WILDCARD_PUBLIC_SUFFIX);
	refuse("*.foo.ck", true, RULE_SAN_WILDCARD_PUBLIC_SUFFIX); /* from a rule *.ck */
	refuse("*.xn--p1ai", true, RULE_SAN_WILDCARD_PUBLIC_SUFFIX);
	refuse("*.local", true, RULE_SAN_WILDCARD_PUBLIC_SUFFIX);
	refuse("*.example", true, RULE_SAN_WILDCARD_PUBLIC_SUFFIX);
}

/* Reads a request's names under a profile; true when the rule was broken. */
static bool
identity_breaks(
    const char *subject, const char *san, const struct profile *profile, enum rule rule)
{
	EVP_PKEY *key = ec_key("P-256");
	X509_REQ *req = request_new(key, subject);
	X509_EXTENSIONS *extensions = NULL;
	struct identity identity = { 0 };
	struct violations v = { 0 };
	struct warnings w = { 0 };
	struct csr csr = { .req = req };

	if (san != NULL)
		request_extension(&extensions, "subjectAltName", san);
	csr.extensions = extensions;
	assert_int_equal(identity_read(&csr, profile, &identity, &w, &v, NULL), 0);
	identity_clear(&identity);
	csr_clear(&csr);
	EVP_PKEY_free(key);
	return v.count > 0 && breaks(&v, rule);
}

static void
refuses_other_kinds_of_names(void **state)
{
	const struct profile *server = profile_find("server");

	(void)state;
	assert_true(identity_breaks("", "email:a@b.example", server, RULE_SAN_KIND));
	assert_true(identity_breaks("", "URI:https://b.example", server, RULE_SAN_KIND));
	assert_true(identity_breaks("", "RID:1.2.3.4", server, RULE_SAN_KIND));
	assert_true(
	    identity_breaks("", "otherName:1.2.3.4;UTF8:x", server, RULE_SAN_KIND));
}

static void
refuses_to_certify_nobody(void **state)
{
	(void)state;
	assert_true(identity_breaks("", NULL, profile_find("server"), RULE_SAN_PRESENT));
	assert_true(
	    identity_breaks("/O=milvus", NULL, profile_find("peer"), RULE_SAN_PRESENT));
}

static void
refuses_a_hundred_and_one_names(void **state)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	struct violations v = { 0 };

	(void)state;
	for (unsigned i = 0; i <= SAN_NAMES_MAX; i++) {
		const unsigned char name[] = { (unsigned char)('a' + i / 26),
			(unsigned char)('a' + i % 26) };

		san_add_dns(names, (struct bytes){ name, sizeof(name) }, NULL);
	}
	san_normalise(names);
	san_check(names, profile_find("server"), &v);
	assert_true(breaks(&v, RULE_SAN_COUNT));
	GENERAL_NAMES_free(names);
}

static void
check_address(const unsigned char *octets, int len, struct violations *v)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_OCTET_STRING *ip = ASN1_OCTET_STRING_new();

	ASN1_OCTET_STRING_set(ip, octets, len);
	GENERAL_NAME_set0_value(name, GEN_IPADD, ip);
	sk_GENERAL_NAME_push(names, name);
	*v = (struct violations){ 0 };
	san_check(names, profile_find("server"), v);
	GENERAL_NAMES_free(names);
}

static void
refuses_addresses_that_are_none(void **state)
{
	static const unsigned char octets[17] = { [10] = 0xff, [11] = 0xff, [12] = 10 };
	struct violations v;

	(void)state;
	check_address(octets + 8, 4, &v);
	assert_int_equal(v.count, 0);
	check_address(octets + 1, 16, &v);
	assert_int_equal(v.count, 0);
	check_address(octets, 5, &v);
	assert_true(breaks(&v, RULE_SAN_IP_LENGTH));
	check_address(octets, 17, &v);
	assert_true(breaks(&v, RULE_SAN_IP_LENGTH));
	check_address(octets, 16, &v);
	assert_true(breaks(&v, RULE_SAN_IP_MAPPED));
}

static void
lower_cases_and_drops_repeats(void **state)
{
	static const char *const texts[] = { "dns:B.Example", "b.example", "ip:10.0.0.1",
		"10.0.0.1", "fe80::1" };
	GENERAL_NAMES *names = NULL;
	struct buffer text;

	(void)state;
	buf_init(&text, 0);
	assert_int_equal(san_from_text(texts, 5, &names, NULL), 0);
	san_normalise(names);
	san_text(names, &text);
	assert_string_equal(buf_string(&text), "dns:b.example ip:10.0.0.1 ip:fe80::1");
	buf_free(&text);
	GENERAL_NAMES_free(names);
}

static void
takes_prefixes_in_either_case(void **state)
{
	static const char *const texts[] = { "DNS:a.example", "IP:10.0.0.1", "Ip:::1",
		"EMAIL:a@b.example", "URI:https://b.example", "face::1" };
	static const int kinds[] = { GEN_DNS, GEN_IPADD, GEN_IPADD, GEN_EMAIL, GEN_URI,
		GEN_IPADD };
	GENERAL_NAMES *names = NULL;

	(void)state;
	assert_int_equal(san_from_text(texts, 6, &names, NULL), 0);
	for (int i = 0; i < 6; i++)
		assert_int_equal(sk_GENERAL_NAME_value(names, i)->type, kinds[i]);
	GENERAL_NAMES_free(names);
}

static void
refuses_other_prefixes(void **state)
{
	static const char *const texts[] = { "host:a.example", "DNSName:a.example",
		"https://a.example", "rid:1.2.3", "localhost:8080" };
	GENERAL_NAMES *names = NULL;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(san_from_text(&texts[i], 1, &names, &err), -1);
		assert_int_equal(err.code, ERROR_BAD_REQUEST);
		assert_non_null(strstr(err.text, "dns:, ip:, email: and uri:"));
	}
	assert_null(names);
}

static void
refuses_a_common_name_that_is_not_asked_for(void **state)
{
	static const char *const types[] = { "CN", NULL }, *const any[] = { "**", NULL };
	static const struct profile strict = { .name = "strict",
		.subject_allowed = types,
		.dns_names = any,
		.max_names = 1 };
	const struct profile *server = profile_find("server");

	(void)state;
	assert_true(
	    identity_breaks("/CN=a.example", "DNS:b.example", server, RULE_CN_IN_SAN));
	assert_true(identity_breaks("/CN=a.example", NULL, &strict, RULE_CN_IN_SAN));
}

static void
refuses_two_common_names(void **state)
{
	(void)state;
	assert_true(identity_breaks("/CN=a.example/CN=b.example", "DNS:a.example",
	    profile_find("server"), RULE_CN_SINGLE));
}

static void
refuses_an_address_as_common_name(void **state)
{
	(void)state;
	assert_true(identity_breaks(
	    "/CN=10.0.0.1", "IP:10.0.0.1", profile_find("server"), RULE_CN_ADDRESS));
}

static void
common_name_breaks(int type, const char *value, int len, enum rule rule)
{
	X509_NAME *name = X509_NAME_new();
	X509_NAME_ENTRY *entry = X509_NAME_ENTRY_new();
	struct violations v = { 0 };
	struct common_name cn;

	/* Entry by entry, because X509_NAME_add_entry_* would refuse some of these
	 * itself. */
	X509_NAME_ENTRY_set_object(entry, OBJ_nid2obj(NID_commonName));
	ASN1_STRING_set(X509_NAME_ENTRY_get_data(entry), value, len);
	X509_NAME_ENTRY_get_data(entry)->type = type;
	X509_NAME_add_entry(name, entry, -1, 0);
	subject_common_name(name, &cn, &v);
	assert_int_equal(cn.len, 0);
	assert_true(breaks(&v, rule));
	X509_NAME_ENTRY_free(entry);
	X509_NAME_free(name);
}

static void
refuses_a_nul_in_a_common_name(void **state)
{
	(void)state;
	common_name_breaks(
	    V_ASN1_UTF8STRING, "bank.example\0.evil", 18, RULE_CN_CHARACTERS);
	common_name_breaks(V_ASN1_UTF8STRING,
	    "b\xc3\xbc"
	    "cher",
	    7, RULE_CN_CHARACTERS);
}

static void
refuses_old_string_types(void **state)
{
	(void)state;
	common_name_breaks(V_ASN1_BMPSTRING, "\0a\0b", 4, RULE_CN_STRING_TYPE);
	common_name_breaks(V_ASN1_T61STRING, "ab", 2, RULE_CN_STRING_TYPE);
}

static void
refuses_a_long_or_empty_common_name(void **state)
{
	(void)state;
	common_name_breaks(V_ASN1_UTF8STRING, L63 "aa", 65, RULE_CN_LENGTH);
	common_name_breaks(V_ASN1_UTF8STRING, "", 0, RULE_CN_LENGTH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_host_names),
		cmocka_unit_test(refuses_characters_outside_ldh),
		cmocka_unit_test(refuses_empty_and_long_labels_and_names),
		cmocka_unit_test(refuses_eleven_labels),
		cmocka_unit_test(refuses_hyphens_at_the_ends),
		cmocka_unit_test(refuses_reserved_and_undecodable_labels),
		cmocka_unit_test(accepts_names_that_idna_allows),
		cmocka_unit_test(refuses_names_that_idna_does_not_allow),
		cmocka_unit_test(refuses_a_number_at_the_end),
		cmocka_unit_test(refuses_wildcards_unless_allowed),
		cmocka_unit_test(refuses_wildcards_elsewhere_than_in_front),
		cmocka_unit_test(accepts_wildcards_below_public_suffixes),
		cmocka_unit_test(refuses_wildcards_directly_above_public_suffixes),
		cmocka_unit_test(refuses_other_kinds_of_names),
		cmocka_unit_test(refuses_to_certify_nobody),
		cmocka_unit_test(refuses_a_hundred_and_one_names),
		cmocka_unit_test(refuses_addresses_that_are_none),
		cmocka_unit_test(lower_cases_and_drops_repeats),
		cmocka_unit_test(takes_prefixes_in_either_case),
		cmocka_unit_test(refuses_other_prefixes),
		cmocka_unit_test(refuses_a_common_name_that_is_not_asked_for),
		cmocka_unit_test(refuses_two_common_names),
		cmocka_unit_test(refuses_an_address_as_common_name),
		cmocka_unit_test(refuses_a_nul_in_a_common_name),
		cmocka_unit_test(refuses_old_string_types),
		cmocka_unit_test(refuses_a_long_or_empty_common_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

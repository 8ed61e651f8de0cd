/*
 * test_accepted_profile.c - for each rule that a profile of one's own decides, or that no
 * request meets under the built-in ones, what just passes it. What breaks it is in
 * test_identity.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ca/keytype.h"
#include "ca/subject.h"
#include "tests/ca/accepted.h"
#include "tests/ca/support.h"

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* Each under a profile that admits this type alone. */
static void
takes_the_one_type_of_key_that_is_listed(void **state)
{
	EVP_PKEY *keys[] = { rsa_key(2048), rsa_pss_key(), ec_key("P-256"),
		ec_key("P-384"), ec_key("P-521"), ed25519_key() };
	struct profile p = model_profile();

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct violations v = { 0 };

		p.key_types = LIST(keytype_of(keys[i]));
		keytype_check(keys[i], &p, &v);
		passes(&v, RULE_CSR_KEY_TYPE);
		EVP_PKEY_free(keys[i]);
	}
}

/* An attribute that is not admitted may come as often as it likes. */
static void
takes_what_is_required_and_each_once(void **state)
{
	struct profile p = model_profile();
	struct violations v;

	(void)state;
	p.subject_allowed = LIST("L");
	p.subject_required = LIST("CN", "O");
	v = judge_names("/OU=a/O=x/OU=b/CN=localhost", "DNS:localhost", &p);
	nothing_is_wrong(&v);
	passes(&v, RULE_SUBJECT_REQUIRED);
	passes(&v, RULE_SUBJECT_SINGLE);
}

/* A subject of one value, which is text count times; v has what is wrong. */
static void
judge_value(int nid, int type, const char *text, size_t count, struct violations *v)
{
	X509_NAME *name = X509_NAME_new();
	struct profile p = model_profile();
	char value[256];
	size_t len = strlen(text);

	p.subject_allowed = LIST("C", "ST", "O", "OU", "serialNumber");
	for (size_t i = 0; i < count; i++)
		memcpy(value + i * len, text, len);
	assert_int_equal(X509_NAME_add_entry_by_NID(name, nid, type,
			     (const unsigned char *)value, (int)(count * len), -1, 0),
	    1);
	subject_check(name, &p, v);
	X509_NAME_free(name);
}

/* Lengths are of characters, not octets; U+00A0 is the first after the controls. */
static void
takes_subjects_at_every_limit(void **state)
{
	struct violations v = { 0 };

	(void)state;
	judge_value(NID_countryName, V_ASN1_PRINTABLESTRING, "CN", 1, &v);
	judge_value(NID_serialNumber, V_ASN1_PRINTABLESTRING, "7", 64, &v);
	judge_value(NID_stateOrProvinceName, V_ASN1_UTF8STRING, "s", 128, &v);
	judge_value(NID_organizationName, V_ASN1_PRINTABLESTRING, "o", 1, &v);
	judge_value(NID_organizationName, V_ASN1_UTF8STRING, "\xe4\xb8\x8a", 64, &v);
	judge_value(NID_organizationalUnitName, V_ASN1_UTF8STRING, " ~\xc2\xa0", 1, &v);
	nothing_is_wrong(&v);
	passes(&v, RULE_SUBJECT_VALUE);
}

static struct violations
judge_dns(const char *pattern, const char *san)
{
	struct profile p = model_profile();
	struct violations v;

	p.dns_names = LIST("other.example", pattern);
	p.allow_wildcard = true;
	v = judge_names("", san, &p);
	nothing_is_wrong(&v);
	return v;
}

static void
takes_dns_names_that_just_match(void **state)
{
	struct violations v = judge_dns("svc.example", "DNS:svc.example");

	(void)state;
	passes(&v, RULE_SAN_DNS_PATTERN);
	v = judge_dns("*.svc.example", "DNS:a.svc.example,DNS:*.svc.example");
	passes(&v, RULE_SAN_DNS_PATTERN);
	v = judge_dns("**.c", "DNS:b.c,DNS:a.b.c");
	passes(&v, RULE_SAN_DNS_PATTERN);
}

static void
takes_the_first_and_the_last_address(void **state)
{
	struct profile p = model_profile();
	struct violations v;

	(void)state;
	p.ip_addresses = LIST("192.0.2.1", "10.128.0.0/9", "2001:db8::/33");
	v = judge_names("",
	    "IP:192.0.2.1,IP:10.128.0.0,IP:10.255.255.255,IP:2001:db8::,"
	    "IP:2001:db8:7fff:ffff:ffff:ffff:ffff:ffff",
	    &p);
	nothing_is_wrong(&v);
	passes(&v, RULE_SAN_IP_NETWORK);
}

static struct violations
judge_uris(const char *pattern, const char *san)
{
	struct profile p = model_profile();
	struct violations v;

	p.uris = LIST("https://other.example", pattern);
	v = judge_names("", san, &p);
	nothing_is_wrong(&v);
	return v;
}

#define SCHEME "a0+-.bcdefghijklmnopqrstuvwxyz01" /* 32 characters */

/* 2048 octets; every character that a path may have; a segment that is nearly dotted. */
static void
takes_uris_at_every_limit(void **state)
{
	char uri[4 + 2048 + 1];
	struct violations v;

	(void)state;
	memset(uri, 'x', sizeof(uri) - 1);
	memcpy(uri, "URI:https://a.example/", 22);
	uri[sizeof(uri) - 1] = '\0';
	v = judge_uris("https://a.example/*", uri);
	passes(&v, RULE_SAN_URI_SYNTAX);
	v = judge_uris(SCHEME "://a/**", "URI:" SCHEME "://a/-._~!$&'()+;=:@/...");
	passes(&v, RULE_SAN_URI_SYNTAX);
}

static void
takes_hosts_of_uris_that_are_names_or_addresses(void **state)
{
	struct violations v = judge_uris("https://*", "URI:https://localhost");

	(void)state;
	passes(&v, RULE_SAN_URI_HOST);
	v = judge_uris("https://192.0.2.1/*", "URI:https://192.0.2.1/a@b:1");
	passes(&v, RULE_SAN_URI_HOST);
	v = judge_uris("https://[2001:db8::1]", "URI:https://[2001:db8::1]");
	passes(&v, RULE_SAN_URI_HOST);
}

static void
takes_uris_that_just_match(void **state)
{
	struct violations v = judge_uris("https://*.example", "URI:https://a.example");

	(void)state;
	passes(&v, RULE_SAN_URI_PATTERN);
	v = judge_uris("https://a.example/*/b/**", "URI:https://a.example/x/b/c");
	passes(&v, RULE_SAN_URI_PATTERN);
}

/* Beside names of other kinds; and two URIs, neither of which is one. */
static void
takes_one_spiffe_id(void **state)
{
	struct violations v =
	    judge_uris("spiffe://a_b.c-1", "URI:spiffe://a_b.c-1,DNS:a.example");

	(void)state;
	passes(&v, RULE_SAN_URI_SPIFFE);
	v = judge_uris("spiffe://a/**", "URI:spiffe://a/A-z_0.9/...");
	passes(&v, RULE_SAN_URI_SPIFFE);
	v = judge_uris("https://a/*", "URI:https://a/b,URI:https://a/c");
	passes(&v, RULE_SAN_URI_SPIFFE);
}

static struct violations
judge_email(const char *pattern, const char *san)
{
	struct profile p = model_profile();
	struct violations v;

	p.email_addresses = LIST("other@example.com", pattern);
	v = judge_names("", san, &p);
	nothing_is_wrong(&v);
	return v;
}

static void
takes_local_parts_at_every_limit(void **state)
{
	static const char sixty_four[] =
	    "email:0123456789012345678901234567890123456789012345678901234567890123@a";
	struct violations v = judge_email("*@a", sixty_four);

	(void)state;
	passes(&v, RULE_SAN_EMAIL_SYNTAX);
	v = judge_email("*@a", "email:a.B.0!#$%&'*+-/=?^_`{|}~@a");
	passes(&v, RULE_SAN_EMAIL_SYNTAX);
}

static void
takes_addresses_of_mail_that_just_match(void **state)
{
	struct violations v =
	    judge_email("Jane.Doe@*.example", "email:Jane.Doe@mail.example");

	(void)state;
	passes(&v, RULE_SAN_EMAIL_PATTERN);
	v = judge_email("*@example", "email:J@EXAMPLE");
	passes(&v, RULE_SAN_EMAIL_PATTERN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_one_type_of_key_that_is_listed),
		cmocka_unit_test(takes_what_is_required_and_each_once),
		cmocka_unit_test(takes_subjects_at_every_limit),
		cmocka_unit_test(takes_dns_names_that_just_match),
		cmocka_unit_test(takes_the_first_and_the_last_address),
		cmocka_unit_test(takes_uris_at_every_limit),
		cmocka_unit_test(takes_hosts_of_uris_that_are_names_or_addresses),
		cmocka_unit_test(takes_uris_that_just_match),
		cmocka_unit_test(takes_one_spiffe_id),
		cmocka_unit_test(takes_local_parts_at_every_limit),
		cmocka_unit_test(takes_addresses_of_mail_that_just_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

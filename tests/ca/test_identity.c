/* test_identity.c - what of a request a profile admits: subject, names, and their limits.
 */
#include "ca/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ca/keytype.h"
#include "ca/san.h"
#include "ca/subject.h"
#include "ca/validity.h"
#include "tests/ca/support.h"

#define NOW INT64_C(1800000000)

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* A request judged by a profile, and what came of it. */
struct judgement {
	struct violations v;
	struct warnings w;
	char subject[256], names[512];
};

static void
judge_name(X509_NAME *subject, const char *san, const struct profile *profile,
    struct judgement *o)
{
	EVP_PKEY *key = ec_key("P-256");
	struct csr csr = { .req = request_new(key, "") };
	struct identity identity = { 0 };
	struct buffer text;

	*o = (struct judgement){ 0 };
	assert_int_equal(X509_REQ_set_subject_name(csr.req, subject), 1);
	if (san != NULL)
		request_extension(&csr.extensions, "subjectAltName", san);
	assert_int_equal(identity_read(&csr, profile, &identity, &o->w, &o->v, NULL), 0);
	buf_init(&text, 0);
	subject_text(identity.subject, &text, NULL);
	text_copy(o->subject, sizeof(o->subject), buf_string(&text));
	buf_reset(&text);
	san_text(identity.names, &text);
	text_copy(o->names, sizeof(o->names), buf_string(&text));
	buf_free(&text);
	identity_clear(&identity);
	csr_clear(&csr);
	EVP_PKEY_free(key);
}

static void
judge(const char *subject, const char *san, const struct profile *profile,
    struct judgement *o)
{
	X509_NAME *name = NULL;

	assert_int_equal(subject_from_text(subject, &name, NULL), 0);
	judge_name(name, san, profile, o);
	X509_NAME_free(name);
}

static void
accepts(const char *san, const struct profile *profile)
{
	struct judgement o;

	judge("", san, profile, &o);
	if (o.v.count > 0)
		fail_msg("%s: %s: %s", san, o.v.items[0].rule, o.v.items[0].detail);
}

static void
refuses(const char *san, const struct profile *profile, enum rule rule)
{
	struct judgement o;

	judge("", san, profile, &o);
	if (!breaks(&o.v, rule) || o.v.count != 1)
		fail_msg(
		    "%s: %zu rules, not %s alone", san, o.v.count, rule_info(rule)->name);
}

static void
dns_names_match_a_pattern(void **state)
{
	struct profile p = model_profile();

	(void)state;
	p.dns_names = LIST("*.svc.example", "milvus.example");
	accepts("DNS:a.svc.example,DNS:MILVUS.example", &p);
	refuses("DNS:a.b.svc.example", &p, RULE_SAN_DNS_PATTERN);
	refuses("DNS:svc.example", &p, RULE_SAN_DNS_PATTERN);
	refuses("DNS:a..svc.example", &p, RULE_SAN_DNS_LENGTH);
}

static void
wildcards_are_off_unless_said(void **state)
{
	struct profile p = model_profile();

	(void)state;
	p.dns_names = LIST("*.svc.example");
	refuses("DNS:*.svc.example", &p, RULE_SAN_WILDCARD);
	p.allow_wildcard = true;
	accepts("DNS:*.svc.example", &p);
	refuses("DNS:*.other.example", &p, RULE_SAN_DNS_PATTERN);
}

static void
addresses_lie_in_a_network(void **state)
{
	struct profile p = model_profile();

	(void)state;
	refuses("IP:10.0.0.1", &p, RULE_SAN_KIND);
	p.ip_addresses = LIST("10.0.0.0/8", "fd00::/8");
	accepts("IP:10.255.0.1,IP:fd00::1", &p);
	refuses("IP:11.0.0.1", &p, RULE_SAN_IP_NETWORK);
	refuses("IP:fe80::1", &p, RULE_SAN_IP_NETWORK);
}

static void
uris_match_a_pattern(void **state)
{
	struct profile p = model_profile();

	(void)state;
	refuses("URI:https://a.example/x", &p, RULE_SAN_KIND);
	p.uris = LIST("https://*.example/**", "https://10.0.0.1");
	accepts("URI:HTTPS://A.example/x/Y", &p);
	accepts("URI:https://10.0.0.1", &p);
	refuses("URI:http://a.example/x", &p, RULE_SAN_URI_PATTERN);
	refuses("URI:https://a.b.example/x", &p, RULE_SAN_URI_PATTERN);
}

static void
refuses_uris_that_can_be_read_in_two_ways(void **state)
{
	struct profile p = model_profile();

	(void)state;
	p.uris = LIST("https://**/**", "https://**");
	refuses("URI:https://a.example/x?y", &p, RULE_SAN_URI_SYNTAX);
	refuses("URI:https://a.example/x#y", &p, RULE_SAN_URI_SYNTAX);
	refuses("URI:https://a.example/%2e%2e", &p, RULE_SAN_URI_SYNTAX);
	refuses("URI:https://a.example/../x", &p, RULE_SAN_URI_SYNTAX);
	refuses("URI:https://a.example//x", &p, RULE_SAN_URI_SYNTAX);
	refuses("URI:https://a.example/*", &p, RULE_SAN_URI_SYNTAX);
	refuses("URI:urn:uuid:1", &p, RULE_SAN_URI_SYNTAX);
	refuses("URI:https:///x", &p, RULE_SAN_URI_HOST);
	refuses("URI:https://user@a.example/x", &p, RULE_SAN_URI_HOST);
	refuses("URI:https://a.example:443/x", &p, RULE_SAN_URI_HOST);
	refuses("URI:https://*.example/x", &p, RULE_SAN_WILDCARD);
	refuses("URI:https://a_b.example/x", &p, RULE_SAN_DNS_CHARACTERS);
}

/* One octet more than test_accepted_profile.c has. */
static void
refuses_uris_and_local_parts_that_are_too_long(void **state)
{
	char uri[4 + 2049 + 1], email[6 + 65 + 3];
	struct profile p = model_profile();

	(void)state;
	p.uris = LIST("https://**/**");
	p.email_addresses = LIST("*@a");
	memset(uri, 'x', sizeof(uri));
	memcpy(uri, "URI:https://a.example/", 22);
	uri[sizeof(uri) - 1] = '\0';
	refuses(uri, &p, RULE_SAN_URI_SYNTAX);
	memset(email, 'x', sizeof(email));
	memcpy(email, "email:", 6);
	memcpy(email + sizeof(email) - 3, "@a", 3);
	refuses(email, &p, RULE_SAN_EMAIL_SYNTAX);
	refuses("URI:abcdefghijklmnopqrstuvwxyz0123456://a.example/x", &p,
	    RULE_SAN_URI_SYNTAX);
}

static void
a_spiffe_id_is_the_only_uri(void **state)
{
	struct profile p = model_profile();

	(void)state;
	p.uris = LIST("spiffe://prod.example/**", "https://**/**", "spiffe://a_b/**");
	accepts("URI:spiffe://prod.example/ns/a,DNS:a.example", &p);
	accepts("URI:spiffe://prod.example/Ns/a_b", &p);
	refuses("URI:spiffe://prod.example/a,URI:spiffe://prod.example/b", &p,
	    RULE_SAN_URI_SPIFFE);
	refuses("URI:spiffe://prod.example/a,URI:https://a.example/x", &p,
	    RULE_SAN_URI_SPIFFE);
	refuses("URI:spiffe://prod.example/a:b", &p, RULE_SAN_URI_SPIFFE);
	refuses("URI:spiffe://prod.example/a/", &p, RULE_SAN_URI_SPIFFE);
	refuses("URI:spiffe://prod.example:1/a", &p, RULE_SAN_URI_SPIFFE);
	refuses("URI:spiffe://*.example/a", &p, RULE_SAN_URI_SPIFFE);
	refuses("URI:spiffe://test.example/a", &p, RULE_SAN_URI_PATTERN);
}

static void
addresses_of_mail_match_a_pattern(void **state)
{
	struct profile p = model_profile();

	(void)state;
	refuses("email:jane@example.com", &p, RULE_SAN_KIND);
	p.email_addresses = LIST("*@example.com");
	accepts("email:Jane.Doe@EXAMPLE.com", &p);
	refuses("email:jane@mail.example.com", &p, RULE_SAN_EMAIL_PATTERN);
	refuses("email:jane", &p, RULE_SAN_EMAIL_SYNTAX);
	refuses("email:.jane@example.com", &p, RULE_SAN_EMAIL_SYNTAX);
	refuses("email:\"j d\"@example.com", &p, RULE_SAN_EMAIL_SYNTAX);
	refuses("email:jane@a_b.example", &p, RULE_SAN_DNS_CHARACTERS);
}

static void
lists_what_it_admitted(void **state)
{
	struct profile p = model_profile();
	struct judgement o;

	(void)state;
	p.uris = LIST("https://**/**");
	p.email_addresses = LIST("*@example.com");
	judge("", "DNS:A.example,URI:https://B.example/C,email:D@Example.com", &p, &o);
	assert_int_equal(o.v.count, 0);
	assert_string_equal(
	    o.names, "dns:a.example uri:https://b.example/C email:D@example.com");
}

static void
counts_the_names(void **state)
{
	struct profile p = model_profile();

	(void)state;
	p.max_names = 2;
	accepts("DNS:a.example,DNS:b.example,DNS:A.example", &p);
	refuses("DNS:a.example,DNS:b.example,DNS:c.example", &p, RULE_SAN_COUNT);
}

static void
writes_the_fixed_part_then_what_is_admitted(void **state)
{
	struct profile p = model_profile();
	struct judgement o;

	(void)state;
	p.subject = "/C=CN/O=milvus";
	p.subject_allowed = LIST("OU", "CN");
	judge("/CN=localhost/C=CN/ST=Shanghai/O=evil/OU=tls", "DNS:localhost", &p, &o);
	assert_int_equal(o.v.count, 0);
	assert_string_equal(o.subject, "CN=localhost,OU=tls,O=milvus,C=CN");
	/* C was as it is; ST is not the profile's, and O another. */
	assert_int_equal(o.w.count, 2);
	assert_string_equal(o.w.items[0], "subject ST was not copied");
	assert_string_equal(o.w.items[1], "subject O was not copied");
}

static void
requires_what_the_profile_requires(void **state)
{
	struct profile p = model_profile();
	struct judgement o;

	(void)state;
	p.subject_allowed = NULL;
	p.subject_required = LIST("CN", "O");
	judge("/O=milvus/CN=localhost", "DNS:localhost", &p, &o);
	assert_int_equal(o.v.count, 0);
	judge("/CN=localhost", "DNS:localhost", &p, &o);
	assert_int_equal(o.v.count, 1);
	assert_true(breaks(&o.v, RULE_SUBJECT_REQUIRED));
}

/* The CommonName may still be the name asked for, and need not be among the others. */
static void
leaves_out_a_common_name_that_is_not_admitted(void **state)
{
	struct profile p = model_profile();
	struct judgement o;

	(void)state;
	p.subject_allowed = NULL;
	p.san_from_common_name = true;
	judge("/CN=localhost", NULL, &p, &o);
	assert_int_equal(o.v.count, 0);
	assert_string_equal(o.subject, "");
	assert_string_equal(o.names, "dns:localhost");
	assert_int_equal(o.w.count, 1);
	judge("/CN=localhost", "DNS:other.example", &p, &o);
	assert_int_equal(o.v.count, 0);
	assert_string_equal(o.names, "dns:other.example");
}

static void
subject_breaks(int nid, int type, const char *value, enum rule rule)
{
	X509_NAME *name = X509_NAME_new();
	struct profile p = model_profile();
	struct judgement o;

	p.subject_allowed = LIST("C", "O", "OU");
	assert_int_equal(X509_NAME_add_entry_by_NID(
			     name, nid, type, (const unsigned char *)value, -1, -1, 0),
	    1);
	judge_name(name, "DNS:localhost", &p, &o);
	if (o.v.count != 1 || !breaks(&o.v, rule))
		fail_msg("%s: %zu rules", value, o.v.count);
	X509_NAME_free(name);
}

static void
refuses_values_that_no_subject_has(void **state)
{
	static const char too_long[] =
	    "01234567890123456789012345678901234567890123456789012345678901234";
	struct profile p = model_profile();
	struct judgement o;

	(void)state;
	p.subject_allowed = LIST("C", "O", "OU");
	judge("/C=CN/O=\xe4\xb8\x8a\xe6\xb5\xb7/OU=a b", "DNS:localhost", &p, &o);
	assert_int_equal(o.v.count, 0);
	subject_breaks(NID_organizationName, V_ASN1_BMPSTRING, "ab", RULE_SUBJECT_VALUE);
	subject_breaks(NID_organizationName, V_ASN1_T61STRING, "ab", RULE_SUBJECT_VALUE);
	subject_breaks(
	    NID_organizationName, V_ASN1_UTF8STRING, "a\nb", RULE_SUBJECT_VALUE);
	subject_breaks(
	    NID_organizationName, V_ASN1_UTF8STRING, "a\xc2\x9b", RULE_SUBJECT_VALUE);
	subject_breaks(NID_countryName, V_ASN1_UTF8STRING, "CN", RULE_SUBJECT_VALUE);
	subject_breaks(
	    NID_countryName, V_ASN1_PRINTABLESTRING, "CHN", RULE_SUBJECT_VALUE);
	subject_breaks(NID_organizationName, V_ASN1_UTF8STRING, "", RULE_SUBJECT_VALUE);
	subject_breaks(
	    NID_organizationName, V_ASN1_UTF8STRING, too_long, RULE_SUBJECT_VALUE);
	judge("/OU=a/OU=b", "DNS:localhost", &p, &o);
	assert_true(breaks(&o.v, RULE_SUBJECT_SINGLE));
	assert_int_equal(o.v.count, 1);
}

static void
admits_the_types_of_keys_that_it_lists(void **state)
{
	struct profile p = model_profile();
	struct violations good = { 0 }, bad = { 0 };
	EVP_PKEY *p256 = ec_key("P-256"), *p384 = ec_key("P-384"), *rsa = rsa_key(2048),
		 *pss = rsa_pss_key(), *ed = ed25519_key();

	(void)state;
	assert_string_equal(keytype_of(p256), "ec-p256");
	assert_string_equal(keytype_of(p384), "ec-p384");
	assert_string_equal(keytype_of(rsa), "rsa-2048");
	assert_string_equal(keytype_of(pss), "rsa-pss-2048");
	assert_string_equal(keytype_of(ed), "ed25519");
	p.key_types = LIST("ec-p256", "ed25519");
	keytype_check(p256, &p, &good);
	keytype_check(ed, &p, &good);
	assert_int_equal(good.count, 0);
	keytype_check(rsa, &p, &bad);
	keytype_check(pss, &p, &bad);
	keytype_check(p384, &p, &bad);
	assert_int_equal(bad.count, 3);
	assert_true(breaks(&bad, RULE_CSR_KEY_TYPE));
	EVP_PKEY_free(p256);
	EVP_PKEY_free(p384);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(pss);
	EVP_PKEY_free(ed);
}

static size_t
broken_beyond_issuer(enum beyond_issuer mode, int64_t wanted_s, int64_t *not_after)
{
	const struct validity issuer = { NOW - 100, NOW + 1000 };
	struct profile p = model_profile();
	struct violations v = { 0 };
	struct validity validity;

	p.beyond_issuer = mode;
	validity_choose(&p, wanted_s, NOW, &issuer, &validity, &v);
	*not_after = validity.not_after;
	return v.count;
}

static void
rejects_or_shortens_what_outlives_the_issuer(void **state)
{
	int64_t not_after;

	(void)state;
	assert_int_equal(broken_beyond_issuer(BEYOND_ISSUER_REJECT, 0, &not_after), 1);
	assert_int_equal(broken_beyond_issuer(BEYOND_ISSUER_REJECT, 2000, &not_after), 1);
	assert_int_equal(broken_beyond_issuer(BEYOND_ISSUER_REJECT, 1000, &not_after), 0);
	assert_int_equal(broken_beyond_issuer(BEYOND_ISSUER_TRUNCATE, 0, &not_after), 0);
	assert_int_equal(
	    broken_beyond_issuer(BEYOND_ISSUER_TRUNCATE, 2000, &not_after), 0);
	assert_int_equal(not_after, NOW + 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dns_names_match_a_pattern),
		cmocka_unit_test(wildcards_are_off_unless_said),
		cmocka_unit_test(addresses_lie_in_a_network),
		cmocka_unit_test(uris_match_a_pattern),
		cmocka_unit_test(refuses_uris_that_can_be_read_in_two_ways),
		cmocka_unit_test(refuses_uris_and_local_parts_that_are_too_long),
		cmocka_unit_test(a_spiffe_id_is_the_only_uri),
		cmocka_unit_test(addresses_of_mail_match_a_pattern),
		cmocka_unit_test(lists_what_it_admitted),
		cmocka_unit_test(counts_the_names),
		cmocka_unit_test(writes_the_fixed_part_then_what_is_admitted),
		cmocka_unit_test(requires_what_the_profile_requires),
		cmocka_unit_test(leaves_out_a_common_name_that_is_not_admitted),
		cmocka_unit_test(refuses_values_that_no_subject_has),
		cmocka_unit_test(admits_the_types_of_keys_that_it_lists),
		cmocka_unit_test(rejects_or_shortens_what_outlives_the_issuer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

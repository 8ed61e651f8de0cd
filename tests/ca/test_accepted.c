/*
 * test_accepted.c - for each rule about requests something that just passes it; for those
 * that a profile decides see test_accepted_profile.c. What breaks a rule is in the test
 * of the file that has the check.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/bn.h>

#include "ca/csr.h"
#include "ca/dnsname.h"
#include "ca/issuer_url.h"
#include "ca/keycheck.h"
#include "ca/san.h"
#include "ca/subject.h"
#include "ca/validity.h"
#include "tests/ca/accepted.h"
#include "tests/ca/support.h"

#define NOW INT64_C(1800000000)

#define L61 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L63 L61 "aa"

/* All that a request may ask for, though little of it is granted. */
static void
takes_a_request_for_all_that_may_be_asked(void **state)
{
	EVP_PKEY *key = ec_key("P-256");
	X509_REQ *req = request_new(key, "/C=CN/CN=localhost");
	X509_EXTENSIONS *extensions = NULL;
	struct violations v = { 0 };
	struct buffer der;
	struct bytes body;
	struct csr csr;

	(void)state;
	request_extension(&extensions, "subjectAltName", "critical,DNS:localhost");
	request_extension(&extensions, "basicConstraints", "critical,CA:FALSE");
	request_extension(&extensions, "keyUsage", "critical,digitalSignature");
	request_extension(&extensions, "extendedKeyUsage", "critical,serverAuth");
	request_extension(&extensions, "1.2.3.4.5", "DER:0500");
	request_add(req, extensions);
	X509_REQ_add1_attr_by_NID(req, NID_pkcs9_challengePassword, MBSTRING_ASC,
	    (const unsigned char *)"hunter2", -1);
	request_sign(req, key, "SHA512", &der);
	body = buf_bytes(&der);
	assert_int_equal(csr_read(NULL, &body, &csr, &v, NULL), 0);
	nothing_is_wrong(&v);
	passes(&v, RULE_CSR_DER);
	passes(&v, RULE_CSR_VERSION);
	passes(&v, RULE_CSR_SIGNATURE);
	passes(&v, RULE_CSR_SIGNATURE_ALGORITHM);
	passes(&v, RULE_CSR_ATTRIBUTE_DUPLICATE);
	passes(&v, RULE_CSR_EXTENSION_ENCODING);
	passes(&v, RULE_CSR_EXTENSION_DUPLICATE);
	passes(&v, RULE_CSR_EXTENSION_CRITICAL);
	passes(&v, RULE_CSR_CA_REQUESTED);
	csr_clear(&csr);
	buf_free(&der);
	EVP_PKEY_free(key);
}

static void
takes_keys_of_every_type(void **state)
{
	EVP_PKEY *keys[] = { rsa_key(2048), rsa_key(3072), rsa_key(4096), rsa_pss_key(),
		ec_key("P-256"), ec_key("P-384"), ec_key("P-521"), ed25519_key() };

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct violations v = { 0 };

		assert_int_equal(keycheck_key(NULL, keys[i], &v, NULL), 0);
		nothing_is_wrong(&v);
		passes(&v, RULE_CSR_KEY_ALGORITHM);
		passes(&v, RULE_CSR_KEY_ENCODING);
		passes(&v, RULE_CSR_RSA_SIZE);
		passes(&v, RULE_CSR_RSA_EXPONENT);
		passes(&v, RULE_CSR_RSA_EVEN);
		passes(&v, RULE_CSR_RSA_PRIME_POWER);
		passes(&v, RULE_CSR_EC_CURVE);
		passes(&v, RULE_CSR_EC_POINT);
		EVP_PKEY_free(keys[i]);
	}
}

/* What an RSA modulus breaks. */
static struct violations
judge_modulus(const BIGNUM *n)
{
	EVP_PKEY *key = rsa_public(n, 65537);
	struct violations v = { 0 };

	assert_int_equal(keycheck_key(NULL, key, &v, NULL), 0);
	EVP_PKEY_free(key);
	return v;
}

static bool
has_odd_factor_below(const BIGNUM *n, unsigned bound)
{
	for (unsigned d = 3; d < bound; d += 2)
		if (BN_mod_word(n, d) == 0)
			return true;
	return false;
}

/* 757 is the first prime that is not below 752. */
static void
takes_a_factor_that_is_just_not_small(void **state)
{
	BIGNUM *n = BN_new();
	struct violations v;

	(void)state;
	/* 2038 bits and the top two of them set, times 757, are 2048. */
	BN_rand(n, 2038, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD);
	do
		BN_add_word(n, 2);
	while (has_odd_factor_below(n, 757));
	BN_mul_word(n, 757);
	assert_int_equal(BN_num_bits(n), 2048);
	v = judge_modulus(n);
	passes(&v, RULE_CSR_RSA_SMALL_FACTOR);
	BN_free(n);
}

/*
 * They differ by 2^530: (p - q)^2 / 8 sqrt(n) is 2^33 rounds of Fermat's method, where a
 * difference of 2^516 would take 32.
 */
static void
takes_factors_that_are_a_little_apart(void **state)
{
	BIGNUM *p = BN_new(), *q = BN_new(), *n = BN_new();
	BN_CTX *ctx = BN_CTX_new();
	struct violations v;

	(void)state;
	BN_rand(p, 1024, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD);
	BN_copy(q, p);
	assert_int_equal(BN_set_bit(p, 530), 1);
	assert_int_equal(BN_clear_bit(q, 530), 1);
	BN_mul(n, p, q, ctx);
	v = judge_modulus(n);
	passes(&v, RULE_CSR_RSA_CLOSE_PRIMES);
	BN_free(p);
	BN_free(q);
	BN_free(n);
	BN_CTX_free(ctx);
}

static struct violations
judge_common_name(int type, const char *value)
{
	X509_NAME *name = X509_NAME_new();
	struct violations v = { 0 };
	struct common_name cn;

	assert_int_equal(X509_NAME_add_entry_by_NID(name, NID_commonName, type,
			     (const unsigned char *)value, -1, -1, 0),
	    1);
	subject_common_name(name, &cn, &v);
	assert_int_equal(cn.len, strlen(value));
	X509_NAME_free(name);
	return v;
}

static void
takes_common_names_that_are_host_names(void **state)
{
	struct violations v = judge_common_name(V_ASN1_PRINTABLESTRING, "10.0.0.1a");

	(void)state;
	nothing_is_wrong(&v);
	passes(&v, RULE_CN_STRING_TYPE);
	passes(&v, RULE_CN_ADDRESS);
	v = judge_common_name(V_ASN1_UTF8STRING, L61 ".aa");
	nothing_is_wrong(&v);
	passes(&v, RULE_CN_STRING_TYPE);
	passes(&v, RULE_CN_LENGTH);
	v = judge_common_name(V_ASN1_UTF8STRING, "~ ~");
	passes(&v, RULE_CN_CHARACTERS);
}

static void
takes_a_common_name_that_is_one_of_the_names(void **state)
{
	struct violations v = judge_names("/O=x/CN=Web.example",
	    "DNS:a.example,DNS:web.example,IP:10.0.0.1,IP:::1", profile_find("server"));

	(void)state;
	nothing_is_wrong(&v);
	passes(&v, RULE_CN_SINGLE);
	passes(&v, RULE_CN_IN_SAN);
	passes(&v, RULE_SAN_KIND);
	passes(&v, RULE_SAN_IP_LENGTH);
	passes(&v, RULE_SAN_IP_MAPPED);
	v = judge_names("/CN=web.example", NULL, profile_find("server"));
	nothing_is_wrong(&v);
	passes(&v, RULE_SAN_PRESENT);
}

static void
takes_a_hundred_names(void **state)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	struct violations v = { 0 };
	char name[16];

	(void)state;
	for (int i = 0; i < SAN_NAMES_MAX; i++) {
		snprintf(name, sizeof(name), "a%d", i);
		san_add_dns(names,
		    (struct bytes){ (const unsigned char *)name, strlen(name) }, NULL);
	}
	san_check(names, profile_find("server"), &v);
	nothing_is_wrong(&v);
	passes(&v, RULE_SAN_COUNT);
	GENERAL_NAMES_free(names);
}

static struct violations
judge_dns(const char *name, bool wildcards)
{
	struct violations v = { 0 };

	dnsname_check((struct bytes){ (const unsigned char *)name, strlen(name) },
	    wildcards, "san[0]", &v);
	nothing_is_wrong(&v);
	return v;
}

static void
takes_host_names_at_every_limit(void **state)
{
	struct violations v = judge_dns(L63 "." L63 "." L63 "." L61, false);

	(void)state;
	passes(&v, RULE_SAN_DNS_LENGTH);
	v = judge_dns("a.b.c.d.e.f.g.h.i.j", false);
	passes(&v, RULE_SAN_DNS_LABELS);
	v = judge_dns("a-1.b--2.0z", false);
	passes(&v, RULE_SAN_DNS_CHARACTERS);
	passes(&v, RULE_SAN_DNS_HYPHEN);
	passes(&v, RULE_SAN_DNS_ADDRESS);
	v = judge_dns("xn--bcher-kva.example", false);
	passes(&v, RULE_SAN_DNS_IDN);
	v = judge_dns("*.svc.local", true);
	passes(&v, RULE_SAN_WILDCARD);
	passes(&v, RULE_SAN_WILDCARD_POSITION);
	passes(&v, RULE_SAN_WILDCARD_PUBLIC_SUFFIX);
}

static void
takes_the_longest_life_and_one_as_long_as_the_issuers(void **state)
{
	const struct profile *server = profile_find("server");
	const struct validity issuer = { NOW, NOW + server->max_validity_s - 1 };
	struct violations v = { 0 };
	struct validity validity;

	(void)state;
	validity_choose(server, server->max_validity_s, NOW, &issuer, &validity, &v);
	nothing_is_wrong(&v);
	passes(&v, RULE_VALIDITY_RANGE);
	passes(&v, RULE_VALIDITY_BEYOND_ISSUER);
	assert_int_equal(validity.not_after, issuer.not_after);
}

static void
takes_an_issuer_with_a_subject_and_a_depth_of_its_own(void **state)
{
	struct house *house = *state;
	EVP_PKEY *top = ec_key("P-256"), *below = ec_key("P-256");
	struct issuer_spec spec = { .name = "top",
		.subject = "/CN=top",
		.path_len = 1,
		.key = top,
		.actor = "uid:0" };
	struct violations v = { 0 };

	house_add_key(house, "top", top);
	house_add_key(house, "below", below);
	assert_int_equal(authority_create_issuer(house->authority, &spec, &v, NULL), 0);
	spec = (struct issuer_spec){ .name = "below",
		.subject = "/CN=below",
		.parent = "top",
		.key = below,
		.actor = "uid:0" };
	assert_int_equal(authority_create_issuer(house->authority, &spec, &v, NULL), 0);
	passes(&v, RULE_ISSUER_SUBJECT);
	passes(&v, RULE_ISSUER_PATH_LENGTH);
}

/* 255 characters; the largest port; a query, where no shard's number follows it. */
static void
takes_urls_at_every_limit(void **state)
{
	struct issuer_row row = { .crl_shards = 1 };
	struct violations v = { 0 };
	char url[STORE_URL_SIZE];

	(void)state;
	memset(url, 'a', sizeof(url) - 1);
	memcpy(url, "http://", 7);
	url[sizeof(url) - 1] = '\0';
	assert_int_equal(strlen(url), 255);
	assert_int_equal(issuer_set_urls(&row, "http://crl.example/?a=%20b", url,
			     "http://[2001:db8::1]:65535/x", &v, NULL),
	    0);
	nothing_is_wrong(&v);
	assert_string_equal(row.ocsp_url, url);
	row.crl_shards = 2;
	assert_int_equal(
	    issuer_set_urls(&row, "http://crl.example/x/", NULL, NULL, &v, NULL), 0);
	nothing_is_wrong(&v);
	passes(&v, RULE_ISSUER_URL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_request_for_all_that_may_be_asked),
		cmocka_unit_test(takes_keys_of_every_type),
		cmocka_unit_test(takes_a_factor_that_is_just_not_small),
		cmocka_unit_test(takes_factors_that_are_a_little_apart),
		cmocka_unit_test(takes_common_names_that_are_host_names),
		cmocka_unit_test(takes_a_common_name_that_is_one_of_the_names),
		cmocka_unit_test(takes_a_hundred_names),
		cmocka_unit_test(takes_host_names_at_every_limit),
		cmocka_unit_test(takes_the_longest_life_and_one_as_long_as_the_issuers),
		cmocka_unit_test(takes_an_issuer_with_a_subject_and_a_depth_of_its_own),
		cmocka_unit_test(takes_urls_at_every_limit),
	};

	return cmocka_run_group_tests(tests, house_setup, house_teardown);
}

/* test_csr_extension.c - certification requests: the attributes and extensions refused.
 */
#include "ca/csr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/ca/support.h"

static bool
extensions_break(X509_EXTENSIONS *extensions, enum rule rule)
{
	EVP_PKEY *key = ec_key("P-256");
	X509_REQ *req = request_new(key, "/CN=localhost");
	struct buffer der;
	bool broken;

	request_add(req, extensions);
	request_sign(req, key, "SHA256", &der);
	broken = request_breaks(&der, rule);
	buf_free(&der);
	EVP_PKEY_free(key);
	return broken;
}

static void
refuses_two_extension_requests(void **state)
{
	EVP_PKEY *key = ec_key("P-256");
	X509_REQ *req = request_new(key, "/CN=localhost");
	X509_EXTENSIONS *first = NULL, *second = NULL;
	struct buffer der;

	(void)state;
	request_extension(&first, "subjectAltName", "DNS:a.example");
	request_extension(&second, "subjectAltName", "DNS:b.example");
	request_add(req, first);
	assert_int_equal(X509_REQ_add_extensions_nid(req, second, NID_ms_ext_req), 1);
	sk_X509_EXTENSION_pop_free(second, X509_EXTENSION_free);
	request_sign(req, key, "SHA256", &der);
	assert_true(request_breaks(&der, RULE_CSR_ATTRIBUTE_DUPLICATE));
	buf_free(&der);
	EVP_PKEY_free(key);
}

static void
refuses_a_duplicate_extension(void **state)
{
	X509_EXTENSIONS *extensions = NULL;

	(void)state;
	request_extension(&extensions, "subjectAltName", "DNS:a.example");
	request_extension(&extensions, "subjectAltName", "DNS:b.example");
	assert_true(extensions_break(extensions, RULE_CSR_EXTENSION_DUPLICATE));
}

static void
refuses_an_unknown_critical_extension(void **state)
{
	X509_EXTENSIONS *extensions = NULL;

	(void)state;
	request_extension(&extensions, "1.2.3.4.5", "critical,DER:0500");
	assert_true(extensions_break(extensions, RULE_CSR_EXTENSION_CRITICAL));
}

static void
refuses_bytes_after_an_extension(void **state)
{
	X509_EXTENSIONS *extensions = NULL;

	(void)state;
	request_extension(&extensions, "basicConstraints", "DER:300000");
	assert_true(extensions_break(extensions, RULE_CSR_EXTENSION_ENCODING));
	extensions = NULL;
	request_extension(&extensions, "1.2.3.4.5", "DER:050000");
	assert_true(extensions_break(extensions, RULE_CSR_EXTENSION_ENCODING));
}

static void
refuses_an_unreadable_extension_request(void **state)
{
	static const unsigned char integer[] = { 0x02, 0x01, 0x05 };
	EVP_PKEY *key = ec_key("P-256");
	X509_REQ *req = request_new(key, "/CN=localhost");
	struct buffer der;

	(void)state;
	X509_REQ_add1_attr_by_NID(
	    req, NID_ext_req, V_ASN1_SEQUENCE, integer, sizeof(integer));
	request_sign(req, key, "SHA256", &der);
	assert_true(request_breaks(&der, RULE_CSR_EXTENSION_ENCODING));
	buf_free(&der);
	EVP_PKEY_free(key);
}

static void
refuses_to_make_an_authority(void **state)
{
	X509_EXTENSIONS *constraints = NULL, *usage = NULL;

	(void)state;
	request_extension(&constraints, "basicConstraints", "critical,CA:TRUE");
	assert_true(extensions_break(constraints, RULE_CSR_CA_REQUESTED));
	request_extension(&usage, "keyUsage", "digitalSignature,keyCertSign");
	assert_true(extensions_break(usage, RULE_CSR_CA_REQUESTED));
}

static void
never_repeats_a_challenge_password(void **state)
{
	EVP_PKEY *key = ec_key("P-256"), *thief = ec_key("P-256");
	X509_REQ *req = request_new(key, "/CN=localhost");
	struct violations v = { 0 };
	struct error err = { 0 };
	struct buffer der;
	struct bytes body;
	struct csr csr;

	(void)state;
	X509_REQ_add1_attr_by_NID(req, NID_pkcs9_challengePassword, MBSTRING_ASC,
	    (const unsigned char *)"hunter2", -1);
	request_sign(req, thief, "SHA256", &der);
	body = buf_bytes(&der);
	assert_int_equal(csr_read(NULL, &body, &csr, &v, &err), 0);
	assert_int_equal(v.count, 1);
	assert_null(strstr(v.items[0].detail, "hunter2"));
	csr_clear(&csr);
	buf_free(&der);
	EVP_PKEY_free(key);
	EVP_PKEY_free(thief);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_two_extension_requests),
		cmocka_unit_test(refuses_a_duplicate_extension),
		cmocka_unit_test(refuses_an_unknown_critical_extension),
		cmocka_unit_test(refuses_bytes_after_an_extension),
		cmocka_unit_test(refuses_an_unreadable_extension_request),
		cmocka_unit_test(refuses_to_make_an_authority),
		cmocka_unit_test(never_repeats_a_challenge_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

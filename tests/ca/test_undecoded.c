/* test_undecoded.c - parsed in full, but for the key. */
#include "ca/undecoded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "tests/ca/support.h"

static void
leaves_a_requests_key_alone(void **state)
{
	EVP_PKEY *key = ec_key("P-256");
	X509_REQ *req = NULL;
	struct buffer der;

	(void)state;
	simple_request(key, "DNS:a.example", &der);
	assert_int_equal(undecoded_request(buf_bytes(&der), &req, NULL), 0);
	assert_null(X509_REQ_get0_pubkey(req));
	assert_int_equal(X509_REQ_verify_ex(req, key, NULL, NULL), 1);
	X509_REQ_free(req);
	buf_free(&der);
	EVP_PKEY_free(key);
}

static void
refuses_what_is_no_request_or_goes_on(void **state)
{
	EVP_PKEY *key = ec_key("P-256");
	X509_REQ *req = NULL;
	struct error err = { 0 };
	struct buffer der;

	(void)state;
	simple_request(key, "DNS:a.example", &der);
	buf_append(&der, "x", 1);
	assert_int_equal(undecoded_request(buf_bytes(&der), &req, &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
	assert_string_equal(err.text, "1 bytes behind it");
	assert_null(req);
	der.len = 20;
	assert_int_equal(undecoded_request(buf_bytes(&der), &req, &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
	assert_null(req);
	buf_free(&der);
	EVP_PKEY_free(key);
}

static void
answers_what_else_is_asked_of_a_certificate(void **state)
{
	struct house *house = *state;
	struct issue_result result = { 0 };
	EVP_PKEY *key = ec_key("P-256");
	unsigned char hash[EVP_MAX_MD_SIZE];
	struct violations v;
	struct buffer csr;
	X509 *cert = NULL;

	simple_request(key, "DNS:a.example", &csr);
	assert_int_equal(house_issue(house, &csr, "server", &result, &v, NULL), 0);
	assert_int_equal(
	    undecoded_certificate(buf_bytes(&result.certificate), &cert, NULL), 0);
	assert_null(X509_get0_pubkey(cert));
	assert_int_equal(X509_check_purpose(cert, -1, 0), 1);
	assert_non_null(X509_get0_subject_key_id(cert));
	assert_int_equal(
	    X509_get_key_usage(cert) & KU_DIGITAL_SIGNATURE, KU_DIGITAL_SIGNATURE);
	assert_int_equal(X509_digest(cert, EVP_sha256(), hash, NULL), 1);
	X509_free(cert);
	issue_result_clear(&result);
	buf_free(&csr);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_a_requests_key_alone),
		cmocka_unit_test(refuses_what_is_no_request_or_goes_on),
		cmocka_unit_test_setup_teardown(
		    answers_what_else_is_asked_of_a_certificate, house_setup,
		    house_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

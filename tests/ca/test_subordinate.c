/* test_subordinate.c - certificates for authorities elsewhere. */
#include "ca/subordinate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ca/authority.h"
#include "tests/ca/support.h"

static void
make_request(EVP_PKEY *key, const char *subject, struct buffer *der)
{
	X509_REQ *req = request_new(key, subject);
	X509_EXTENSIONS *extensions = NULL;

	request_extension(&extensions, "basicConstraints", "critical,CA:TRUE,pathlen:7");
	request_extension(&extensions, "keyUsage", "critical,keyCertSign,cRLSign");
	request_extension(&extensions, "subjectAltName", "DNS:ca.example");
	request_add(req, extensions);
	request_sign(req, key, "SHA256", der);
}

static int
certify(struct house *house, const char *issuer, const char *profile, const char *subject,
    struct issue_result *result, struct violations *v)
{
	struct issue_request request = {
		.issuer = issuer, .profile = profile, .actor = "uid:0"
	};
	EVP_PKEY *key = ec_key("P-256");
	struct error err = { 0 };
	struct buffer csr;
	int rc;

	*v = (struct violations){ 0 };
	make_request(key, subject, &csr);
	request.csr = buf_bytes(&csr);
	rc = authority_issue(house->authority, &request, result, v, &err);
	buf_free(&csr);
	EVP_PKEY_free(key);
	return rc;
}

static void
takes_the_subject_and_nothing_else(void **state)
{
	struct house *house = *state;
	struct issue_result result;
	const unsigned char *p;
	struct violations v;
	X509 *cert;

	assert_int_equal(certify(house, "root", "intermediate", "/C=CN/O=team/CN=team ca",
			     &result, &v),
	    0);
	p = result.certificate.data;
	assert_non_null(cert = d2i_X509(NULL, &p, (long)result.certificate.len));
	assert_string_equal(buf_string(&result.subject), "CN=team ca,O=team,C=CN");
	assert_string_equal(buf_string(&result.names), "");
	assert_int_equal(X509_check_ca(cert), 1);
	assert_int_equal(X509_get_pathlen(cert), 0);
	assert_int_equal(X509_get_key_usage(cert), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	assert_true(X509_get_ext_by_NID(cert, NID_subject_alt_name, -1) < 0);
	assert_non_null(strstr(result.warnings.items[0], "names were not copied"));
	X509_free(cert);
	issue_result_clear(&result);
}

static void
refuses_an_authority_with_another_profile(void **state)
{
	struct issue_result result;
	struct violations v;

	assert_int_equal(
	    certify(*state, "root", "server", "/CN=ca.example", &result, &v), -1);
	assert_true(breaks(&v, RULE_CSR_CA_REQUESTED));
}

static void
refuses_an_authority_that_would_not_work(void **state)
{
	struct issue_result result;
	struct violations v;

	assert_int_equal(
	    certify(*state, "internal", "intermediate", "/CN=x", &result, &v), -1);
	assert_true(breaks(&v, RULE_ISSUER_PATH_LENGTH));
	assert_int_equal(certify(*state, "root", "intermediate", "", &result, &v), -1);
	assert_true(breaks(&v, RULE_ISSUER_SUBJECT));
	assert_int_equal(certify(*state, "root", "intermediate",
			     "/C=CN/O=milvus/CN=milvus root", &result, &v),
	    -1);
	assert_true(breaks(&v, RULE_ISSUER_SUBJECT));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_subject_and_nothing_else),
		cmocka_unit_test(refuses_an_authority_with_another_profile),
		cmocka_unit_test(refuses_an_authority_that_would_not_work),
	};

	return cmocka_run_group_tests(tests, house_setup, house_teardown);
}

/* test_csr_build.c - certification requests made here. */
#include "ca/csr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/ca/support.h"

static void
builds_a_request_that_it_reads(EVP_PKEY *key)
{
	static const char *const sans[] = { "dns:localhost", "ip:127.0.0.1", "::1",
		"db.example" };
	const struct csr_spec spec = { key, "/C=CN/CN=local\\/host", sans, 4, false,
		false, -1 };
	struct error err = { 0 };
	struct buffer pem;
	struct bytes body;

	buf_init(&pem, 0);
	assert_int_equal(csr_build(NULL, &spec, &pem, &err), 0);
	body = buf_bytes(&pem);
	assert_true(request_is_good(&body));
	buf_free(&pem);
	EVP_PKEY_free(key);
}

static void
builds_requests_with_every_type_of_key(void **state)
{
	(void)state;
	builds_a_request_that_it_reads(ec_key("P-256"));
	builds_a_request_that_it_reads(ec_key("P-384"));
	builds_a_request_that_it_reads(ec_key("P-521"));
	builds_a_request_that_it_reads(rsa_key(2048));
	builds_a_request_that_it_reads(rsa_pss_key());
	builds_a_request_that_it_reads(ed25519_key());
}

static void
builds_without_subject_and_names(void **state)
{
	EVP_PKEY *key = ec_key("P-256");
	const struct csr_spec spec = { .key = key };
	struct error err = { 0 };
	struct buffer pem;
	struct bytes body;

	(void)state;
	buf_init(&pem, 0);
	assert_int_equal(csr_build(NULL, &spec, &pem, &err), 0);
	body = buf_bytes(&pem);
	assert_true(request_is_good(&body));
	buf_free(&pem);
	EVP_PKEY_free(key);
}

static void
builds_nothing_from_a_bad_subject_or_name(void **state)
{
	static const char *const bad_sans[] = { "ip:localhost", "dns:", "dns:a b",
		"email:\xc3\xa9" };
	static const char *const bad_subjects[] = { "CN=x", "/CN", "/CN=", "/XYZ=1",
		"/C=CHN", "/CN=a\nb", "/CN=x\\" };
	EVP_PKEY *key = ec_key("P-256");
	struct error err = { 0 };
	struct buffer pem;

	(void)state;
	buf_init(&pem, 0);
	for (size_t i = 0; i < sizeof(bad_sans) / sizeof(bad_sans[0]); i++) {
		const struct csr_spec spec = { key, NULL, &bad_sans[i], 1, false, false,
			-1 };

		assert_int_equal(csr_build(NULL, &spec, &pem, &err), -1);
		assert_int_equal(err.code, ERROR_BAD_REQUEST);
	}
	for (size_t i = 0; i < sizeof(bad_subjects) / sizeof(bad_subjects[0]); i++) {
		const struct csr_spec spec = { .key = key, .subject = bad_subjects[i] };

		assert_int_equal(csr_build(NULL, &spec, &pem, &err), -1);
		assert_int_equal(err.code, ERROR_BAD_REQUEST);
	}
	assert_int_equal(pem.len, 0);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(builds_requests_with_every_type_of_key),
		cmocka_unit_test(builds_without_subject_and_names),
		cmocka_unit_test(builds_nothing_from_a_bad_subject_or_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

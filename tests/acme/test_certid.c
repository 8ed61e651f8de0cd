/* test_certid.c - the name of a certificate in renewal information. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/x509.h>

#include "acme/certid.h"
#include "base/pem.h"

/* RFC 9773 appendix A. */
static const char example[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt\n"
    "cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS\n"
    "BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu\n"
    "7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf\n"
    "qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B\n"
    "yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb\n"
    "+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK\n"
    "-----END CERTIFICATE-----\n";

static struct error err;
static struct buffer out;

static void
the_example_of_rfc_9773_has_its_name(void **state)
{
	static const char *const labels[] = { "CERTIFICATE", NULL };
	struct buffer der;

	(void)state;
	buf_init(&der, 0);
	buf_init(&out, 0);
	assert_int_equal(
	    pem_read((struct bytes){ (const unsigned char *)example, strlen(example) },
		labels, &der, &err),
	    0);
	assert_int_equal(certid_write(buf_bytes(&der), &out, &err), 0);
	assert_string_equal(buf_string(&out), "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
	buf_reset(&out);
	der.len--;
	assert_int_equal(certid_write(buf_bytes(&der), &out, &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
	buf_free(&der);
	buf_free(&out);
}

static void
without_a_key_identifier_there_is_no_name(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x509 = X509_new();
	unsigned char *der = NULL;
	int len;

	(void)state;
	buf_init(&out, 0);
	X509_set_pubkey(x509, key);
	X509_gmtime_adj(X509_getm_notBefore(x509), 0);
	X509_gmtime_adj(X509_getm_notAfter(x509), 1000);
	assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
	len = i2d_X509(x509, &der);
	assert_true(len > 0);
	assert_int_equal(
	    certid_write((struct bytes){ der, (size_t)len }, &out, &err), -1);
	assert_int_equal(err.code, ERROR_UNSUPPORTED);
	OPENSSL_free(der);
	X509_free(x509);
	EVP_PKEY_free(key);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_rfc_9773_has_its_name),
		cmocka_unit_test(without_a_key_identifier_there_is_no_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_tls_foreign.c - what others sign with such keys is not taken for TLS. */
#include "api/tls_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include "tests/api/handshake.h"

static EVP_PKEY *pkeys[3];
static struct key keys[3];

static int
setup(void **state)
{
	(void)state;
	pkeys[0] = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	pkeys[1] = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	pkeys[2] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	for (size_t i = 0; i < 3; i++)
		software_key("web", pkeys[i], &keys[i]);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		EVP_PKEY_free(pkeys[i]);
	return 0;
}

/* Whatever the key and the scheme. */
static void
refuse_everywhere(const unsigned char *data, size_t len)
{
	const struct bytes message = { data, len };

	assert_false(tls_is_server_key_exchange(&message));
	assert_false(tls_is_certificate_verify_12(&message));
	for (size_t i = 0; i < 3; i++) {
		assert_false(is_own_csr(&message, &keys[i]));
		for (int scheme = 0; scheme < SCHEMES; scheme++)
			assert_false(tls_is_certificate_verify_13(
			    &message, (enum scheme)scheme, keys[i].type));
	}
}

static void
refuses_a_signed_token(void **state)
{
	static const char jwt[] = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9."
				  "eyJzdWIiOiIxMjM0NTY3ODkwIiwiYWRtaW4iOnRydWV9";

	(void)state;
	refuse_everywhere((const unsigned char *)jwt, strlen(jwt));
}

static void
refuses_a_certificate_and_a_revocation_list(void **state)
{
	EVP_PKEY *key = pkeys[0];
	ASN1_TIME *now = X509_gmtime_adj(NULL, 0);
	X509 *cert = X509_new();
	X509_CRL *crl = X509_CRL_new();
	unsigned char *tbs = NULL;
	int len;

	(void)state;
	X509_set_pubkey(cert, key);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 60);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 0);
	for (long version = 0; version < 3; version++) {
		X509_set_version(cert, version);
		assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
		assert_true((len = i2d_re_X509_tbs(cert, &tbs)) > 0);
		refuse_everywhere(tbs, (size_t)len);
		OPENSSL_free(tbs);
		tbs = NULL;
	}
	X509_CRL_set1_lastUpdate(crl, now);
	X509_CRL_set1_nextUpdate(crl, now);
	assert_true(X509_CRL_sign(crl, key, EVP_sha256()) > 0);
	assert_true((len = i2d_re_X509_CRL_tbs(crl, &tbs)) > 0);
	refuse_everywhere(tbs, (size_t)len);
	OPENSSL_free(tbs);
	ASN1_TIME_free(now);
	X509_CRL_free(crl);
	X509_free(cert);
}

static void
refuses_a_revocation_answer(void **state)
{
	EVP_PKEY *key = pkeys[0];
	OCSP_BASICRESP *answer = OCSP_BASICRESP_new();
	X509 *cert = X509_new();
	unsigned char *tbs = NULL;
	int len;

	(void)state;
	X509_set_pubkey(cert, key);
	assert_int_equal(OCSP_basic_sign(answer, cert, key, EVP_sha256(), NULL, 0), 1);
	len = i2d_OCSP_RESPDATA(
	    (OCSP_RESPDATA *)(uintptr_t)OCSP_resp_get0_respdata(answer), &tbs);
	assert_true(len > 0);
	refuse_everywhere(tbs, (size_t)len);
	OPENSSL_free(tbs);
	OCSP_BASICRESP_free(answer);
	X509_free(cert);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_a_signed_token),
		cmocka_unit_test(refuses_a_certificate_and_a_revocation_list),
		cmocka_unit_test(refuses_a_revocation_answer),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

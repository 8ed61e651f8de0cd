/* test_csr.c - certification requests: what is read, and what is refused. */
#include "ca/csr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/rsa.h>

#include "base/pem.h"
#include "tests/ca/support.h"

static enum error_code
error_of(const void *data, size_t len)
{
	const struct bytes body = { data, len };
	struct violations v = { 0 };
	struct error err = { 0 };
	struct csr csr;
	int rc = csr_read(NULL, &body, &csr, &v, &err);

	csr_clear(&csr);
	return rc == 0 ? ERROR_NONE : err.code;
}

static void
reads_der_and_both_pem_labels(void **state)
{
	static const char *const labels[] = { "CERTIFICATE REQUEST",
		"NEW CERTIFICATE REQUEST" };
	EVP_PKEY *key = ec_key("P-256");
	struct buffer der;
	struct bytes body;

	(void)state;
	simple_request(key, "DNS:localhost", &der);
	body = buf_bytes(&der);
	assert_true(request_is_good(&body));
	for (size_t i = 0; i < 2; i++) {
		struct buffer pem;

		buf_init(&pem, 0);
		pem_append(&pem, labels[i], buf_bytes(&der));
		body = buf_bytes(&pem);
		assert_true(request_is_good(&body));
		buf_free(&pem);
	}
	buf_free(&der);
	EVP_PKEY_free(key);
}

static void
pss_request(EVP_PKEY *key, const char *hash, const char *mgf1_hash, int salt_len,
    struct buffer *der)
{
	X509_REQ *req = request_new(key, "/CN=localhost");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *sign = NULL;
	unsigned char *p = NULL;
	int len;

	EVP_DigestSignInit_ex(ctx, &sign, hash, NULL, NULL, key, NULL);
	assert_true(EVP_PKEY_CTX_set_rsa_padding(sign, RSA_PKCS1_PSS_PADDING) > 0);
	assert_true(EVP_PKEY_CTX_set_rsa_mgf1_md_name(sign, mgf1_hash, NULL) > 0);
	assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(sign, salt_len) > 0);
	assert_true(X509_REQ_sign_ctx(req, ctx) > 0);
	buf_init(der, 0);
	len = i2d_X509_REQ(req, &p);
	buf_append(der, p, (size_t)len);
	OPENSSL_free(p);
	EVP_MD_CTX_free(ctx);
	X509_REQ_free(req);
}

/* What openssl req makes of -sigopt: a salt of any length, but one hash, and a good one.
 */
static void
reads_rsa_pss_with_sha2_alone(void **state)
{
	static const struct {
		const char *hash, *mgf1_hash;
		int salt_len;
		bool accepted;
	} cases[] = { { "SHA256", "SHA256", RSA_PSS_SALTLEN_MAX, true },
		{ "SHA512", "SHA512", RSA_PSS_SALTLEN_DIGEST, true },
		{ "SHA256", "SHA256", 0, true },
		{ "SHA1", "SHA1", RSA_PSS_SALTLEN_DIGEST, false },
		{ "SHA256", "SHA1", RSA_PSS_SALTLEN_DIGEST, false },
		{ "SHA512", "SHA256", RSA_PSS_SALTLEN_DIGEST, false },
		{ "SHA224", "SHA224", RSA_PSS_SALTLEN_DIGEST, false } };
	EVP_PKEY *keys[] = { rsa_key(2048), rsa_pss_key() };

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer der;

		pss_request(keys[i % 2], cases[i / 2].hash, cases[i / 2].mgf1_hash,
		    cases[i / 2].salt_len, &der);
		assert_int_equal(request_breaks(&der, RULE_CSR_SIGNATURE_ALGORITHM),
		    !cases[i / 2].accepted);
		assert_false(request_breaks(&der, RULE_CSR_SIGNATURE));
		buf_free(&der);
	}
	EVP_PKEY_free(keys[0]);
	EVP_PKEY_free(keys[1]);
}

static void
rejects_what_is_no_request(void **state)
{
	static const char pem[] =
	    "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";
	unsigned char *large = calloc(1, CSR_MAX_BYTES + 1);

	(void)state;
	large[0] = 0x30;
	assert_int_equal(error_of("", 0), ERROR_BAD_REQUEST);
	assert_int_equal(error_of("hello", 5), ERROR_BAD_REQUEST);
	assert_int_equal(error_of("\x30\x03\x02\x01\x05", 5), ERROR_BAD_REQUEST);
	assert_int_equal(error_of(pem, sizeof(pem) - 1), ERROR_BAD_REQUEST);
	assert_int_equal(error_of(large, CSR_MAX_BYTES + 1), ERROR_TOO_LARGE);
	free(large);
}

static void
rejects_every_truncation(void **state)
{
	EVP_PKEY *key = ec_key("P-256");
	struct buffer der;

	(void)state;
	simple_request(key, "DNS:localhost", &der);
	for (size_t len = 0; len < der.len; len++)
		assert_int_equal(error_of(der.data, len), ERROR_BAD_REQUEST);
	buf_free(&der);
	EVP_PKEY_free(key);
}

static void
rejects_bytes_after_the_request(void **state)
{
	EVP_PKEY *key = ec_key("P-256");
	struct buffer der;

	(void)state;
	simple_request(key, "DNS:localhost", &der);
	buf_append(&der, "\0", 1);
	assert_int_equal(error_of(der.data, der.len), ERROR_BAD_REQUEST);
	buf_free(&der);
	EVP_PKEY_free(key);
}

/* 30 81 xx becomes 30 82 00 xx: the same request for a parser of BER. */
static void
refuses_ber(void **state)
{
	EVP_PKEY *key = ec_key("P-256");
	struct buffer der, ber;

	(void)state;
	simple_request(key, "DNS:localhost", &der);
	buf_init(&ber, 0);
	assert_int_equal(der.data[1], 0x81);
	buf_append(&ber, "\x30\x82\x00", 3);
	buf_append(&ber, der.data + 2, der.len - 2);
	assert_true(request_breaks(&ber, RULE_CSR_DER));
	buf_free(&ber);
	buf_free(&der);
	EVP_PKEY_free(key);
}

/* By strongSwan's pki --req --password, which does not sort its attributes. */
static void
refuses_unsorted_attributes_and_doubts_no_signature(void **state)
{
	static const char pem[] =
	    "-----BEGIN CERTIFICATE REQUEST-----\n"
	    "MIIBEDCBuAIBADAWMRQwEgYDVQQDEwt3ZWIuZXhhbXBsZTBZMBMGByqGSM49AgEG\n"
	    "CCqGSM49AwEHA0IABJ80kLJZBv9Jqlr6im9yn698ua58117yPf9MBklvS/6+ZiEf\n"
	    "ZBgxhUCxViPVlx9BjhLF/QzQDhMvf4RBCMPkVm6gQDAnBgkqhkiG9w0BCQ4xGjAY\n"
	    "MBYGA1UdEQQPMA2CC3dlYi5leGFtcGxlMBUGCSqGSIb3DQEJBzEIDAZzZWNyZXQw\n"
	    "CgYIKoZIzj0EAwIDRwAwRAIgdRS5uAphTCHN8i6MR/n3dmYFYNvHOEA5PEfNFE9O\n"
	    "LqwCIH1G2xMBWN2AAW4FueZSYBJSyXNZQDzlX0lBr0sNBoAN\n"
	    "-----END CERTIFICATE REQUEST-----\n";
	const struct bytes body = { (const unsigned char *)pem, sizeof(pem) - 1 };
	struct violations v = { 0 };
	struct error err = { 0 };
	struct csr csr;

	(void)state;
	assert_int_equal(csr_read(NULL, &body, &csr, &v, &err), 0);
	assert_int_equal(v.count, 1);
	assert_true(breaks(&v, RULE_CSR_DER));
	csr_clear(&csr);
}

static void
refuses_another_version(void **state)
{
	EVP_PKEY *key = ec_key("P-256");
	X509_REQ *req = request_new(key, "/CN=localhost");
	struct buffer der;

	(void)state;
	X509_REQ_set_version(req, 1);
	request_sign(req, key, "SHA256", &der);
	assert_true(request_breaks(&der, RULE_CSR_VERSION));
	buf_free(&der);
	EVP_PKEY_free(key);
}

static void
rejects_a_request_signed_by_another_key(void **state)
{
	EVP_PKEY *victim = ec_key("P-256"), *thief = ec_key("P-256");
	struct buffer der;

	(void)state;
	request_sign(request_new(victim, "/CN=localhost"), thief, "SHA256", &der);
	assert_true(request_breaks(&der, RULE_CSR_SIGNATURE));
	buf_free(&der);
	EVP_PKEY_free(victim);
	EVP_PKEY_free(thief);
}

static void
refuses_sha1(void **state)
{
	EVP_PKEY *key = ec_key("P-256");
	struct buffer der;

	(void)state;
	request_sign(request_new(key, "/CN=localhost"), key, "SHA1", &der);
	assert_true(request_breaks(&der, RULE_CSR_SIGNATURE_ALGORITHM));
	buf_free(&der);
	EVP_PKEY_free(key);
}

static void
reports_every_broken_rule_at_once(void **state)
{
	EVP_PKEY *key = rsa_key(1024), *thief = ec_key("P-256");
	X509_REQ *req = request_new(key, "/CN=localhost");
	X509_EXTENSIONS *extensions = NULL;
	struct buffer der;

	(void)state;
	request_extension(&extensions, "basicConstraints", "CA:TRUE");
	request_add(req, extensions);
	X509_REQ_set_version(req, 1);
	request_sign(req, thief, "SHA1", &der);
	assert_true(request_breaks(&der, RULE_CSR_VERSION));
	assert_true(request_breaks(&der, RULE_CSR_CA_REQUESTED));
	assert_true(request_breaks(&der, RULE_CSR_SIGNATURE_ALGORITHM));
	assert_true(request_breaks(&der, RULE_CSR_RSA_SIZE));
	assert_true(request_breaks(&der, RULE_CSR_SIGNATURE));
	buf_free(&der);
	EVP_PKEY_free(key);
	EVP_PKEY_free(thief);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_der_and_both_pem_labels),
		cmocka_unit_test(reads_rsa_pss_with_sha2_alone),
		cmocka_unit_test(rejects_what_is_no_request),
		cmocka_unit_test(rejects_every_truncation),
		cmocka_unit_test(rejects_bytes_after_the_request),
		cmocka_unit_test(refuses_ber),
		cmocka_unit_test(refuses_unsorted_attributes_and_doubts_no_signature),
		cmocka_unit_test(refuses_another_version),
		cmocka_unit_test(rejects_a_request_signed_by_another_key),
		cmocka_unit_test(refuses_sha1),
		cmocka_unit_test(reports_every_broken_rule_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

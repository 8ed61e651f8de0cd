/* test_certificate.c - what certificates are called, and where they are found. */
#include "probe/certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <cmocka.h>

#include "base/clock.h"
#include "tests/probe/certificates.h"

static struct identity one, two;

static int
set_up(void **state)
{
	(void)state;
	identity_make(&one, &(struct identity_options){ "the first",
				.san = "IP:10.0.0.1,DNS:a.example,DNS:b.example" });
	identity_make(&two, &(struct identity_options){ .cn = "the second" });
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	identity_clear(&one);
	identity_clear(&two);
	return 0;
}

static void
a_label_is_a_dns_name_or_the_cn(void **state)
{
	char label[CERTIFICATE_LABEL_SIZE];

	(void)state;
	certificate_label(one.cert, label);
	assert_string_equal(label, "a.example");
	certificate_label(two.cert, label);
	assert_string_equal(label, "the second");
}

static void
a_label_without_either_is_the_subject(void **state)
{
	char label[CERTIFICATE_LABEL_SIZE];
	X509 *cert = X509_new();

	(void)state;
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "O", MBSTRING_UTF8,
	    (const unsigned char *)"house", -1, -1, 0);
	certificate_label(cert, label);
	assert_string_equal(label, "/O=house");
	X509_free(cert);
}

/* How many there are in what was written. */
static int
count(BIO *out)
{
	STACK_OF(X509) *list = sk_X509_new_null();
	struct error err = { 0 };
	char *data;
	long len = BIO_get_mem_data(out, &data);
	int n;

	if (certificate_read_all(
		(struct bytes){ (unsigned char *)data, (size_t)len }, list, &err) != 0)
		assert_int_equal(err.code, ERROR_BAD_REQUEST);
	n = sk_X509_num(list);
	sk_X509_pop_free(list, X509_free);
	BIO_free(out);
	return n;
}

static void
finds_certificates_among_keys(void **state)
{
	BIO *out = BIO_new(BIO_s_mem());

	(void)state;
	BIO_puts(out, "some text\n");
	PEM_write_bio_X509(out, one.cert);
	PEM_write_bio_PrivateKey(
	    out, one.key, EVP_aes_128_cbc(), (unsigned char *)"pw", 2, NULL, NULL);
	PEM_write_bio_X509_AUX(out, two.cert);
	assert_int_equal(count(out), 2);
}

static void
reads_der_and_pkcs7(void **state)
{
	PKCS7 *message = PKCS7_new();
	BIO *der = BIO_new(BIO_s_mem()), *p7 = BIO_new(BIO_s_mem());
	BIO *pem = BIO_new(BIO_s_mem());

	(void)state;
	assert_int_equal(i2d_X509_bio(der, one.cert), 1);
	assert_int_equal(count(der), 1);
	PKCS7_set_type(message, NID_pkcs7_signed);
	PKCS7_content_new(message, NID_pkcs7_data);
	PKCS7_add_certificate(message, one.cert);
	PKCS7_add_certificate(message, two.cert);
	assert_int_equal(i2d_PKCS7_bio(p7, message), 1);
	assert_int_equal(PEM_write_bio_PKCS7(pem, message), 1);
	assert_int_equal(count(p7), 2);
	assert_int_equal(count(pem), 2);
	PKCS7_free(message);
}

static void
finds_none_where_there_is_none(void **state)
{
	BIO *key = BIO_new(BIO_s_mem()), *text = BIO_new(BIO_s_mem());

	(void)state;
	PEM_write_bio_PrivateKey(key, one.key, NULL, NULL, 0, NULL, NULL);
	assert_int_equal(count(key), 0);
	assert_int_equal(count(text), 0);
}

/* What is said of it, and how many there are all the same. */
static void
assert_malformed(const unsigned char *data, size_t len, int expected)
{
	STACK_OF(X509) *list = sk_X509_new_null();
	struct error err = { 0 };

	assert_int_equal(
	    certificate_read_all((struct bytes){ data, len }, list, &err), -1);
	assert_int_equal(err.code, ERROR_UNSUPPORTED);
	assert_int_equal(sk_X509_num(list), expected);
	sk_X509_pop_free(list, X509_free);
}

static void
tells_what_is_malformed_among_the_others(void **state)
{
	BIO *out = BIO_new(BIO_s_mem());
	long len;
	char *data;

	(void)state;
	PEM_write_bio_X509(out, one.cert);
	BIO_puts(out, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	BIO_puts(out, "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n");
	PEM_write_bio_X509(out, two.cert);
	len = BIO_get_mem_data(out, &data);
	assert_malformed((unsigned char *)data, (size_t)len, 2);
	assert_malformed((unsigned char *)data, (size_t)len - 30, 1);
	BIO_free(out);
}

static void
tells_der_that_is_cut_or_goes_on(void **state)
{
	unsigned char *der = NULL;
	int len = i2d_X509(one.cert, &der);
	unsigned char longer[4096] = { 0 };

	(void)state;
	assert_in_range(len, 100, sizeof(longer) - 1);
	assert_malformed(der, (size_t)len - 1, 0);
	memcpy(longer, der, (size_t)len);
	assert_malformed(longer, (size_t)len + 1, 1);
	OPENSSL_free(der);
}

static void
tells_times_in_seconds(void **state)
{
	int64_t now = clock_now_s();

	(void)state;
	assert_in_range(
	    certificate_time(X509_get0_notAfter(one.cert)), now + 3500, now + 3600);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_label_is_a_dns_name_or_the_cn),
		cmocka_unit_test(a_label_without_either_is_the_subject),
		cmocka_unit_test(finds_certificates_among_keys),
		cmocka_unit_test(reads_der_and_pkcs7),
		cmocka_unit_test(finds_none_where_there_is_none),
		cmocka_unit_test(tells_what_is_malformed_among_the_others),
		cmocka_unit_test(tells_der_that_is_cut_or_goes_on),
		cmocka_unit_test(tells_times_in_seconds),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

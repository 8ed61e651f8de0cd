/* test_chain.c - certificates that were ordered, and others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "acme/chain.h"
#include "base/pem.h"

static struct error err;
static struct buffer chain, out;
static struct identifier names[2];
static EVP_PKEY *key;
static unsigned char *csr;
static size_t csr_len;

static void
append(EVP_PKEY *of, const char *sans)
{
	X509 *x509 = X509_new();
	X509V3_CTX ctx;
	X509_EXTENSION *extension;
	unsigned char *der = NULL;
	int len;

	X509_set_version(x509, X509_VERSION_3);
	X509_set_pubkey(x509, of);
	X509_gmtime_adj(X509_getm_notBefore(x509), 0);
	X509_gmtime_adj(X509_getm_notAfter(x509), 1000);
	X509V3_set_ctx(&ctx, x509, x509, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, sans);
	assert_non_null(extension);
	X509_add_ext(x509, extension, -1);
	assert_true(X509_sign(x509, of, EVP_sha256()) > 0);
	len = i2d_X509(x509, &der);
	assert_true(len > 0);
	pem_append(&chain, "CERTIFICATE", (struct bytes){ der, (size_t)len });
	OPENSSL_free(der);
	X509_EXTENSION_free(extension);
	X509_free(x509);
}

static int
read_chain(void)
{
	buf_free(&out);
	buf_init(&out, 0);
	return chain_read(
	    buf_bytes(&chain), (struct bytes){ csr, csr_len }, names, 2, &out, &err);
}

static int
set_up(void **state)
{
	X509_REQ *req = X509_REQ_new();
	int len;

	(void)state;
	key = EVP_EC_gen("P-256");
	X509_REQ_set_pubkey(req, key);
	X509_REQ_sign(req, key, EVP_sha256());
	len = i2d_X509_REQ(req, &csr);
	csr_len = (size_t)len;
	X509_REQ_free(req);
	if (len <= 0 || identifier_read("*.a.example", &names[0], &err) != 0 ||
	    identifier_read("2001:db8::1", &names[1], &err) != 0)
		return -1;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	EVP_PKEY_free(key);
	OPENSSL_free(csr);
	buf_free(&chain);
	buf_free(&out);
	return 0;
}

#define GOOD "DNS:*.A.example,IP:2001:db8::1,DNS:more.example"

static void
what_was_ordered_is_taken_and_written_anew(void **state)
{
	(void)state;
	buf_reset(&chain);
	append(key, GOOD);
	append(key, "DNS:issuer.example");
	assert_int_equal(read_chain(), 0);
	assert_string_equal(buf_string(&out), buf_string(&chain));
	buf_text(&chain, "\r\n \t\n");
	assert_int_equal(read_chain(), 0);
	assert_int_equal(out.len, chain.len - 5);
}

static void
another_key_is_refused(void **state)
{
	EVP_PKEY *other = EVP_EC_gen("P-256");

	(void)state;
	buf_reset(&chain);
	append(other, GOOD);
	append(key, GOOD);
	assert_int_equal(read_chain(), -1);
	assert_non_null(strstr(err.text, "another key"));
	EVP_PKEY_free(other);
}

static void
other_names_are_refused(void **state)
{
	static const char *const wrong[] = { "DNS:*.a.example", "IP:2001:db8::1",
		"DNS:a.example,IP:2001:db8::1", "DNS:*.a.example,IP:2001:db8::2",
		"DNS:*.a.example,DNS:2001:db8::1", "email:x@a.example" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		buf_reset(&chain);
		append(key, wrong[i]);
		if (read_chain() == 0)
			fail_msg("%s is taken", wrong[i]);
		assert_non_null(strstr(err.text, "is not for"));
	}
}

static void
anything_but_certificates_is_refused(void **state)
{
	static const char *const wrong[] = { "", "\n", "x",
		"-----BEGIN CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		buf_reset(&chain);
		buf_text(&chain, wrong[i]);
		if (read_chain() == 0)
			fail_msg("\"%s\" is taken", wrong[i]);
		/* Nor behind a good one. */
		buf_reset(&chain);
		append(key, GOOD);
		buf_text(&chain, wrong[i]);
		if (read_chain() == 0 && strspn(wrong[i], "\n") != strlen(wrong[i]))
			fail_msg("\"%s\" is taken behind a good one", wrong[i]);
	}
	buf_reset(&chain);
	buf_text(&chain, "ssl_password_file /etc/passwd;\n");
	append(key, GOOD);
	assert_int_equal(read_chain(), -1);
}

static void
a_chain_has_an_end(void **state)
{
	(void)state;
	buf_reset(&chain);
	for (int i = 0; i < 11; i++)
		append(key, GOOD);
	assert_int_equal(read_chain(), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_ordered_is_taken_and_written_anew),
		cmocka_unit_test(another_key_is_refused),
		cmocka_unit_test(other_names_are_refused),
		cmocka_unit_test(anything_but_certificates_is_refused),
		cmocka_unit_test(a_chain_has_an_end),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* test_pem.c - a key reference among other PEM blocks. */
#include "provider/pem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "evp/reference.h"
#include "tests/evp/software.h"

static void
append_reference(BIO *bio, enum key_type type, const char *name)
{
	struct key key = software_describe(type, name);
	struct buffer pem;

	buf_init(&pem, 0);
	assert_int_equal(reference_to_pem(&key, &pem, NULL), 0);
	assert_int_equal(BIO_write(bio, pem.data, (int)pem.len), pem.len);
	buf_free(&pem);
}

static void
expect_reference(BIO *bio, const char *name)
{
	struct buffer der;
	struct bytes bytes;
	struct key key;

	buf_init(&der, REFERENCE_MAX_BYTES);
	assert_int_equal(pem_read_reference(bio, &der), 1);
	bytes = buf_bytes(&der);
	assert_int_equal(reference_decode(&bytes, &key, NULL), 0);
	assert_string_equal(key.name, name);
	assert_int_equal(ERR_peek_error(), 0);
	buf_free(&der);
}

static void
expect_none(BIO *bio)
{
	struct buffer der;

	buf_init(&der, REFERENCE_MAX_BYTES);
	assert_int_equal(pem_read_reference(bio, &der), 0);
	assert_int_equal(der.len, 0);
	assert_int_equal(ERR_peek_error(), 0);
	buf_free(&der);
}

static void
reads_references_one_after_another(void **state)
{
	BIO *bio = BIO_new(BIO_s_mem());

	(void)state;
	append_reference(bio, KEY_EC_P256, "first");
	BIO_puts(bio, "a comment\n");
	append_reference(bio, KEY_RSA_4096, "second");
	expect_reference(bio, "first");
	expect_reference(bio, "second");
	expect_none(bio);
	BIO_free(bio);
}

static void
passes_by_another_block(void **state)
{
	BIO *bio = BIO_new(BIO_s_mem());

	(void)state;
	assert_int_equal(PEM_write_bio_PUBKEY(bio, software_key(KEY_EC_P256)), 1);
	assert_int_equal(PEM_write_bio_PrivateKey(
			     bio, software_key(KEY_EC_P256), NULL, NULL, 0, NULL, NULL),
	    1);
	append_reference(bio, KEY_ED25519, "web");
	expect_none(bio);
	expect_none(bio);
	expect_reference(bio, "web");
	BIO_free(bio);
}

static void
check_no_reference(const char *text)
{
	BIO *bio = BIO_new_mem_buf(text, -1);

	expect_none(bio);
	BIO_free(bio);
}

static void
malformed_pem_is_none_and_no_error(void **state)
{
	(void)state;
	check_no_reference("");
	check_no_reference("no PEM at all\n");
	check_no_reference("-----BEGIN KEYHOLD KEY REFERENCE-----\n");
	check_no_reference("-----BEGIN KEYHOLD KEY REFERENCE-----\n!!!!\n"
			   "-----END KEYHOLD KEY REFERENCE-----\n");
	check_no_reference("-----BEGIN KEYHOLD KEY REFERENCE-----\nMAA=\n"
			   "-----END ANOTHER LABEL-----\n");
	check_no_reference("-----BEGIN KEYHOLD KEY REFERENCE 2-----\nMAA=\n"
			   "-----END KEYHOLD KEY REFERENCE 2-----\n");
}

/* Inside a proxy the errors on the queue are the proxy's. */
static void
leaves_errors_that_were_there_alone(void **state)
{
	struct buffer der;
	BIO *bio = BIO_new_mem_buf("no PEM\n", -1);

	(void)state;
	buf_init(&der, 0);
	ERR_raise(ERR_LIB_USER, 42);
	assert_int_equal(pem_read_reference(bio, &der), 0);
	assert_int_equal(ERR_GET_REASON(ERR_get_error()), 42);
	assert_int_equal(ERR_get_error(), 0);
	BIO_free(bio);
	buf_free(&der);
}

static void
a_block_that_is_too_large_is_none(void **state)
{
	static unsigned char zeros[REFERENCE_MAX_BYTES + 1];
	BIO *bio = BIO_new(BIO_s_mem());

	(void)state;
	assert_true(
	    PEM_write_bio(bio, REFERENCE_PEM_LABEL, "", zeros, sizeof(zeros)) > 0);
	expect_none(bio);
	BIO_free(bio);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_references_one_after_another),
		cmocka_unit_test(passes_by_another_block),
		cmocka_unit_test(malformed_pem_is_none_and_no_error),
		cmocka_unit_test(leaves_errors_that_were_there_alone),
		cmocka_unit_test(a_block_that_is_too_large_is_none),
	};

	return cmocka_run_group_tests(tests, software_make, software_free);
}

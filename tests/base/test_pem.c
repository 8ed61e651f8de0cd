/* test_pem.c - one block of a known label, and no other. */
#include "base/pem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const labels[] = { "THING", "OLD THING", NULL };

static int
read_text(const char *text, struct buffer *der)
{
	struct error err = { 0 };
	int rc;

	buf_init(der, 0);
	rc = pem_read((struct bytes){ (const unsigned char *)text, strlen(text) }, labels,
	    der, &err);
	assert_int_equal(err.code, rc == 0 ? ERROR_NONE : ERROR_BAD_REQUEST);
	return rc;
}

static void
refused(const char *text)
{
	struct buffer der;

	assert_int_equal(read_text(text, &der), -1);
	buf_free(&der);
}

static void
reads_what_it_wrote(void **state)
{
	unsigned char data[100];
	struct buffer pem, der;

	(void)state;
	memset(data, 0xa5, sizeof(data));
	buf_init(&pem, 0);
	pem_append(&pem, "THING", (struct bytes){ data, sizeof(data) });
	assert_int_equal(read_text(buf_string(&pem), &der), 0);
	assert_int_equal(der.len, sizeof(data));
	assert_memory_equal(der.data, data, sizeof(data));
	buf_free(&pem);
	buf_free(&der);
}

static void
reads_crlf_and_white_space_around(void **state)
{
	struct buffer der;

	(void)state;
	assert_int_equal(
	    read_text(
		"\r\n -----BEGIN OLD THING-----\r\nAQID\r\n-----END OLD THING-----\r\n\n",
		&der),
	    0);
	assert_int_equal(der.len, 3);
	buf_free(&der);
}

static void
refuses_another_label(void **state)
{
	(void)state;
	refused("-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n");
	refused("-----BEGIN THING-----\nAQID\n-----END OLD THING-----\n");
}

static void
refuses_a_second_block(void **state)
{
	(void)state;
	refused("-----BEGIN THING-----\nAQID\n-----END THING-----\n"
		"-----BEGIN THING-----\nAQID\n-----END THING-----\n");
}

static void
reads_past_text_before_the_block(void **state)
{
	struct buffer der;

	(void)state;
	assert_int_equal(
	    read_text("A thing: -----BEGIN\n\n0\n-----BEGIN THING-----\nAQID\n"
		      "-----END THING-----\n",
		&der),
	    0);
	assert_int_equal(der.len, 3);
	buf_free(&der);
}

static void
refuses_other_text_around_the_block(void **state)
{
	(void)state;
	refused("a thing -----BEGIN THING-----\nAQID\n-----END THING-----\n");
	refused("-----BEGIN KEY-----\nAQID\n-----END KEY-----\n"
		"-----BEGIN THING-----\nAQID\n-----END THING-----\n");
	refused("-----BEGIN THING-----\nAQID\n-----END THING-----\nbye\n");
	refused("a thing\n");
	refused("a thing\n-----BEGIN");
}

static void
refuses_headers_and_bad_base64(void **state)
{
	(void)state;
	refused("-----BEGIN THING-----\nProc-Type: 4\n\nAQID\n-----END THING-----\n");
	refused("-----BEGIN THING-----\nAQI\n-----END THING-----\n");
	refused("");
}

static void
notices_private_keys(void **state)
{
	static const char *const keys[] = { "-----BEGIN PRIVATE KEY-----\n",
		"x\n-----BEGIN EC PRIVATE KEY-----\n",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----" };
	const struct bytes public = { (const unsigned char *)"-----BEGIN PUBLIC KEY-----",
		26 };

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_true(pem_has_private_key(
		    (struct bytes){ (const unsigned char *)keys[i], strlen(keys[i]) }));
	assert_false(pem_has_private_key(public));
	assert_false(pem_has_private_key((struct bytes){ NULL, 0 }));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_it_wrote),
		cmocka_unit_test(reads_crlf_and_white_space_around),
		cmocka_unit_test(refuses_another_label),
		cmocka_unit_test(refuses_a_second_block),
		cmocka_unit_test(reads_past_text_before_the_block),
		cmocka_unit_test(refuses_other_text_around_the_block),
		cmocka_unit_test(refuses_headers_and_bad_base64),
		cmocka_unit_test(notices_private_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

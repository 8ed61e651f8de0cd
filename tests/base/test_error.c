/* test_error.c - the reason of a failure. */
#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/evp.h>

static void
records_code_and_text(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(error_set(&err, ERROR_BUSY, "%d of %d", 1, 2), -1);
	assert_int_equal(err.code, ERROR_BUSY);
	assert_string_equal(err.text, "1 of 2");
}

static void
accepts_no_error_to_fill(void **state)
{
	(void)state;
	assert_int_equal(error_set(NULL, ERROR_IO, "text"), -1);
	assert_int_equal(error_set_errno(NULL, ERROR_IO, "text"), -1);
	assert_int_equal(error_set_openssl(NULL, ERROR_IO, "text"), -1);
}

static void
truncates_a_long_text(void **state)
{
	struct error err = { 0 };

	(void)state;
	error_set(&err, ERROR_IO, "%0400d", 1);
	assert_int_equal(strlen(err.text), ERROR_TEXT_MAX - 1);
}

static void
names_the_system_error(void **state)
{
	struct error err = { 0 };

	(void)state;
	errno = ENOENT;
	assert_int_equal(error_set_errno(&err, ERROR_IO, "open %s", "x"), -1);
	assert_int_equal(err.code, ERROR_IO);
	assert_string_equal(err.text, "open x: No such file or directory");
}

static void
truncates_the_system_error_too(void **state)
{
	struct error err = { 0 };

	(void)state;
	errno = ENOENT;
	error_set_errno(&err, ERROR_IO, "%0250d", 1);
	assert_int_equal(strlen(err.text), ERROR_TEXT_MAX - 1);
	errno = ENOENT;
	error_set_errno(&err, ERROR_IO, "%0400d", 1);
	assert_int_equal(strlen(err.text), ERROR_TEXT_MAX - 1);
}

static void
drains_the_queue_of_openssl(void **state)
{
	struct error err = { 0 };

	(void)state;
	ERR_raise(ERR_LIB_EVP, EVP_R_UNSUPPORTED_ALGORITHM);
	ERR_raise(ERR_LIB_EVP, EVP_R_INVALID_KEY_LENGTH);
	assert_int_equal(error_set_openssl(&err, ERROR_INTERNAL, "key"), -1);
	assert_string_equal(err.text, "key: invalid key length");
	assert_int_equal(ERR_peek_error(), 0);
}

/* The peer did not send something malformed, whatever was said after it. */
static void
tells_that_memory_ran_out(void **state)
{
	struct error err = { 0 };

	(void)state;
	ERR_raise(ERR_LIB_EVP, ERR_R_MALLOC_FAILURE);
	ERR_raise(ERR_LIB_EVP, EVP_R_UNSUPPORTED_ALGORITHM);
	assert_int_equal(error_set_openssl(&err, ERROR_BAD_REQUEST, "key"), -1);
	assert_int_equal(err.code, ERROR_INTERNAL);
	assert_string_equal(err.text, "key: out of memory");
	assert_int_equal(ERR_peek_error(), 0);
}

static void
needs_no_reason_of_openssl(void **state)
{
	struct error err = { 0 };

	(void)state;
	ERR_clear_error();
	error_set_openssl(&err, ERROR_INTERNAL, "key");
	assert_string_equal(err.text, "key");
}

/* A caller wraps a reason that is in the very error that it fills. */
static void
wraps_its_own_text(void **state)
{
	struct error err = { 0 };

	(void)state;
	error_set(&err, ERROR_IO, "inner");
	error_set(&err, ERROR_CONFIG, "outer: %s", err.text);
	assert_string_equal(err.text, "outer: inner");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_code_and_text),
		cmocka_unit_test(accepts_no_error_to_fill),
		cmocka_unit_test(truncates_a_long_text),
		cmocka_unit_test(names_the_system_error),
		cmocka_unit_test(truncates_the_system_error_too),
		cmocka_unit_test(drains_the_queue_of_openssl),
		cmocka_unit_test(tells_that_memory_ran_out),
		cmocka_unit_test(needs_no_reason_of_openssl),
		cmocka_unit_test(wraps_its_own_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

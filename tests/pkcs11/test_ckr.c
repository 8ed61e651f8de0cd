/* test_ckr.c - what a CK_RV means. */
#include "pkcs11/ckr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
sorts_every_value_that_something_can_be_done_about(void **state)
{
	static const struct {
		CK_RV rv;
		enum ckr_class class;
	} values[] = {
		{ CKR_OK, CKR_CLASS_OK },
		{ CKR_DATA_LEN_RANGE, CKR_CLASS_CALLER },
		{ CKR_DATA_INVALID, CKR_CLASS_CALLER },
		{ CKR_KEY_TYPE_INCONSISTENT, CKR_CLASS_CALLER },
		{ CKR_MECHANISM_INVALID, CKR_CLASS_CALLER },
		{ CKR_MECHANISM_PARAM_INVALID, CKR_CLASS_CALLER },
		{ CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_CLASS_CALLER },
		{ CKR_KEY_SIZE_RANGE, CKR_CLASS_CALLER },
		{ CKR_DOMAIN_PARAMS_INVALID, CKR_CLASS_CALLER },
		{ CKR_CURVE_NOT_SUPPORTED, CKR_CLASS_CALLER },
		{ CKR_SESSION_COUNT, CKR_CLASS_BUSY },
		{ CKR_HOST_MEMORY, CKR_CLASS_BUSY },
		{ CKR_DEVICE_MEMORY, CKR_CLASS_BUSY },
		{ CKR_FUNCTION_CANCELED, CKR_CLASS_BUSY },
		{ CKR_SESSION_HANDLE_INVALID, CKR_CLASS_SESSION },
		{ CKR_SESSION_CLOSED, CKR_CLASS_SESSION },
		{ CKR_OPERATION_ACTIVE, CKR_CLASS_SESSION },
		{ CKR_USER_NOT_LOGGED_IN, CKR_CLASS_LOGIN },
		{ CKR_OBJECT_HANDLE_INVALID, CKR_CLASS_LOGIN },
		{ CKR_KEY_HANDLE_INVALID, CKR_CLASS_LOGIN },
		{ CKR_DEVICE_ERROR, CKR_CLASS_AWAY },
		{ CKR_DEVICE_REMOVED, CKR_CLASS_AWAY },
		{ CKR_TOKEN_NOT_PRESENT, CKR_CLASS_AWAY },
		{ CKR_TOKEN_NOT_RECOGNIZED, CKR_CLASS_AWAY },
		{ CKR_SLOT_ID_INVALID, CKR_CLASS_AWAY },
		{ CKR_GENERAL_ERROR, CKR_CLASS_AWAY },
		{ CKR_CRYPTOKI_NOT_INITIALIZED, CKR_CLASS_AWAY },
		{ CKR_FUNCTION_FAILED, CKR_CLASS_AWAY },
		{ CKR_VENDOR_DEFINED + 7, CKR_CLASS_TOKEN },
		{ CKR_PIN_INCORRECT, CKR_CLASS_PIN },
		{ CKR_PIN_LOCKED, CKR_CLASS_PIN },
		{ CKR_PIN_EXPIRED, CKR_CLASS_PIN },
		{ CKR_PIN_INVALID, CKR_CLASS_PIN },
		{ CKR_PIN_LEN_RANGE, CKR_CLASS_PIN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		assert_int_equal(ckr_class(values[i].rv), values[i].class);
}

static void
check_error(CK_RV rv, enum error_code code, const char *number)
{
	struct error err = { 0 };

	assert_int_equal(ckr_error(&err, rv, "C_Sign"), -1);
	assert_int_equal(err.code, code);
	assert_int_equal(strncmp(err.text, "C_Sign: ", 8), 0);
	assert_non_null(strstr(err.text, number));
}

static void
names_the_call_and_the_number(void **state)
{
	(void)state;
	check_error(CKR_MECHANISM_INVALID, ERROR_UNSUPPORTED, "(0x70)");
	check_error(CKR_SESSION_COUNT, ERROR_BUSY, "(0xb1)");
	check_error(CKR_SESSION_HANDLE_INVALID, ERROR_LOGGED_OUT, "(0xb3)");
	check_error(CKR_KEY_HANDLE_INVALID, ERROR_LOGGED_OUT, "(0x60)");
	check_error(CKR_DEVICE_REMOVED, ERROR_AWAY, "(0x32)");
	check_error(CKR_PIN_INCORRECT, ERROR_PIN, "(0xa0)");
	check_error(CKR_VENDOR_DEFINED + 7, ERROR_TOKEN, "(0x80000007)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorts_every_value_that_something_can_be_done_about),
		cmocka_unit_test(names_the_call_and_the_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_module.c - loading a PKCS#11 module. */
#include "pkcs11/module.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/token.h"

static void
loads_and_initialises(void **state)
{
	struct test_token *t = *state;
	CK_INFO info;

	assert_string_equal(t->module->path, TEST_SOFTHSM);
	assert_int_equal(t->module->functions->C_GetInfo(&info), CKR_OK);
}

static void
check_refusal(const char *path, const char *reason)
{
	struct module *module = NULL;
	struct error err = { 0 };

	assert_int_equal(module_open(path, NULL, &module, &err), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_non_null(strstr(err.text, reason));
	assert_null(module);
}

static void
refuses_a_file_that_is_not_there(void **state)
{
	(void)state;
	check_refusal("/absent/module.so", "/absent/module.so");
	check_refusal("", "PKCS#11 module");
}

static void
refuses_a_library_that_is_no_module(void **state)
{
	(void)state;
	check_refusal("libc.so.6", "no C_GetFunctionList");
}

static void
refuses_a_file_that_is_no_library(void **state)
{
	(void)state;
	check_refusal("/etc/passwd", "/etc/passwd");
}

static void
refuses_a_path_that_is_too_long(void **state)
{
	char path[300];

	(void)state;
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	check_refusal(path, "too long");
}

static void
closing_no_module_is_fine(void **state)
{
	(void)state;
	module_close(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads_and_initialises),
		cmocka_unit_test(refuses_a_file_that_is_not_there),
		cmocka_unit_test(refuses_a_library_that_is_no_module),
		cmocka_unit_test(refuses_a_file_that_is_no_library),
		cmocka_unit_test(refuses_a_path_that_is_too_long),
		cmocka_unit_test(closing_no_module_is_fine),
	};

	return cmocka_run_group_tests(tests, test_module_open, test_token_close);
}

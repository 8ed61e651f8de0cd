/* test_reason.c - the names of reasons. */
#include "ca/reason.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
reads_and_writes_the_names_of_rfc_5280(void **state)
{
	static const struct {
		const char *name;
		int reason;
	} known[] = { { "unspecified", 0 }, { "key_compromise", 1 },
		{ "ca_compromise", 2 }, { "affiliation_changed", 3 }, { "superseded", 4 },
		{ "cessation_of_operation", 5 }, { "privilege_withdrawn", 9 },
		{ "aa_compromise", 10 } };
	int reason;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_int_equal(reason_read(known[i].name, &reason, NULL), 0);
		assert_int_equal(reason, known[i].reason);
		assert_string_equal(reason_name(reason), known[i].name);
	}
}

static void
refuses_holds_and_says_why(void **state)
{
	struct error err;
	int reason;

	(void)state;
	assert_int_equal(reason_read("certificate_hold", &reason, &err), -1);
	assert_non_null(strstr(err.text, "revoke it for good"));
	assert_int_equal(reason_read("remove_from_crl", &reason, &err), -1);
	assert_non_null(strstr(err.text, "on hold"));
	assert_null(reason_name(6));
	assert_null(reason_name(8));
}

static void
refuses_other_names_and_numbers(void **state)
{
	static const char *const names[] = { "", "keyCompromise", "1", "KEY_COMPROMISE" };
	struct error err;
	int reason;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(reason_read(names[i], &reason, &err), -1);
		assert_int_equal(err.code, ERROR_BAD_REQUEST);
		assert_non_null(strstr(err.text, "key_compromise"));
	}
	assert_null(reason_name(7));
	assert_null(reason_name(11));
	assert_null(reason_name(-1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_writes_the_names_of_rfc_5280),
		cmocka_unit_test(refuses_holds_and_says_why),
		cmocka_unit_test(refuses_other_names_and_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

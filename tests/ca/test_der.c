/* test_der.c - only one encoding of a value is accepted. */
#include "ca/der.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define STRICT(text)                                                                     \
	der_is_strict((struct bytes){ (const unsigned char *)(text), sizeof(text) - 1 })

static void
accepts_the_shortest_encoding(void **state)
{
	(void)state;
	assert_true(STRICT("\x30\x06\x02\x01\x05\x01\x01\xff"));
	assert_true(STRICT("\x05\x00"));
	assert_true(STRICT("\x03\x02\x07\x80"));
	assert_true(STRICT("\x06\x03\x2a\x81\x01"));
}

static void
refuses_an_indefinite_length(void **state)
{
	(void)state;
	assert_false(STRICT("\x30\x80\x02\x01\x05\x00\x00"));
}

static void
refuses_a_length_longer_than_needed(void **state)
{
	(void)state;
	assert_false(STRICT("\x30\x81\x03\x02\x01\x05"));
	assert_false(STRICT("\x30\x82\x00\x03\x02\x01\x05"));
}

static void
refuses_what_follows_or_is_missing(void **state)
{
	(void)state;
	assert_false(STRICT("\x05\x00\x00"));
	assert_false(STRICT("\x30\x04\x02\x01\x05"));
	assert_false(STRICT("\x30"));
	assert_false(STRICT(""));
}

static void
refuses_padded_integers(void **state)
{
	(void)state;
	assert_false(STRICT("\x02\x02\x00\x05"));
	assert_false(STRICT("\x02\x02\xff\x80"));
	assert_false(STRICT("\x02\x00"));
	assert_true(STRICT("\x02\x02\x00\x80"));
}

static void
refuses_loose_primitives(void **state)
{
	(void)state;
	assert_false(STRICT("\x01\x01\x01"));
	assert_false(STRICT("\x05\x01\x00"));
	assert_false(STRICT("\x03\x02\x07\x81"));
	assert_false(STRICT("\x03\x02\x08\x00"));
	assert_false(STRICT("\x06\x02\x80\x01"));
	assert_false(STRICT("\x06\x01\x81"));
	assert_false(STRICT("\x10\x00"));
}

static void
refuses_constructed_strings(void **state)
{
	(void)state;
	assert_false(STRICT("\x24\x03\x04\x01\x41"));
}

static void
refuses_deep_nesting(void **state)
{
	unsigned char der[2 * 64];

	(void)state;
	for (size_t i = 0; i < sizeof(der); i += 2) {
		der[i] = 0x30;
		der[i + 1] = (unsigned char)(sizeof(der) - i - 2);
	}
	assert_false(der_is_strict((struct bytes){ der, sizeof(der) }));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_the_shortest_encoding),
		cmocka_unit_test(refuses_an_indefinite_length),
		cmocka_unit_test(refuses_a_length_longer_than_needed),
		cmocka_unit_test(refuses_what_follows_or_is_missing),
		cmocka_unit_test(refuses_padded_integers),
		cmocka_unit_test(refuses_loose_primitives),
		cmocka_unit_test(refuses_constructed_strings),
		cmocka_unit_test(refuses_deep_nesting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_uri.c - keyhold:NAME and keyhold:NAME?spki=HEX. */
#include "provider/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEX "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"

static void
reads_a_name(void **state)
{
	struct uri uri;

	(void)state;
	assert_int_equal(uri_read("keyhold:www.example-1_a", &uri, NULL), 0);
	assert_string_equal(uri.name, "www.example-1_a");
	assert_false(uri.pinned);
}

/* RFC 3986 section 3.1. */
static void
reads_the_scheme_in_any_case(void **state)
{
	struct uri uri;

	(void)state;
	assert_int_equal(uri_read("KeyHold:web", &uri, NULL), 0);
	assert_string_equal(uri.name, "web");
}

static void
reads_the_hash_that_pins(void **state)
{
	struct uri uri;

	(void)state;
	assert_int_equal(uri_read("keyhold:web?spki=" HEX, &uri, NULL), 0);
	assert_string_equal(uri.name, "web");
	assert_true(uri.pinned);
	for (size_t i = 0; i < KEY_SHA256_SIZE; i++)
		assert_int_equal(uri.spki_sha256[i], i % 16 * 0x11);
}

static void
takes_the_longest_name_and_refuses_one_more(void **state)
{
	char text[8 + NAME_MAX_CHARS + 2] = "keyhold:";
	struct error err = { 0 };
	struct uri uri;

	(void)state;
	memset(text + 8, 'a', NAME_MAX_CHARS);
	assert_int_equal(uri_read(text, &uri, NULL), 0);
	assert_int_equal(strlen(uri.name), NAME_MAX_CHARS);
	text[8 + NAME_MAX_CHARS] = 'a';
	assert_int_equal(uri_read(text, &uri, &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
}

static void
refuses_everything_else(void **state)
{
	static const char *const texts[] = { "", "keyhold", "keyhold:", "web", "file:web",
		"keyholdx:web", "pkcs11:object=web", "keyhold:Web",
		"keyhold:../etc/passwd", "keyhold://web", "keyhold:a/b", "keyhold:web ",
		"keyhold:web#a", "keyhold:web%20", "keyhold:web\n", "keyhold:?spki=" HEX,
		"keyhold:web?", "keyhold:web?spki",
		"keyhold:web?spki=", "keyhold:web?spki=00", "keyhold:web?spki=" HEX "00",
		"keyhold:web?spki=" HEX "&a=b", "keyhold:web?SPKI=" HEX,
		"keyhold:web?pin=1&spki=" HEX, "keyhold:web??spki=" HEX };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct error err = { 0 };
		struct uri uri;

		if (uri_read(texts[i], &uri, &err) != -1)
			fail_msg("\"%s\" was taken", texts[i]);
		assert_int_equal(err.code, ERROR_BAD_REQUEST);
	}
}

static void
refuses_a_digit_that_is_none(void **state)
{
	char text[] = "keyhold:web?spki=" HEX;
	struct uri uri;

	(void)state;
	for (size_t i = strlen("keyhold:web?spki="); i < strlen(text); i++) {
		char digit = text[i];

		text[i] = 'g';
		assert_int_equal(uri_read(text, &uri, NULL), -1);
		text[i] = digit;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_name),
		cmocka_unit_test(reads_the_scheme_in_any_case),
		cmocka_unit_test(reads_the_hash_that_pins),
		cmocka_unit_test(takes_the_longest_name_and_refuses_one_more),
		cmocka_unit_test(refuses_everything_else),
		cmocka_unit_test(refuses_a_digit_that_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

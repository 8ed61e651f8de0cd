/* test_text.c - hex, base64, whole numbers and names. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
writes_hex_in_lower_case(void **state)
{
	static const unsigned char data[] = { 0x00, 0x0f, 0xa5, 0xff };
	char hex[2 * sizeof(data) + 1];

	(void)state;
	hex_encode(hex, data, sizeof(data));
	assert_string_equal(hex, "000fa5ff");
}

static void
reads_hex_of_either_case(void **state)
{
	unsigned char data[2];

	(void)state;
	assert_int_equal(hex_decode(data, 2, "aB0f"), 0);
	assert_int_equal(data[0], 0xab);
	assert_int_equal(data[1], 0x0f);
	assert_int_equal(hex_decode(data, 0, ""), 0);
}

static void
refuses_what_is_not_hex_of_that_length(void **state)
{
	static const char *const bad[] = { "", "a", "ab", "abc", "abcde", "abcdef",
		"abxy", "ab d", "0xab", "-1ab" };
	unsigned char data[2];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(hex_decode(data, 2, bad[i]), -1);
}

/* RFC 4648 section 10. */
static const struct {
	const char *plain, *encoded;
} vectors[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
};

static void
encodes_the_vectors_of_the_rfc(void **state)
{
	struct buffer out;

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		buf_init(&out, 0);
		base64_encode(&out, vectors[i].plain, strlen(vectors[i].plain));
		assert_string_equal(buf_string(&out), vectors[i].encoded);
		buf_free(&out);
	}
}

static void
decodes_the_vectors_of_the_rfc(void **state)
{
	struct buffer out;

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		const char *encoded = vectors[i].encoded;

		buf_init(&out, 0);
		assert_int_equal(base64_decode(&out, encoded, strlen(encoded), NULL), 0);
		assert_string_equal(buf_string(&out), vectors[i].plain);
		assert_int_equal(out.len, strlen(vectors[i].plain));
		buf_free(&out);
	}
}

/* Every length across the blocks of 48 bytes in which the text is worked on. */
static void
decodes_what_it_encoded(void **state)
{
	unsigned char data[200];
	struct buffer encoded, decoded;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 37);
	for (size_t len = 0; len <= sizeof(data); len++) {
		buf_init(&encoded, 0);
		buf_init(&decoded, 0);
		base64_encode(&encoded, data, len);
		assert_int_equal(
		    base64_decode(&decoded, buf_string(&encoded), encoded.len, NULL), 0);
		assert_int_equal(decoded.len, len);
		if (len != 0)
			assert_memory_equal(decoded.data, data, len);
		buf_free(&encoded);
		buf_free(&decoded);
	}
}

static void
refuses_what_is_not_base64(void **state)
{
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Zm9v\n", "Zm9vYg", "Zm 9v",
		"Zg==Zg==", "====", "Z===", "=Zg=", "Zm-_", "Zm9vYg==\n",
		"Zh==", "Zm9=" };
	struct buffer out;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		err.code = ERROR_NONE;
		buf_init(&out, 0);
		assert_int_equal(base64_decode(&out, bad[i], strlen(bad[i]), &err), -1);
		assert_int_equal(err.code, ERROR_BAD_REQUEST);
		buf_free(&out);
	}
}

static void
reads_whole_numbers_within_bounds(void **state)
{
	uint64_t value = 7;

	(void)state;
	assert_int_equal(text_to_uint("0", 0, 10, &value, NULL), 0);
	assert_int_equal(value, 0);
	assert_int_equal(text_to_uint("10", 0, 10, &value, NULL), 0);
	assert_int_equal(value, 10);
	assert_int_equal(
	    text_to_uint("18446744073709551615", 0, UINT64_MAX, &value, NULL), 0);
	assert_true(value == UINT64_MAX);
}

static void
refuses_what_is_not_a_number_within_bounds(void **state)
{
	static const char *const bad[] = { "", " 5", "5 ", "+5", "-5", "05", "00", "5x",
		"0x5", "5.0", "1", "11", "18446744073709551616",
		"99999999999999999999999" };
	uint64_t value = 7;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		err.code = ERROR_NONE;
		assert_int_equal(text_to_uint(bad[i], 2, 10, &value, &err), -1);
		assert_int_equal(err.code, ERROR_BAD_REQUEST);
		assert_int_equal(value, 7);
	}
}

static void
accepts_names(void **state)
{
	char longest[NAME_MAX_CHARS + 1];

	(void)state;
	memset(longest, 'a', NAME_MAX_CHARS);
	longest[NAME_MAX_CHARS] = '\0';
	assert_true(name_is_valid("a"));
	assert_true(name_is_valid("0"));
	assert_true(name_is_valid("web-1.example_x"));
	assert_true(name_is_valid(longest));
}

static void
refuses_what_is_not_a_name(void **state)
{
	static const char *const bad[] = { "", ".", "-a", "_a", "A", "aB", "a b", "a/b",
		"a:b", "a\n", "caf\xc3\xa9" };
	char too_long[NAME_MAX_CHARS + 2];

	(void)state;
	memset(too_long, 'a', NAME_MAX_CHARS + 1);
	too_long[NAME_MAX_CHARS + 1] = '\0';
	assert_false(name_is_valid(too_long));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(name_is_valid(bad[i]));
}

static void
copies_only_what_fits(void **state)
{
	char out[4] = "old";

	(void)state;
	assert_int_equal(text_copy(out, sizeof(out), "four"), -1);
	assert_string_equal(out, "old");
	assert_int_equal(text_copy(out, sizeof(out), "new"), 0);
	assert_string_equal(out, "new");
	assert_int_equal(text_copy(out, sizeof(out), ""), 0);
	assert_string_equal(out, "");
}

static void
finds_control_characters(void **state)
{
	static const char *const bad[] = { "\n", "a\tb", "a\r", "\x7f", "\x01" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(text_has_control(bad[i]));
	assert_false(text_has_control(""));
	assert_false(text_has_control("one ~ line, \xc3\xa4"));
}

static void
looks_texts_up_in_a_list(void **state)
{
	static const char *const list[] = { "a", "bc", NULL };

	(void)state;
	assert_true(text_in_list(list, "bc"));
	assert_false(text_in_list(list, "b"));
	assert_false(text_in_list(list, ""));
	assert_false(text_in_list(NULL, "a"));
}

static const char *
clean(const char *text, size_t max, const char *allowed)
{
	static char kept[64];
	struct buffer out;

	buf_init(&out, 0);
	text_clean(&out, text, max, allowed);
	snprintf(kept, sizeof(kept), "%s", buf_string(&out));
	buf_free(&out);
	return kept;
}

static void
what_others_say_cannot_move_the_cursor(void **state)
{
	(void)state;
	assert_string_equal(clean("a\033[1m\r\n\tb\x7f", 100, ""), "a?[1m???b?");
	assert_string_equal(clean("a\r\n\tb", 100, "\n\t"), "a?\n\tb");
	assert_string_equal(clean("\xc2\x9b"
				  "1m\xc2\x80",
				100, "\n"),
	    "?1m?");
	assert_string_equal(clean("\x9b"
				  "1m\xff",
				100, ""),
	    "?1m?");
	assert_string_equal(clean("", 100, ""), "");
}

static void
utf_8_stays_whole_and_nothing_else(void **state)
{
	(void)state;
	assert_string_equal(clean("\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91", 100, ""),
	    "\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91");
	assert_string_equal(clean("a\xe2\x82\xac", 3, ""), "a");
	assert_string_equal(clean("\xe2\x82", 100, ""), "??");
	assert_string_equal(clean("\xc0\xaf\xed\xa0\x80", 100, ""), "?????");
	assert_string_equal(clean("\xf4\x90\x80\x80\xf8", 100, ""), "?????");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_hex_in_lower_case),
		cmocka_unit_test(reads_hex_of_either_case),
		cmocka_unit_test(refuses_what_is_not_hex_of_that_length),
		cmocka_unit_test(encodes_the_vectors_of_the_rfc),
		cmocka_unit_test(decodes_the_vectors_of_the_rfc),
		cmocka_unit_test(decodes_what_it_encoded),
		cmocka_unit_test(refuses_what_is_not_base64),
		cmocka_unit_test(reads_whole_numbers_within_bounds),
		cmocka_unit_test(refuses_what_is_not_a_number_within_bounds),
		cmocka_unit_test(accepts_names),
		cmocka_unit_test(refuses_what_is_not_a_name),
		cmocka_unit_test(finds_control_characters),
		cmocka_unit_test(looks_texts_up_in_a_list),
		cmocka_unit_test(copies_only_what_fits),
		cmocka_unit_test(what_others_say_cannot_move_the_cursor),
		cmocka_unit_test(utf_8_stays_whole_and_nothing_else),
		cmocka_unit_test(what_others_say_cannot_move_the_cursor),
		cmocka_unit_test(utf_8_stays_whole_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_buffer.c - bytes that grow. */
#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
is_an_empty_text_at_first(void **state)
{
	struct buffer buf;

	(void)state;
	buf_init(&buf, 0);
	assert_string_equal(buf_string(&buf), "");
	assert_int_equal(buf_bytes(&buf).len, 0);
	assert_false(buf_failed(&buf));
	buf_free(&buf);
}

static void
joins_what_is_appended(void **state)
{
	struct buffer buf;

	(void)state;
	buf_init(&buf, 0);
	buf_append(&buf, "ab", 2);
	buf_text(&buf, "cd");
	buf_printf(&buf, "%d%s", 12, "ef");
	buf_append(&buf, NULL, 0);
	assert_string_equal(buf_string(&buf), "abcd12ef");
	assert_int_equal(buf.len, 8);
	buf_free(&buf);
}

static void
grows_without_losing_bytes(void **state)
{
	struct buffer buf;

	(void)state;
	buf_init(&buf, 0);
	for (int i = 0; i < 10000; i++)
		buf_append(&buf, &(unsigned char){ (unsigned char)i }, 1);
	assert_false(buf_failed(&buf));
	assert_int_equal(buf.len, 10000);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(buf.data[i], (unsigned char)i);
	assert_int_equal(buf.data[10000], 0);
	buf_free(&buf);
}

static void
keeps_bytes_that_are_zero(void **state)
{
	struct buffer buf;

	(void)state;
	buf_init(&buf, 0);
	buf_append(&buf, "a\0b", 3);
	assert_int_equal(buf_bytes(&buf).len, 3);
	assert_memory_equal(buf_bytes(&buf).data, "a\0b", 3);
	buf_free(&buf);
}

static void
takes_as_much_as_its_limit(void **state)
{
	struct buffer buf;

	(void)state;
	buf_init(&buf, 4);
	buf_text(&buf, "abcd");
	assert_false(buf_failed(&buf));
	assert_string_equal(buf_string(&buf), "abcd");
	buf_free(&buf);
}

static void
stays_as_it_was_when_over_its_limit(void **state)
{
	struct buffer buf;

	(void)state;
	buf_init(&buf, 4);
	buf_text(&buf, "abc");
	buf_text(&buf, "de");
	assert_true(buf_failed(&buf));
	assert_string_equal(buf_string(&buf), "abc");
	/* What would fit must not follow what did not. */
	buf_text(&buf, "f");
	buf_printf(&buf, "%d", 1);
	assert_string_equal(buf_string(&buf), "abc");
	buf_free(&buf);
}

static void
fails_on_a_length_that_would_overflow(void **state)
{
	struct buffer buf;

	(void)state;
	buf_init(&buf, 0);
	buf_text(&buf, "abc");
	buf_append(&buf, "x", SIZE_MAX);
	assert_true(buf_failed(&buf));
	assert_string_equal(buf_string(&buf), "abc");
	buf_free(&buf);
}

static void
wipes_when_reset(void **state)
{
	struct buffer buf;
	static const unsigned char zeros[16];

	(void)state;
	buf_init(&buf, 4);
	buf_text(&buf, "1234");
	buf_text(&buf, "5");
	buf_reset(&buf);
	assert_false(buf_failed(&buf));
	assert_memory_equal(buf.data, zeros, sizeof(zeros));
	assert_string_equal(buf_string(&buf), "");
	buf_text(&buf, "5678");
	assert_string_equal(buf_string(&buf), "5678");
	buf_free(&buf);
}

static void
can_be_used_again_after_free(void **state)
{
	struct buffer buf;

	(void)state;
	buf_init(&buf, 4);
	buf_text(&buf, "1234");
	buf_free(&buf);
	buf_free(&buf);
	assert_int_equal(buf.max_bytes, 4);
	buf_text(&buf, "12345");
	assert_true(buf_failed(&buf));
	buf_free(&buf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_an_empty_text_at_first),
		cmocka_unit_test(joins_what_is_appended),
		cmocka_unit_test(grows_without_losing_bytes),
		cmocka_unit_test(keeps_bytes_that_are_zero),
		cmocka_unit_test(takes_as_much_as_its_limit),
		cmocka_unit_test(stays_as_it_was_when_over_its_limit),
		cmocka_unit_test(fails_on_a_length_that_would_overflow),
		cmocka_unit_test(wipes_when_reset),
		cmocka_unit_test(can_be_used_again_after_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_base64url.c - RFC 7515 appendix C, and what is not base64url. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "acme/base64url.h"

static struct error err;

static void
the_example_of_rfc_7515_is_written_and_read(void **state)
{
	const unsigned char octets[] = { 3, 236, 255, 224, 193 };
	struct buffer text, back;

	(void)state;
	buf_init(&text, 0);
	buf_init(&back, 0);
	base64url_encode(&text, (struct bytes){ octets, sizeof(octets) });
	assert_string_equal(buf_string(&text), "A-z_4ME");
	assert_int_equal(base64url_decode(&back, buf_string(&text), &err), 0);
	assert_int_equal(back.len, sizeof(octets));
	assert_memory_equal(back.data, octets, sizeof(octets));
	buf_free(&text);
	buf_free(&back);
}

static void
all_lengths_come_back(void **state)
{
	unsigned char octets[200];

	(void)state;
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (unsigned char)(i * 37 + 250);
	for (size_t len = 0; len <= sizeof(octets); len++) {
		struct buffer text, back;

		buf_init(&text, 0);
		buf_init(&back, 0);
		base64url_encode(&text, (struct bytes){ octets, len });
		assert_int_equal(base64url_decode(&back, buf_string(&text), &err), 0);
		assert_int_equal(back.len, len);
		if (len > 0)
			assert_memory_equal(back.data, octets, len);
		buf_free(&text);
		buf_free(&back);
	}
}

static void
anything_else_is_refused(void **state)
{
	static const char *const wrong[] = { "A-z_4ME=", "A+z/4ME", "A-z_ 4ME",
		"A-z_4ME\n", "A", "A-z_4", "\xc3\xa9", "A-z_4MF" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct buffer out;

		buf_init(&out, 0);
		if (base64url_decode(&out, wrong[i], &err) == 0)
			fail_msg("\"%s\" is taken", wrong[i]);
		buf_free(&out);
	}
	assert_false(base64url_is(""));
	assert_false(base64url_is("../x"));
	assert_true(base64url_is("a-_9Z"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_rfc_7515_is_written_and_read),
		cmocka_unit_test(all_lengths_come_back),
		cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

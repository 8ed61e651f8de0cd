/* test_shared.c - bytes with several holders. */
#include "base/shared.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
stays_until_the_last_holder_lets_go(void **state)
{
	struct shared *shared, *other;
	struct buffer buf;

	(void)state;
	buf_init(&buf, 0);
	buf_text(&buf, "--text");
	assert_non_null(shared = shared_new(&buf, 2));
	assert_null(buf.data);
	other = shared_hold(shared);
	shared_free(shared);
	assert_int_equal(shared_bytes(other).len, 4);
	assert_memory_equal(shared_bytes(other).data, "text", 4);
	shared_free(other);
	shared_free(NULL);
}

static void
refuses_a_buffer_that_failed(void **state)
{
	struct buffer buf;

	(void)state;
	buf_init(&buf, 2);
	buf_text(&buf, "text");
	assert_null(shared_new(&buf, 0));
	buf_free(&buf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stays_until_the_last_holder_lets_go),
		cmocka_unit_test(refuses_a_buffer_that_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

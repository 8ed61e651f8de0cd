/* test_requests.c - what a load generator sends. */
#include "bench/requests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/base/directory.h"

static void
check_request(const struct requests *requests, size_t number, const char *wanted)
{
	struct bytes request = requests_at(requests, number);

	assert_int_equal(request.len, strlen(wanted));
	assert_memory_equal(request.data, wanted, request.len);
}

static void
writes_head_and_body(void **state)
{
	char body[256];
	const struct requests_options options = {
		.method = "POST",
		.target = "/v1/x",
		.type = "text/plain",
		.header = "Accept: a/b",
		.body_file = directory_path(state, "body", body),
	};
	struct requests requests;

	write_file(body, "some\nbytes", 0600);
	assert_int_equal(requests_init(&requests, &options, NULL), 0);
	assert_int_equal(requests.count, 1);
	check_request(&requests, 0,
	    "POST /v1/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
	    "Accept: a/b\r\nContent-Length: 10\r\n\r\nsome\nbytes");
	requests_clear(&requests);
}

static void
takes_the_targets_of_a_file_in_turn(void **state)
{
	static const char *const texts[] = { "/a\n/bb\n/c\n", "/a\n/bb\n/c" };
	char file[256];
	const struct requests_options options = {
		.method = "GET",
		.targets_file = directory_path(state, "targets", file),
	};
	struct requests requests;

	for (int i = 0; i < 2; i++) {
		write_file(file, texts[i], 0600);
		assert_int_equal(requests_init(&requests, &options, NULL), 0);
		assert_int_equal(requests.count, 3);
		check_request(
		    &requests, 1, "GET /bb HTTP/1.1\r\nHost: localhost\r\n\r\n");
		check_request(&requests, 3, "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n");
		requests_clear(&requests);
	}
}

static void
refuses_a_file_without_targets(void **state)
{
	char file[256];
	const struct requests_options options = {
		.method = "GET",
		.targets_file = directory_path(state, "empty", file),
	};
	struct requests requests;
	struct error err = { 0 };

	write_file(file, "", 0600);
	assert_int_equal(requests_init(&requests, &options, &err), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	requests_clear(&requests);
}

static void
refuses_a_file_that_is_not_there(void **state)
{
	char file[256];
	const struct requests_options options = {
		.method = "GET",
		.targets_file = directory_path(state, "absent", file),
	};
	struct requests requests;
	struct error err = { 0 };

	assert_int_equal(requests_init(&requests, &options, &err), -1);
	assert_int_equal(err.code, ERROR_IO);
	requests_clear(&requests);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_head_and_body),
		cmocka_unit_test(takes_the_targets_of_a_file_in_turn),
		cmocka_unit_test(refuses_a_file_without_targets),
		cmocka_unit_test(refuses_a_file_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, directory_make, directory_remove);
}

/* test_http.c - which URLs are asked, and what of an answer's head is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "acme/http.h"
#include "base/clock.h"

static struct error err;
static struct http_response res;

static struct http *
open_for(const char *directory)
{
	struct http *http = NULL;

	/* Any file that can be read: nothing is asked here. */
	assert_int_equal(http_new(directory, "/dev/null", &http, &err), 0);
	return http;
}

static void
only_https_is_asked(void **state)
{
	static const char *const wrong[] = { "http://a.example/", "http://127.0.0.1/",
		"ftp://a.example/", "file:///etc/passwd", "a.example", "", "/order",
		"https://user@a.example/", "https://user:pass@a.example/",
		"https://a.example/#x", "https://a.example/a b", "https://a.example/\n",
		"https://a.example/\xc2\x9b"
		"2J",
		"https://\x1b[2J", "gopher://a.example/", "https://" };
	struct http *http = open_for("https://a.example/dir");
	char long_url[HTTP_URL_MAX + 1] = "https://a.example/";

	(void)state;
	assert_int_equal(http_check_url(http, "https://a.example/order", &err), 0);
	assert_int_equal(
	    http_check_url(http, "https://[2001:db8::1]:8443/?q=1", &err), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (http_check_url(http, wrong[i], &err) == 0)
			fail_msg("\"%s\" would be asked", wrong[i]);
		else
			assert_true(http_is_plain(err.text));
	memset(long_url + strlen(long_url), 'a', HTTP_URL_MAX - strlen(long_url));
	assert_int_equal(http_check_url(http, long_url, &err), -1);
	http_free(http);
}

static void
http_is_for_loopback_addresses_where_the_directory_is(void **state)
{
	struct http *http = open_for("http://127.0.0.1:14000/dir");

	(void)state;
	assert_int_equal(http_check_url(http, "http://127.0.0.1:14000/order", &err), 0);
	assert_int_equal(http_check_url(http, "http://localhost/order", &err), 0);
	assert_int_equal(http_check_url(http, "http://[::1]/order", &err), 0);
	assert_int_equal(http_check_url(http, "https://a.example/order", &err), 0);
	assert_int_equal(http_check_url(http, "http://a.example/order", &err), -1);
	assert_int_equal(http_check_url(http, "http://127.0.0.1.example/", &err), -1);
	assert_int_equal(http_check_url(http, "http://localhost@a.example/", &err), -1);
	http_free(http);
}

static void
a_bundle_that_is_not_there_is_refused(void **state)
{
	struct http *http = NULL;

	(void)state;
	assert_int_equal(
	    http_new("https://a.example/", "/nowhere/ca.pem", &http, &err), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_null(http);
}

static void
a_server_that_is_not_there_is_told(void **state)
{
	struct http *http = open_for("http://127.0.0.1:1/dir");

	(void)state;
	http_response_init(&res);
	assert_int_equal(http_get(http, "http://127.0.0.1:1/dir", &res, &err), -1);
	assert_int_equal(err.code, ERROR_TIMEOUT);
	http_response_free(&res);
	http_free(http);
}

static int
line(const char *text)
{
	return http_read_header(&res, text, strlen(text));
}

static void
fields_are_taken(void **state)
{
	(void)state;
	http_response_init(&res);
	assert_int_equal(line("HTTP/2 200 \r\n"), 0);
	assert_int_equal(line("Replay-Nonce:  abc \r\n"), 0);
	assert_int_equal(line("location: https://a.example/1\r\n"), 0);
	assert_int_equal(line("Content-Type: application/json\r\n"), 0);
	assert_int_equal(line("Retry-After: 17\r\n"), 0);
	assert_int_equal(line("\r\n"), 0);
	assert_string_equal(res.nonce, "abc");
	assert_string_equal(res.location, "https://a.example/1");
	assert_int_equal(res.retry_after_s, 17);
}

static void
a_pause_may_be_a_date(void **state)
{
	char date[CLOCK_HTTP_SIZE], text[64];

	(void)state;
	http_response_init(&res);
	clock_http_format(date, clock_now_s() + 100);
	snprintf(text, sizeof(text), "Retry-After: %s", date);
	assert_int_equal(line(text), 0);
	assert_true(res.retry_after_s > 90 && res.retry_after_s <= 100);
	assert_int_equal(line("Retry-After: Sat, 31 Jan 2015 23:59:59 GMT"), 0);
	assert_int_equal(res.retry_after_s, 0);
}

static void
a_pause_that_is_none_says_nothing(void **state)
{
	static const char *const wrong[] = { "Retry-After: -1", "Retry-After: soon",
		"Retry-After: 1e9", "Retry-After: 99999999999999999999", "Retry-After:" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		http_response_init(&res);
		assert_int_equal(line(wrong[i]), 0);
		assert_int_equal(res.retry_after_s, -1);
	}
}

static void
a_nonce_that_is_none_is_passed_over(void **state)
{
	char text[HTTP_URL_MAX + 100] = "Replay-Nonce: ";

	(void)state;
	http_response_init(&res);
	assert_int_equal(line("Replay-Nonce: a+b"), 0);
	assert_int_equal(line("Replay-Nonce: a b"), 0);
	assert_int_equal(line("Replay-Nonce:"), 0);
	memset(text + 14, 'a', sizeof(text) - 14);
	assert_int_equal(http_read_header(&res, text, HTTP_NONCE_MAX + 14), 0);
	assert_int_equal(http_read_header(&res, text, sizeof(text)), 0);
	assert_string_equal(res.nonce, "");
	assert_int_equal(line("Replay-Nonce: a-b_c"), 0);
	assert_string_equal(res.nonce, "a-b_c");
}

static void
fields_that_are_too_long_are_refused(void **state)
{
	char text[HTTP_URL_MAX + 100] = "Location: https://a.example/";
	size_t len = strlen(text);

	(void)state;
	http_response_init(&res);
	memset(text + len, 'a', sizeof(text) - len);
	assert_int_equal(http_read_header(&res, text, sizeof(text)), -1);
	assert_int_equal(http_read_header(&res, "Location: a\0b", 13), -1);
	memcpy(text, "X-Something-: ", 14);
	assert_int_equal(http_read_header(&res, text, sizeof(text)), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_https_is_asked),
		cmocka_unit_test(http_is_for_loopback_addresses_where_the_directory_is),
		cmocka_unit_test(a_bundle_that_is_not_there_is_refused),
		cmocka_unit_test(a_server_that_is_not_there_is_told),
		cmocka_unit_test(fields_are_taken),
		cmocka_unit_test(a_pause_may_be_a_date),
		cmocka_unit_test(a_pause_that_is_none_says_nothing),
		cmocka_unit_test(a_nonce_that_is_none_is_passed_over),
		cmocka_unit_test(fields_that_are_too_long_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

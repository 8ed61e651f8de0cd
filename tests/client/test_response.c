/* test_response.c - the response parser: what it reads, and each thing it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/client.h"
#include "client/response.h"

#define HEAD "HTTP/1.1 200 OK\r\n"

struct fixture {
	struct client_response res;
	struct response r;
	struct error err;
	size_t used;
};

/* Feeds everything in pieces of at most step bytes; -1 as soon as one is refused. */
static int
feed(struct fixture *f, const char *text, size_t step)
{
	size_t len = strlen(text);

	response_init(&f->r, &f->res);
	f->err = (struct error){ .code = ERROR_NONE };
	f->used = 0;
	while (f->used < len && !response_is_complete(&f->r)) {
		size_t n = len - f->used < step ? len - f->used : step, used;
		/* A copy of exactly n bytes: the sanitizer sees any read beyond them. */
		char *piece = malloc(n);
		int rc;

		assert_non_null(piece);
		memcpy(piece, text + f->used, n);
		rc = response_feed(&f->r, piece, n, &used, &f->err);
		free(piece);
		assert_true(used <= n);
		f->used += used;
		if (rc != 0)
			return -1;
		assert_true(used == n || response_is_complete(&f->r));
	}
	return 0;
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	client_response_init(&f->res, 64);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	client_response_free(&f->res);
	free(f);
	return 0;
}

static void
reads_every_field_in_pieces_of_any_size(void **state)
{
	static const char text[] =
	    "HTTP/1.1 201 Created\r\nDate: now\r\ncontent-type:application/json\r\n"
	    "Location:  /v1/keys/web \t\r\nLink: </v1/x?cursor=2>; rel=\"next\"\r\n"
	    "ETag: \"17\"\r\nx-request-id: 3f9c1a2e-1c4\r\n"
	    "Content-Length: 7\r\n\r\n{\"a\":1}";
	struct fixture *f = *state;

	for (size_t step = 1; step <= strlen(text); step++) {
		assert_int_equal(feed(f, text, step), 0);
		assert_true(response_is_complete(&f->r));
		assert_true(response_is_reusable(&f->r));
		assert_int_equal(f->used, strlen(text));
		assert_int_equal(f->res.status, 201);
		assert_string_equal(f->res.content_type, "application/json");
		assert_string_equal(f->res.location, "/v1/keys/web");
		assert_string_equal(f->res.link, "</v1/x?cursor=2>; rel=\"next\"");
		assert_string_equal(f->res.etag, "\"17\"");
		assert_string_equal(f->res.request_id, "3f9c1a2e-1c4");
		assert_string_equal(buf_string(&f->res.body), "{\"a\":1}");
	}
}

static void
takes_an_answer_whatever_its_request_id_is(void **state)
{
	static const char *const ids[] = { "", "a b", "\"",
		"0123456789012345678901234567890123" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		char text[256];

		snprintf(text, sizeof(text),
		    HEAD "X-Request-Id: %s\r\nContent-Length: 2\r\n\r\nok", ids[i]);
		assert_int_equal(feed(f, text, 4096), 0);
		assert_true(response_is_complete(&f->r));
		assert_string_equal(f->res.request_id, "");
	}
	assert_int_equal(
	    feed(f, HEAD "X-Request-Id: 1\r\nContent-Length: 2\r\n\r\nok", 4096), 0);
	assert_string_equal(f->res.request_id, "1");
	assert_int_equal(feed(f, HEAD "Content-Length: 2\r\n\r\nok", 4096), 0);
	assert_string_equal(f->res.request_id, "");
}

static void
leaves_what_follows_the_response(void **state)
{
	static const char first[] = HEAD "Content-Length: 2\r\n\r\nok";
	struct fixture *f = *state;

	assert_int_equal(
	    feed(f, HEAD "Content-Length: 2\r\n\r\nokHTTP/1.1 500", 4096), 0);
	assert_true(response_is_complete(&f->r));
	assert_int_equal(f->used, strlen(first));
	assert_string_equal(buf_string(&f->res.body), "ok");
}

static void
takes_nothing_more_once_complete(void **state)
{
	struct fixture *f = *state;
	size_t used = 9;

	assert_int_equal(feed(f, HEAD "Content-Length: 0\r\n\r\n", 4096), 0);
	assert_int_equal(response_feed(&f->r, "more", 4, &used, &f->err), 0);
	assert_int_equal(used, 0);
	assert_int_equal(f->res.body.len, 0);
}

static void
is_incomplete_until_the_last_byte(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(feed(f, HEAD "Content-Length: 3\r\n\r\nab", 4096), 0);
	assert_false(response_is_complete(&f->r));
	assert_false(response_is_reusable(&f->r));
}

static void
knows_that_204_and_304_have_no_body(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(feed(f, "HTTP/1.1 204 No Content\r\n\r\n", 4096), 0);
	assert_true(response_is_complete(&f->r));
	assert_int_equal(feed(f, "HTTP/1.1 304 \r\nContent-Length: 5\r\n\r\n", 4096), 0);
	assert_true(response_is_complete(&f->r));
}

static void
sees_connection_close_in_a_list(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    feed(f, HEAD "Connection: keep-alive , Close\r\nContent-Length: 0\r\n\r\n",
		4096),
	    0);
	assert_true(response_is_complete(&f->r));
	assert_false(response_is_reusable(&f->r));
	assert_int_equal(
	    feed(f, HEAD "Connection: closed\r\nContent-Length: 0\r\n\r\n", 4096), 0);
	assert_true(response_is_reusable(&f->r));
}

static void
forgets_the_response_before(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    feed(f,
		HEAD "Connection: close\r\nLocation: /a\r\nContent-Type: b\r\n"
		     "Link: c\r\nContent-Length: 1\r\n\r\nd",
		4096),
	    0);
	assert_int_equal(feed(f, HEAD "Content-Length: 0\r\n\r\n", 4096), 0);
	assert_string_equal(f->res.location, "");
	assert_string_equal(f->res.content_type, "");
	assert_string_equal(f->res.link, "");
	assert_int_equal(f->res.body.len, 0);
	assert_true(response_is_reusable(&f->r));
}

static void
refuses(struct fixture *f, const char *text, enum error_code code, const char *why)
{
	for (size_t step = 1; step < 10000; step *= 10) {
		size_t used = 9;

		assert_int_equal(feed(f, text, step), -1);
		assert_int_equal(f->err.code, code);
		assert_non_null(strstr(f->err.text, why));
		assert_false(response_is_complete(&f->r));
		assert_int_equal(response_feed(&f->r, "x", 1, &used, &f->err), -1);
		assert_int_equal(used, 0);
	}
}

static void
refuses_what_is_not_http(void **state)
{
	refuses(*state, "SSH-2.0-OpenSSH_9.2\r\n", ERROR_BAD_REQUEST, "not HTTP/1.1");
	refuses(*state, "HTTP/1.0 200 OK\r\n\r\n", ERROR_BAD_REQUEST, "not HTTP/1.1");
	refuses(*state, "\r\nHTTP/1.1 200 OK\r\n\r\n", ERROR_BAD_REQUEST, "not HTTP/1.1");
}

static void
refuses_a_bad_status_line(void **state)
{
	refuses(*state, "HTTP/1.1 20x OK\r\n\r\n", ERROR_BAD_REQUEST, "status line");
	refuses(*state, "HTTP/1.1 2000 OK\r\n\r\n", ERROR_BAD_REQUEST, "status line");
	refuses(*state, "HTTP/1.1 20\r\n\r\n", ERROR_BAD_REQUEST, "status line");
	refuses(*state, "HTTP/1.1 200 O\001K\r\n\r\n", ERROR_BAD_REQUEST, "status line");
	refuses(*state, "HTTP/1.1 099 Low\r\n\r\n", ERROR_BAD_REQUEST, "status 99");
	refuses(*state, "HTTP/1.1 100 Continue\r\n\r\n", ERROR_BAD_REQUEST, "status 100");
	refuses(*state, "HTTP/1.1 600 High\r\n\r\n", ERROR_BAD_REQUEST, "status 600");
}

static void
refuses_a_bad_header_field(void **state)
{
	refuses(
	    *state, HEAD "Content-Length : 0\r\n\r\n", ERROR_BAD_REQUEST, "header field");
	refuses(*state, HEAD ": 0\r\n\r\n", ERROR_BAD_REQUEST, "header field");
	refuses(*state, HEAD "nonsense\r\n\r\n", ERROR_BAD_REQUEST, "header field");
	refuses(
	    *state, HEAD "A: b\r\n folded\r\n\r\n", ERROR_BAD_REQUEST, "header field");
	refuses(
	    *state, HEAD "A: b\nContent-Length: 0\r\n\r\n", ERROR_BAD_REQUEST, "control");
	refuses(*state, HEAD "A: b\rc\r\n\r\n", ERROR_BAD_REQUEST, "control");
	refuses(*state, HEAD "A: b\177\r\n\r\n", ERROR_BAD_REQUEST, "control");
}

static void
refuses_a_nul_in_the_header(void **state)
{
	static const char text[] = HEAD "A: b\0Content-Length: 0\r\n\r\n";
	struct fixture *f = *state;
	size_t used;

	response_init(&f->r, &f->res);
	assert_int_equal(
	    response_feed(&f->r, text, sizeof(text) - 1, &used, &f->err), -1);
	assert_non_null(strstr(f->err.text, "control"));
}

static void
refuses_a_doubtful_length(void **state)
{
	refuses(*state, HEAD "\r\n", ERROR_BAD_REQUEST, "without Content-Length");
	refuses(*state, HEAD "Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
	    ERROR_BAD_REQUEST, "repeated Content-Length");
	refuses(*state, HEAD "Content-Length: 1\r\ncontent-length: 2\r\n\r\n",
	    ERROR_BAD_REQUEST, "repeated Content-Length");
	refuses(*state, HEAD "Content-Length: 1, 1\r\n\r\n", ERROR_BAD_REQUEST,
	    "bad Content-L");
	refuses(*state, HEAD "Content-Length: +1\r\n\r\n", ERROR_BAD_REQUEST,
	    "bad Content-L");
	refuses(*state, HEAD "Content-Length: 0x1\r\n\r\n", ERROR_BAD_REQUEST,
	    "bad Content-L");
	refuses(
	    *state, HEAD "Content-Length:\r\n\r\n", ERROR_BAD_REQUEST, "bad Content-L");
	refuses(*state, HEAD "Content-Length: 18446744073709551616\r\n\r\n",
	    ERROR_BAD_REQUEST, "bad Content-L");
	refuses(*state, HEAD "Content-Length: 18446744073709551615\r\n\r\n",
	    ERROR_BAD_REQUEST, "bad Content-L");
}

static void
refuses_a_transfer_coding(void **state)
{
	refuses(*state, HEAD "Transfer-Encoding: chunked\r\n\r\n", ERROR_BAD_REQUEST,
	    "\"chunked\" is not supported");
	refuses(*state, HEAD "Content-Length: 1\r\nTransfer-Encoding: identity\r\n\r\n",
	    ERROR_BAD_REQUEST, "not supported");
}

static void
refuses_a_body_over_the_limit(void **state)
{
	struct fixture *f = *state;

	refuses(f, HEAD "Content-Length: 65\r\n\r\n", ERROR_TOO_LARGE, "65 bytes");
	assert_int_equal(feed(f, HEAD "Content-Length: 64\r\n\r\n", 4096), 0);
}

static void
refuses_repeated_and_long_fields(void **state)
{
	char value[256 + 1] = "", text[512];

	refuses(*state, HEAD "Location: /a\r\nLocation: /b\r\n\r\n", ERROR_BAD_REQUEST,
	    "repeated Location");
	memset(value, 'a', sizeof(value) - 1);
	snprintf(text, sizeof(text), HEAD "Location: %s\r\n\r\n", value);
	refuses(*state, text, ERROR_BAD_REQUEST, "Location of 256 bytes");
}

static char *
head_of(size_t len)
{
	static const char start[] = HEAD "Content-Length: 0\r\nX: ", end[] = "\r\n\r\n";
	char *text = malloc(len + 1);

	assert_non_null(text);
	memset(text, 'x', len);
	memcpy(text, start, strlen(start));
	memcpy(text + len - strlen(end), end, sizeof(end));
	return text;
}

static void
bounds_the_header_block(void **state)
{
	char *fits = head_of(RESPONSE_HEAD_MAX), *over = head_of(RESPONSE_HEAD_MAX + 1);
	struct fixture *f = *state;

	assert_int_equal(feed(f, fits, 1000), 0);
	assert_true(response_is_complete(&f->r));
	refuses(f, over, ERROR_BAD_REQUEST, "more than 8192 bytes");
	free(fits);
	free(over);
}

/* A premaster secret comes so, and the struct lives as long as its connection. */
static void
keeps_no_copy_of_a_body(void **state)
{
	static const char text[] =
	    HEAD "Content-Length: 48\r\n\r\n"
		 "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl";
	struct fixture *f = *state;

	for (size_t step = 1; step <= strlen(text); step++) {
		assert_int_equal(feed(f, text, step), 0);
		assert_true(response_is_complete(&f->r));
		for (const char *p = strstr(text, "0123"); *p != '\0'; p += 4)
			assert_null(memmem(&f->r, sizeof(f->r), p, 4));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_every_field_in_pieces_of_any_size),
		TEST(takes_an_answer_whatever_its_request_id_is),
		TEST(leaves_what_follows_the_response),
		TEST(takes_nothing_more_once_complete),
		TEST(is_incomplete_until_the_last_byte),
		TEST(knows_that_204_and_304_have_no_body),
		TEST(sees_connection_close_in_a_list),
		TEST(forgets_the_response_before),
		TEST(refuses_what_is_not_http),
		TEST(refuses_a_bad_status_line),
		TEST(refuses_a_bad_header_field),
		TEST(refuses_a_nul_in_the_header),
		TEST(refuses_a_doubtful_length),
		TEST(refuses_a_transfer_coding),
		TEST(refuses_a_body_over_the_limit),
		TEST(refuses_repeated_and_long_fields),
		TEST(bounds_the_header_block),
		TEST(keeps_no_copy_of_a_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_signrequest.c - which requests are in the form, and where their parts are. */
#include "service/signrequest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TARGET "/v1/keys/spki:0a/sign?scheme=ecdsa_secp256r1_sha256"
#define LINE   "POST " TARGET " HTTP/1.1\r\n"
#define FIELDS                                                                           \
	"Host: localhost\r\nContent-Type: application/octet-stream\r\n"                  \
	"Content-Length: 3\r\n"

static void
check(struct bytes bytes, const char *text)
{
	assert_int_equal(bytes.len, strlen(text));
	assert_memory_equal(bytes.data, text, bytes.len);
}

static bool
reads(const char *text)
{
	struct signrequest req;

	return signrequest_read(text, strlen(text), &req);
}

static void
finds_the_parts_of_what_keyhold_so_sends(void **state)
{
	static const char text[] = LINE "Host: localhost\r\nAccept: */*\r\n"
					"Content-Type: application/octet-stream\r\n"
					"Content-Length: 3\r\n\r\nabc";
	struct signrequest req;

	(void)state;
	assert_true(signrequest_read(text, strlen(text), &req));
	check(req.target, TARGET);
	check(req.accept, "*/*");
	check(req.body, "abc");
	assert_int_equal(req.len, strlen(text));
}

static void
takes_what_other_clients_send(void **state)
{
	(void)state;
	assert_true(reads(LINE FIELDS "\r\nabc"));
	assert_true(reads(LINE FIELDS "User-Agent: curl/7.88.1\r\n\r\nabc"));
	assert_true(reads(LINE FIELDS "Connection: keep-alive\r\n\r\nabc"));
	assert_true(reads(LINE "host:h\r\ncontent-length:  0 \r\n"
			       "CONTENT-TYPE:Application/Octet-Stream\r\n\r\n"));
	assert_true(reads(
	    "POST /v1/keys/web-1.a_b/sign?scheme=ed25519 HTTP/1.1\r\n" FIELDS "\r\nabc"));
}

static void
leaves_what_comes_after_it(void **state)
{
	static const char text[] = LINE FIELDS "\r\nabcPOST ";
	struct signrequest req;

	(void)state;
	assert_true(signrequest_read(text, strlen(text), &req));
	assert_int_equal(req.len, strlen(text) - strlen("POST "));
}

static void
is_none_until_all_of_it_is_there(void **state)
{
	static const char text[] = LINE FIELDS "\r\nabc";
	struct signrequest req;

	(void)state;
	for (size_t len = 0; len < strlen(text); len++)
		assert_false(signrequest_read(text, len, &req));
}

static void
check_others(const char *const *texts)
{
	for (; *texts != NULL; texts++)
		if (reads(*texts))
			fail_msg("taken: %s", *texts);
}

static void
leaves_other_resources_alone(void **state)
{
	static const char *const texts[] = {
		"GET " TARGET " HTTP/1.1\r\n" FIELDS "\r\nabc",
		"POST " TARGET " HTTP/1.0\r\n" FIELDS "\r\nabc",
		"POST /v1/keys/web/decrypt?scheme=rsa_pkcs1_tls HTTP/1.1\r\n" FIELDS
		"\r\nabc",
		"POST /v1/keys/web/sign HTTP/1.1\r\n" FIELDS "\r\nabc",
		"POST /v1/keys//sign?scheme=ed25519 HTTP/1.1\r\n" FIELDS "\r\nabc",
		"POST /v1/keys/a/b/sign?scheme=ed25519 HTTP/1.1\r\n" FIELDS "\r\nabc",
		"POST /v1/keys/w%65b/sign?scheme=ed25519 HTTP/1.1\r\n" FIELDS "\r\nabc",
		"POST /v1/keys/web/sign?scheme=ed25519&x=1 HTTP/1.1\r\n" FIELDS "\r\nabc",
		"POST /v1/keys/web/sign?scheme=ed25519  HTTP/1.1\r\n" FIELDS "\r\nabc",
		"\r\n" LINE FIELDS "\r\nabc",
		NULL,
	};

	(void)state;
	check_others(texts);
}

/* RFC 9112 sections 6.1 and 6.3: where a body ends must be beyond doubt. */
static void
leaves_alone_whose_end_takes_reading(void **state)
{
	static const char *const texts[] = {
		LINE FIELDS "Transfer-Encoding: chunked\r\n\r\nabc",
		LINE FIELDS "Content-Length: 3\r\n\r\nabc",
		LINE FIELDS "content-length: 4\r\n\r\nabcd",
		LINE "Host: h\r\nContent-Type: application/octet-stream\r\n"
		     "Content-Length: +3\r\n\r\nabc",
		LINE "Host: h\r\nContent-Type: application/octet-stream\r\n"
		     "Content-Length: 03\r\n\r\nabc",
		LINE "Host: h\r\nContent-Type: application/octet-stream\r\n"
		     "Content-Length: 3, 3\r\n\r\nabc",
		LINE "Host: h\r\nContent-Type: application/octet-stream\r\n"
		     "Content-Length:\r\n\r\nabc",
		LINE "Host: h\r\nContent-Type: application/octet-stream\r\n"
		     "Content-Length: 9999999\r\n\r\nabc",
		LINE "Host: h\r\nContent-Type: application/octet-stream\r\n\r\n",
		NULL,
	};

	(void)state;
	check_others(texts);
}

static void
leaves_alone_what_it_does_not_know(void **state)
{
	static const char *const texts[] = {
		LINE FIELDS "Expect: 100-continue\r\n\r\nabc",
		LINE FIELDS "Connection: close\r\n\r\nabc",
		LINE FIELDS "Connection: keep-alive, x\r\n\r\nabc",
		LINE FIELDS "X-Something: 1\r\n\r\nabc",
		LINE FIELDS "Accept : */*\r\n\r\nabc",
		LINE FIELDS " folded\r\n\r\nabc",
		LINE FIELDS "Accept: a\r\nAccept: b\r\n\r\nabc",
		LINE FIELDS "Host: h\r\n\r\nabc",
		LINE FIELDS "Accept: a\tb\r\n\r\nabc",
		LINE FIELDS "Accept: \x80\r\n\r\nabc",
		LINE FIELDS "Accept: a\n\r\nabc",
		LINE FIELDS "\nabc",
		LINE "Content-Type: application/octet-stream\r\n"
		     "Content-Length: 3\r\n\r\nabc",
		LINE "Host:\r\nContent-Type: application/octet-stream\r\n"
		     "Content-Length: 3\r\n\r\nabc",
		LINE "Host: h\r\nContent-Length: 3\r\n\r\nabc",
		LINE "Host: h\r\nContent-Type: application/json\r\n"
		     "Content-Length: 3\r\n\r\nabc",
		LINE "Host: h\r\nContent-Type: application/octet-stream;a=b\r\n"
		     "Content-Length: 3\r\n\r\nabc",
		NULL,
	};

	(void)state;
	check_others(texts);
}

static void
a_nul_is_no_part_of_it(void **state)
{
	static const char text[] =
	    "POST /v1/keys/we\0b/sign?scheme=ed25519 HTTP/1.1\r\n" FIELDS "\r\nabc";
	static const char field[] = LINE FIELDS "Accept: a\0b\r\n\r\nabc";
	struct signrequest req;

	(void)state;
	assert_false(signrequest_read(text, sizeof(text) - 1, &req));
	assert_false(signrequest_read(field, sizeof(field) - 1, &req));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_parts_of_what_keyhold_so_sends),
		cmocka_unit_test(takes_what_other_clients_send),
		cmocka_unit_test(leaves_what_comes_after_it),
		cmocka_unit_test(is_none_until_all_of_it_is_there),
		cmocka_unit_test(leaves_other_resources_alone),
		cmocka_unit_test(leaves_alone_whose_end_takes_reading),
		cmocka_unit_test(leaves_alone_what_it_does_not_know),
		cmocka_unit_test(a_nul_is_no_part_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

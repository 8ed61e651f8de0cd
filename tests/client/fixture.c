/* fixture.c - calls whose failure is the test's to judge. */
#include "tests/client/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CONNECT_TIMEOUT_MS 150

struct client *
new_client(const char *sockets, int answer_timeout_ms)
{
	struct client_options options = { .sockets = sockets,
		.connect_timeout_ms = CONNECT_TIMEOUT_MS,
		.answer_timeout_ms = answer_timeout_ms };
	struct client *client = NULL;
	struct error err = { 0 };

	assert_int_equal(client_new(&options, &client, &err), 0);
	return client;
}

int
post(struct client *client, const char *body, struct client_response *res,
    struct error *err)
{
	struct client_request req = { .method = "POST",
		.path = "/v1/echo",
		.content_type = "text/plain",
		.body = { (const unsigned char *)body, strlen(body) },
		.repeatable = true };

	return client_call(client, &req, res, err);
}

int
call(struct client *client, struct error *err)
{
	struct client_request req = {
		.method = "GET", .path = "/v1/keys", .repeatable = true
	};
	struct client_response res;
	int number = -1;

	client_response_init(&res, ANSWER_MAX);
	if (client_call(client, &req, &res, err) == 0)
		number = (int)strtol(buf_string(&res.body), NULL, 10);
	client_response_free(&res);
	return number;
}

void
reply_with_connection(struct fake_request *req)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", req->connection);
	fake_reply(req, 200, "text/plain", number);
}

enum fake_action
keeps(void *ctx, struct fake_request *req)
{
	(void)ctx;
	reply_with_connection(req);
	return FAKE_KEEP;
}

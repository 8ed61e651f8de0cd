/* What an ACME server asks to wait, and how long a renewal does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "tests/agent/round_scene.h"

struct server {
	struct fake_server *fake;
	unsigned wait_s;
};

static void
reply_directory(const struct server *s, struct fake_request *req)
{
	char base[64], body[512];

	snprintf(base, sizeof(base), "http://127.0.0.1:%u", fake_server_port(s->fake));
	snprintf(body, sizeof(body),
	    "{\"newNonce\":\"%s/nonce\",\"newAccount\":\"%s/account\",\"newOrder\":"
	    "\"%s/order\",\"revokeCert\":\"%s/revoke\",\"keyChange\":\"%s/change\"}",
	    base, base, base, base, base);
	fake_reply(req, 200, "application/json", body);
}

static enum fake_action
answer(void *ctx, struct fake_request *req)
{
	const struct server *s = ctx;

	if (fake_request_is(req, "GET /dir "))
		reply_directory(s, req);
	else
		buf_printf(&req->reply,
		    "HTTP/1.1 429 Status\r\nContent-Length: 0\r\nRetry-After: %u\r\n\r\n",
		    s->wait_s);
	return FAKE_KEEP;
}

/* Of a renewal that a server refuses which asks to wait so long: when it is tried again.
 */
static bool
waits_until(struct scene *f, unsigned wait_s, const char *until)
{
	struct server s = { .wait_s = wait_s };
	char source[256], next[64];

	unsetenv("http_proxy");
	unsetenv("all_proxy");
	unsetenv("ALL_PROXY");
	s.fake = fake_server_start_port(answer, &s);
	snprintf(source, sizeof(source),
	    "{\"acme\":\"http://127.0.0.1:%u/dir\",\"account\":\"account\",\"ca_file\":"
	    "\"/dev/null\",\"challenge\":\"dns-01\",\"dns_hook\":[\"/no\"]}",
	    fake_server_port(s.fake));
	scene_add(
	    f, "web", source, "\"step\":\"idle\",\"due\":\"2026-12-31T11:00:00Z\"", "");
	scene_round(f);
	fake_server_stop(s.fake);
	assert_true(fake_server_saw(f->server, "newNonce answers 429"));
	snprintf(next, sizeof(next), "\"next_attempt\":\"%s", until);
	return fake_server_saw(f->server, next);
}

static void
a_server_that_asks_to_wait_is_obeyed(void **state)
{
	assert_true(waits_until(*state, 7200, "2026-12-31T14:00:0"));
}

/* A pause of a day would be ignored. */
static void
but_not_for_a_day(void **state)
{
	assert_true(waits_until(*state, 200000, "2027-01-01T11:00:0"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_server_that_asks_to_wait_is_obeyed),
		TEST(but_not_for_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

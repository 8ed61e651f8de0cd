/* test_api_metrics.c - GET /metrics over a real token and store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "tests/api/fixture.h"

static void
assert_metric(struct fixture *f, const char *line)
{
	char whole[256];

	snprintf(whole, sizeof(whole), "\n%s\n", line);
	assert_int_equal(get(f, "/metrics"), 200);
	if (!body_has(f, whole))
		fail_msg("no %s in\n%s", line, body_text(f));
}

static void
is_text_in_format_0_0_4(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get(f, "/metrics"), 200);
	assert_string_equal(
	    f->res.content_type, "text/plain; version=0.0.4; charset=utf-8");
	assert_metric(f, "keyhold_build_info{version=\"" KEYHOLD_VERSION "\"} 1");
}

static void
is_for_those_who_may_read(void **state)
{
	struct fixture *f = *state;

	f->caller = (struct caller){ .actor = "uid:4000000", .uid = 4000000 };
	get(f, "/metrics");
	assert_problem(f, 403, "forbidden");
	f->caller = (struct caller){ .actor = "uid:0", .admin = true };
}

static void
counts_what_was_asked(void **state)
{
	struct fixture *f = *state;
	char hash[HASH_SIZE];

	make_signer(f, "counted", hash);
	for (int i = 0; i < 3; i++)
		assert_int_equal(sign_with(f, hash), 200);
	assert_metric(f,
	    "keyhold_http_requests_total{method=\"POST\",route=\"/v1/keys/{}/sign\","
	    "code=\"200\"} 3");
	get(f, "/v1/keys/nobody");
	assert_metric(f,
	    "keyhold_http_requests_total{method=\"GET\",route=\"/v1/keys/{}\","
	    "code=\"404\"} 1");
	get(f, "/nowhere");
	send_text(f, "PUT", "/v1/keys", JSON, "{}");
	assert_metric(f,
	    "keyhold_http_requests_total{method=\"none\",route=\"none\",code=\"404\"} 1");
	assert_metric(f,
	    "keyhold_http_requests_total{method=\"none\",route=\"none\",code=\"405\"} 1");
}

static void
knows_token_keys_and_issuers(void **state)
{
	struct fixture *f = *state;

	make_issuer(f, "ends", NULL);
	assert_metric(f, "keyhold_ready 1");
	assert_metric(f, "keyhold_sessions_max{token=\"default\"} 8");
	assert_metric(f, "keyhold_sessions_in_use{token=\"default\"} 0");
	assert_true(body_has(
	    f, "\nkeyhold_certificate_expiry_timestamp_seconds{issuer=\"ends\"} "));
	assert_true(body_has(f, "\n# TYPE keyhold_certificates_valid gauge\n"));
	assert_true(body_has(f, "\nprocess_resident_memory_bytes "));
	assert_true(body_has(f, "\nprocess_open_fds "));
}

/* A scrape goes on when the token is away: it is how one hears of it. */
static void
says_that_the_token_does_not_sign(void **state)
{
	struct fixture *f = *state;
	struct keystore_key key;
	char body[128];

	make_key(f, "gone", "ec-p256", "tls");
	snprintf(
	    body, sizeof(body), "{\"spki_sha256\":\"%s\"}", member(f, "spki_sha256"));
	assert_int_equal(keyring_find(f->api.keys, "gone", &key, NULL), 0);
	assert_int_equal(keyring_destroy(f->api.keys, &key, NULL), 0);
	assert_metric(f, "keyhold_ready 0");
	assert_int_equal(send_text(f, "DELETE", "/v1/keys/gone", JSON, body), 204);
	assert_metric(f, "keyhold_ready 1");
}

static void
logs_each_answer_for_those_who_debug(void **state)
{
	struct fixture *f = *state;

	log_capture();
	get(f, "/healthz");
	assert_null(strstr(log_captured(), "request.answered"));
	log_set_level(LOG_LEVEL_DEBUG);
	log_capture();
	get(f, "/healthz");
	log_set_level(LOG_LEVEL_INFO);
	assert_non_null(
	    strstr(log_captured(), "level=debug event=request.answered request="));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		/* First, as long as there is no key to try. */
		cmocka_unit_test(says_that_the_token_does_not_sign),
		cmocka_unit_test(is_text_in_format_0_0_4),
		cmocka_unit_test(is_for_those_who_may_read),
		cmocka_unit_test(counts_what_was_asked),
		cmocka_unit_test(knows_token_keys_and_issuers),
		cmocka_unit_test(logs_each_answer_for_those_who_debug),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}

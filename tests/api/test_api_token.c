/* test_api_token.c - /v1/token, on a real SoftHSM that can be made to fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/api/fixture.h"

static const struct caller admin = { .actor = "uid:0", .admin = true };
static const struct caller stranger = { .actor = "uid:6", .uid = 6 };

static void
says_what_the_token_can_do(void **state)
{
	struct fixture *f = *state;

	f->caller = admin;
	assert_int_equal(get(f, "/v1/token"), 200);
	assert_int_equal(list_size(f, "tokens"), 1);
	assert_non_null(strstr(body_text(f), "\"label\":\"" TEST_TOKEN_LABEL "\""));
	assert_non_null(strstr(body_text(f), "\"state\":\"works\""));
	assert_non_null(strstr(body_text(f), "\"type\":\"ed25519\",\"makes\":true"));
	assert_non_null(strstr(
	    body_text(f), "{\"name\":\"CKM_ECDSA\",\"use\":\"sign\",\"listed\":true"));
	assert_non_null(strstr(body_text(f), "\"rsa_key_exchange\":true"));
	f->caller = stranger;
	assert_int_equal(get(f, "/v1/token"), 403);
}

static void
tries_one_type(void **state)
{
	struct fixture *f = *state;

	f->caller = admin;
	assert_int_equal(post_json(f, "/v1/token/check", "{\"type\":\"ec-p256\"}"), 200);
	assert_non_null(strstr(body_text(f), "{\"token\":\"default\",\"works\":true,"));
	assert_non_null(strstr(body_text(f),
	    "{\"subject\":\"ec-p256\",\"step\":\"destroy\",\"outcome\":\"works\""));
	assert_null(strstr(body_text(f), "rsa-2048"));
	assert_int_equal(get(f, "/v1/audit"), 200);
	assert_non_null(strstr(body_text(f), "token.checked"));
	f->caller = stranger;
	assert_int_equal(post_json(f, "/v1/token/check", "{}"), 403);
	f->caller = admin;
}

static void
refuses_what_is_no_type_and_a_second_check(void **state)
{
	struct fixture *f = *state;

	f->caller = admin;
	assert_int_equal(post_json(f, "/v1/token/check", "{\"type\":\"rsa-1024\"}"), 400);
	assert_int_equal(post_json(f, "/v1/token/check?token=none", "{}"), 404);
	pthread_mutex_lock(&f->api.checking);
	assert_int_equal(post_json(f, "/v1/token/check", "{\"type\":\"ec-p256\"}"), 409);
	pthread_mutex_unlock(&f->api.checking);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_the_token_can_do),
		cmocka_unit_test(tries_one_type),
		cmocka_unit_test(refuses_what_is_no_type_and_a_second_check),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}

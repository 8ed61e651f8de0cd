/* test_token.c - finding a token and logging in, once. */
#include "pkcs11/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "pkcs11/session.h"
#include "tests/support/token.h"

static uint64_t
logins(const struct test_token *t)
{
	return faults_calls(t->faults, FUNCTION_C_Login);
}

static int
close_token(void **state)
{
	struct test_token *t = *state;

	faults_clear(t->faults);
	token_close(t->token);
	t->token = NULL;
	return 0;
}

static CK_FLAGS
flags_of(struct test_token *t, CK_SLOT_ID slot)
{
	CK_TOKEN_INFO info;

	assert_int_equal(t->module->functions->C_GetTokenInfo(slot, &info), CKR_OK);
	return info.flags;
}

static void
opens_a_token_by_its_label(void **state)
{
	struct test_token *t = *state;
	CK_SESSION_HANDLE session;
	CK_SESSION_INFO info;
	uint64_t before;

	test_token_make(t->module, "by-label");
	before = logins(t);
	assert_int_equal(test_token_login(t, "by-label", TEST_TOKEN_PIN, NULL), 0);
	assert_int_equal(logins(t), before + 1);
	assert_string_equal(t->token->label, "by-label");
	assert_int_equal(strlen(t->token->serial), 16);
	assert_int_equal(session_take(t->token->sessions, &session, NULL), 0);
	assert_int_equal(t->token->functions->C_GetSessionInfo(session, &info), CKR_OK);
	assert_int_equal(info.state, CKS_RW_USER_FUNCTIONS);
	session_give(t->token->sessions, session);
}

static void
opens_a_token_by_its_serial(void **state)
{
	struct test_token *t = *state;
	struct token_options options = { .max_sessions = 1 };
	struct secret *pin = test_pin(TEST_TOKEN_PIN);
	char serial[17];

	test_token_make(t->module, "by-serial");
	assert_int_equal(test_token_login(t, "by-serial", TEST_TOKEN_PIN, NULL), 0);
	text_copy(serial, sizeof(serial), t->token->serial);
	token_close(t->token);
	t->token = NULL;
	options.serial = serial;
	assert_int_equal(token_open(t->module, &options, pin, &t->token, NULL), 0);
	assert_string_equal(t->token->label, "by-serial");
	secret_free(pin);
}

static void
the_serial_and_the_label_must_both_match(void **state)
{
	struct test_token *t = *state;
	struct token_options options = { .label = "both", .serial = "0000000000000000" };
	struct error err = { 0 };

	test_token_make(t->module, "both");
	assert_int_equal(token_look(t->module, &options, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

static void
an_unknown_label_is_not_found(void **state)
{
	struct test_token *t = *state;
	struct error err = { 0 };
	uint64_t before = logins(t);

	assert_int_equal(test_token_login(t, "nobody", TEST_TOKEN_PIN, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_non_null(strstr(err.text, "\"nobody\""));
	assert_null(t->token);
	assert_int_equal(logins(t), before);
}

/* The blanks that pad CK_TOKEN_INFO.label are not part of the name. */
static void
a_part_of_a_label_is_not_found(void **state)
{
	struct test_token *t = *state;
	struct error err = { 0 };

	test_token_make(t->module, "whole-label");
	assert_int_equal(test_token_login(t, "whole", TEST_TOKEN_PIN, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(test_token_login(t, "whole-label ", TEST_TOKEN_PIN, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

static void
two_tokens_of_one_label_are_ambiguous(void **state)
{
	struct test_token *t = *state;
	struct error err = { 0 };
	uint64_t before;

	test_token_make(t->module, "twin");
	test_token_make(t->module, "twin");
	before = logins(t);
	assert_int_equal(test_token_login(t, "twin", TEST_TOKEN_PIN, &err), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_non_null(strstr(err.text, "serial"));
	assert_int_equal(logins(t), before);
}

static void
a_wrong_pin_is_tried_exactly_once(void **state)
{
	struct test_token *t = *state;
	struct token_options options = { .label = "pin" };
	struct error err = { 0 };
	CK_SLOT_ID slot;
	uint64_t before;

	test_token_make(t->module, "pin");
	assert_int_equal(test_token_login(t, "pin", TEST_TOKEN_PIN, NULL), 0);
	slot = t->token->slot_id;
	assert_int_equal(flags_of(t, slot) & CKF_USER_PIN_COUNT_LOW, 0);
	token_close(t->token);
	t->token = NULL;
	before = logins(t);
	assert_int_equal(test_token_login(t, "pin", "wrong-pin", &err), -1);
	assert_int_equal(err.code, ERROR_PIN);
	assert_null(strstr(err.text, "wrong-pin"));
	assert_null(t->token);
	assert_int_equal(logins(t), before + 1);
	assert_int_not_equal(flags_of(t, slot) & CKF_USER_PIN_COUNT_LOW, 0);
	/* Looking does not log in. */
	assert_int_equal(token_look(t->module, &options, NULL), 0);
	assert_int_equal(logins(t), before + 1);
	/* Nor has it locked the token. */
	assert_int_equal(test_token_login(t, "pin", TEST_TOKEN_PIN, NULL), 0);
}

static void
check_no_attempt(struct test_token *t, enum faults_trouble trouble, const char *reason)
{
	struct error err = { 0 };
	uint64_t before = logins(t);

	faults_trouble(t->faults, trouble, 1, FAULTS_ALWAYS);
	assert_int_equal(test_token_login(t, "guarded", TEST_TOKEN_PIN, &err), -1);
	faults_clear(t->faults);
	assert_int_equal(err.code, ERROR_PIN);
	assert_non_null(strstr(err.text, reason));
	assert_int_equal(logins(t), before);
}

static void
no_pin_is_tried_when_a_failure_would_lock_it(void **state)
{
	struct test_token *t = *state;

	test_token_make(t->module, "guarded");
	check_no_attempt(t, TROUBLE_PIN_FINAL_TRY, "one more wrong PIN locks it");
	check_no_attempt(t, TROUBLE_PIN_LOCKED, "locked");
}

/* A token logs out when its last session closes; the anchor is never lent. */
static void
the_login_outlives_every_session_of_the_pool(void **state)
{
	struct test_token *t = *state;
	CK_SESSION_HANDLE session;
	CK_SESSION_INFO info;

	test_token_make(t->module, "anchor");
	assert_int_equal(test_token_login(t, "anchor", TEST_TOKEN_PIN, NULL), 0);
	assert_int_equal(session_take(t->token->sessions, &session, NULL), 0);
	session_drop(t->token->sessions, session);
	assert_int_equal(session_take(t->token->sessions, &session, NULL), 0);
	assert_int_equal(t->token->functions->C_GetSessionInfo(session, &info), CKR_OK);
	assert_int_equal(info.state, CKS_RW_USER_FUNCTIONS);
	session_give(t->token->sessions, session);
}

static void
refuses_a_label_that_does_not_fit(void **state)
{
	struct test_token *t = *state;
	struct secret *pin = test_pin(TEST_TOKEN_PIN);
	struct error err = { 0 };

	assert_int_equal(token_initialise(t->module, "a-label-of-thirty-three-bytes-xxx",
			     pin, pin, &err),
	    -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	secret_free(pin);
}

static void
a_label_may_have_32_bytes(void **state)
{
	static const char label[] = "a-label-of-thirty-two-bytes-xxxx";
	struct test_token *t = *state;

	assert_int_equal(strlen(label), 32);
	test_token_make(t->module, label);
	assert_int_equal(test_token_login(t, label, TEST_TOKEN_PIN, NULL), 0);
	assert_string_equal(t->token->label, label);
}

#define TOKEN_TEST(name) cmocka_unit_test_teardown(name, close_token)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TOKEN_TEST(opens_a_token_by_its_label),
		TOKEN_TEST(opens_a_token_by_its_serial),
		TOKEN_TEST(the_serial_and_the_label_must_both_match),
		TOKEN_TEST(an_unknown_label_is_not_found),
		TOKEN_TEST(a_part_of_a_label_is_not_found),
		TOKEN_TEST(two_tokens_of_one_label_are_ambiguous),
		TOKEN_TEST(a_wrong_pin_is_tried_exactly_once),
		TOKEN_TEST(no_pin_is_tried_when_a_failure_would_lock_it),
		TOKEN_TEST(the_login_outlives_every_session_of_the_pool),
		TOKEN_TEST(refuses_a_label_that_does_not_fit),
		TOKEN_TEST(a_label_may_have_32_bytes),
	};

	return cmocka_run_group_tests(tests, test_faulty_module_open, test_token_close);
}

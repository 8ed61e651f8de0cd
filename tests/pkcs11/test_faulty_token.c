/* test_faulty_token.c - what faulty-pkcs11.so does to the token as a whole. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/pkcs11/plain.h"
#include "tests/support/token.h"

static void
so_many_sessions_and_no_more(void **state)
{
	CK_SESSION_HANDLE more[16];

	(void)state;
	faults_trouble(plain.faults, TROUBLE_MAX_SESSIONS, 16, FAULTS_ALWAYS);
	for (int i = 0; i < 15; i++) /* and the one that is open */
		assert_int_equal(plain_open_session(&more[i]), CKR_OK);
	assert_int_equal(plain_open_session(&more[15]), CKR_SESSION_COUNT);
	assert_int_equal(plain.p11->C_CloseSession(more[0]), CKR_OK);
	assert_int_equal(plain_open_session(&more[0]), CKR_OK);
	faults_trouble(plain.faults, TROUBLE_MAX_SESSIONS, 1, FAULTS_ALWAYS);
	assert_int_equal(plain_open_session(&more[15]), CKR_SESSION_COUNT);
	faults_clear_trouble(plain.faults, TROUBLE_MAX_SESSIONS);
	assert_int_equal(plain_open_session(&more[15]), CKR_OK);
}

static void
idle_sessions_end_and_busy_ones_do_not(void **state)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000000 };
	CK_SESSION_HANDLE idle;
	CK_SESSION_INFO info;
	int64_t end_ms;

	(void)state;
	assert_int_equal(plain_open_session(&idle), CKR_OK);
	end_ms = clock_mono_ms() + 3500;
	faults_trouble(plain.faults, TROUBLE_IDLE_MS, 3000, FAULTS_ALWAYS);
	/* To ask about the idle one would be to use it. */
	while (clock_mono_ms() < end_ms) {
		assert_int_equal(plain_sign(), CKR_OK);
		nanosleep(&pause, NULL);
	}
	assert_int_equal(
	    plain.p11->C_GetSessionInfo(idle, &info), CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(plain_sign(), CKR_OK);
}

static void
a_reset_ends_every_session_and_the_login(void **state)
{
	CK_SESSION_INFO info;

	(void)state;
	faults_trouble(plain.faults, TROUBLE_RESET, 1, 1);
	assert_int_equal(plain_sign(), CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(plain_open_session(&plain.session), CKR_OK);
	assert_int_equal(plain.p11->C_GetSessionInfo(plain.session, &info), CKR_OK);
	assert_int_equal(info.state, CKS_RW_PUBLIC_SESSION);
	assert_int_not_equal(plain_sign(), CKR_OK);
	assert_int_equal(plain_log_in(CKU_USER, TEST_TOKEN_PIN), CKR_OK);
	plain_find_keys();
	assert_int_equal(plain_sign(), CKR_OK);
}

static void
the_login_is_lost_and_the_session_is_not(void **state)
{
	CK_SESSION_INFO info;

	(void)state;
	faults_trouble(plain.faults, TROUBLE_LOGOUT, 1, 1);
	assert_int_equal(plain.p11->C_GetSessionInfo(plain.session, &info), CKR_OK);
	assert_int_equal(info.state, CKS_RW_PUBLIC_SESSION);
	assert_int_not_equal(plain_sign(), CKR_OK);
	assert_int_equal(plain_log_in(CKU_USER, TEST_TOKEN_PIN), CKR_OK);
	plain_find_keys();
	assert_int_equal(plain_sign(), CKR_OK);
}

static void
slots_change_their_numbers(void **state)
{
	CK_SLOT_ID now;
	CK_TOKEN_INFO info;
	CK_SESSION_INFO about;

	(void)state;
	faults_trouble(plain.faults, TROUBLE_SLOT_OFFSET, 3, FAULTS_ALWAYS);
	assert_int_equal(
	    plain.p11->C_GetTokenInfo(plain.slot, &info), CKR_SLOT_ID_INVALID);
	assert_int_equal(plain_find_slot(&now), 1);
	assert_int_equal(now, plain.slot + 3);
	assert_int_equal(plain.p11->C_GetSessionInfo(plain.session, &about), CKR_OK);
	assert_int_equal(about.slotID, now);
	assert_int_equal(plain_sign(), CKR_OK);
}

static void
check_gone(enum faults_trouble trouble, CK_RV of_token, CK_RV of_slot)
{
	CK_ULONG count = 7;
	CK_SLOT_INFO info;
	CK_SESSION_HANDLE other;

	faults_trouble(plain.faults, trouble, 1, FAULTS_ALWAYS);
	assert_int_equal(plain.p11->C_GetSlotList(CK_TRUE, NULL, &count), CKR_OK);
	assert_int_equal(count, 0);
	assert_int_equal(plain_open_session(&other), of_token);
	assert_int_equal(plain_sign(), CKR_DEVICE_REMOVED);
	assert_int_equal(plain.p11->C_GetSlotInfo(plain.slot, &info), of_slot);
	if (of_slot == CKR_OK)
		assert_int_equal(info.flags & CKF_TOKEN_PRESENT, 0);
}

/* What was open before does not come back with it. */
static void
check_back(void)
{
	faults_clear(plain.faults);
	assert_int_equal(plain_sign(), CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(plain_find_slot(&plain.slot), 1);
	assert_int_equal(plain_open_session(&plain.session), CKR_OK);
	assert_int_equal(plain_log_in(CKU_USER, TEST_TOKEN_PIN), CKR_OK);
	plain_find_keys();
	assert_int_equal(plain_sign(), CKR_OK);
}

static void
the_token_disappears_and_comes_back(void **state)
{
	(void)state;
	check_gone(TROUBLE_NO_TOKEN, CKR_TOKEN_NOT_PRESENT, CKR_OK);
	check_back();
	check_gone(TROUBLE_NO_SLOT, CKR_SLOT_ID_INVALID, CKR_SLOT_ID_INVALID);
	check_back();
}

static void
a_token_that_was_away_unseen_was_away(void **state)
{
	(void)state;
	faults_trouble(plain.faults, TROUBLE_NO_TOKEN, 1, FAULTS_ALWAYS);
	check_back();
}

static bool
lists(CK_MECHANISM_TYPE type)
{
	CK_MECHANISM_TYPE list[256];
	CK_ULONG count = 256;
	bool found = false;

	assert_int_equal(plain.p11->C_GetMechanismList(plain.slot, list, &count), CKR_OK);
	for (CK_ULONG i = 0; i < count; i++)
		found = found || list[i] == type;
	return found;
}

static void
check_unknown(enum faults_trouble trouble, CK_MECHANISM *mechanism)
{
	CK_MECHANISM other = { .mechanism = CKM_RSA_PKCS };
	CK_MECHANISM_INFO info;
	CK_BYTE out[256];
	CK_ULONG len = sizeof(out);

	assert_true(lists(mechanism->mechanism));
	assert_int_equal(
	    plain.p11->C_SignInit(plain.session, mechanism, plain.rsa), CKR_OK);
	plain.p11->C_Sign(plain.session, plain.block,
	    mechanism->mechanism == CKM_RSA_X_509 ? 256 : 32, out, &len);
	faults_trouble(plain.faults, trouble, 1, FAULTS_ALWAYS);
	assert_false(lists(mechanism->mechanism));
	assert_int_equal(
	    plain.p11->C_GetMechanismInfo(plain.slot, mechanism->mechanism, &info),
	    CKR_MECHANISM_INVALID);
	assert_int_equal(plain.p11->C_SignInit(plain.session, mechanism, plain.rsa),
	    CKR_MECHANISM_INVALID);
	assert_int_equal(plain.p11->C_DecryptInit(plain.session, mechanism, plain.rsa),
	    CKR_MECHANISM_INVALID);
	assert_int_equal(plain.p11->C_SignInit(plain.session, &other, plain.rsa), CKR_OK);
	len = sizeof(out);
	assert_int_equal(
	    plain.p11->C_Sign(plain.session, plain.digest, 32, out, &len), CKR_OK);
	assert_int_equal(plain_sign(), CKR_OK);
}

static void
raw_rsa_is_refused(void **state)
{
	CK_MECHANISM raw = { .mechanism = CKM_RSA_X_509 };

	(void)state;
	check_unknown(TROUBLE_NO_RAW_RSA, &raw);
}

static void
pss_is_refused(void **state)
{
	CK_RSA_PKCS_PSS_PARAMS params = { CKM_SHA256, CKG_MGF1_SHA256, 32 };
	CK_MECHANISM pss = { CKM_RSA_PKCS_PSS, &params, sizeof(params) };

	(void)state;
	check_unknown(TROUBLE_NO_PSS, &pss);
}

static CK_RV
decrypt_block(void)
{
	CK_MECHANISM raw = { .mechanism = CKM_RSA_X_509 };
	CK_BYTE out[256];
	CK_ULONG len = sizeof(out);

	assert_int_equal(
	    plain.p11->C_DecryptInit(plain.session, &raw, plain.rsa), CKR_OK);
	return plain.p11->C_Decrypt(
	    plain.session, plain.block, sizeof(plain.block), out, &len);
}

static CK_RV
sign_with_pin(const char *pin)
{
	CK_MECHANISM mechanism = { .mechanism = CKM_ECDSA };
	CK_BYTE signature[64];
	CK_ULONG len = sizeof(signature);
	CK_RV rv;

	assert_int_equal(
	    plain.p11->C_SignInit(plain.session, &mechanism, plain.ec), CKR_OK);
	rv = plain_log_in(CKU_CONTEXT_SPECIFIC, pin);
	assert_int_equal(
	    rv, strcmp(pin, TEST_TOKEN_PIN) == 0 ? CKR_OK : CKR_PIN_INCORRECT);
	return plain.p11->C_Sign(
	    plain.session, plain.digest, sizeof(plain.digest), signature, &len);
}

static void
each_use_of_a_key_wants_a_login(void **state)
{
	CK_BBOOL always = CK_FALSE;
	CK_ATTRIBUTE attribute = { CKA_ALWAYS_AUTHENTICATE, &always, 1 };

	(void)state;
	assert_int_equal(decrypt_block(), CKR_OK);
	faults_trouble(plain.faults, TROUBLE_ALWAYS_AUTHENTICATE, 1, FAULTS_ALWAYS);
	assert_int_equal(
	    plain.p11->C_GetAttributeValue(plain.session, plain.ec, &attribute, 1),
	    CKR_OK);
	assert_int_equal(always, CK_TRUE);
	assert_int_equal(plain_sign(), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(decrypt_block(), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(sign_with_pin("wrong-pin"), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(sign_with_pin(TEST_TOKEN_PIN), CKR_OK);
	assert_int_equal(plain_sign(), CKR_USER_NOT_LOGGED_IN);
}

static CK_FLAGS
token_flags(void)
{
	CK_TOKEN_INFO info;

	assert_int_equal(plain.p11->C_GetTokenInfo(plain.slot, &info), CKR_OK);
	return info.flags & (CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED);
}

static void
the_pin_is_said_to_be_near_its_end(void **state)
{
	(void)state;
	assert_int_equal(token_flags(), 0);
	faults_trouble(plain.faults, TROUBLE_PIN_FINAL_TRY, 1, FAULTS_ALWAYS);
	assert_int_equal(token_flags(), CKF_USER_PIN_FINAL_TRY);
	faults_clear(plain.faults);
	faults_trouble(plain.faults, TROUBLE_PIN_LOCKED, 1, FAULTS_ALWAYS);
	assert_int_equal(token_flags(), CKF_USER_PIN_LOCKED);
}

static CK_RV
sign_and_verify_rsa(void)
{
	CK_MECHANISM mechanism = { .mechanism = CKM_SHA256_RSA_PKCS };
	CK_BYTE signature[256];
	CK_ULONG len = sizeof(signature);

	assert_int_equal(
	    plain.p11->C_SignInit(plain.session, &mechanism, plain.rsa), CKR_OK);
	assert_int_equal(
	    plain.p11->C_SignUpdate(plain.session, plain.digest, sizeof(plain.digest)),
	    CKR_OK);
	assert_int_equal(plain.p11->C_SignFinal(plain.session, signature, &len), CKR_OK);
	return plain_verify(plain.rsa_public, CKM_SHA256_RSA_PKCS, signature, len);
}

static void
signatures_do_not_verify(void **state)
{
	CK_BYTE signature[64];
	CK_ULONG len = sizeof(signature);

	(void)state;
	faults_trouble(plain.faults, TROUBLE_WRONG_SIGNATURES, 1, 2);
	assert_int_equal(plain_sign_in(plain.session, signature, &len), CKR_OK);
	assert_int_equal(plain_verify(plain.ec_public, CKM_ECDSA, signature, len),
	    CKR_SIGNATURE_INVALID);
	assert_int_equal(sign_and_verify_rsa(), CKR_SIGNATURE_INVALID);
	assert_int_equal(sign_and_verify_rsa(), CKR_OK);
	assert_int_equal(plain_sign_in(plain.session, signature, &len), CKR_OK);
	assert_int_equal(
	    plain_verify(plain.ec_public, CKM_ECDSA, signature, len), CKR_OK);
}

#define THREADS 4

static void *
sign_often(void *arg)
{
	CK_BYTE signature[64];

	(void)arg;
	for (int i = 0; i < 200; i++) {
		CK_SESSION_HANDLE own;
		CK_ULONG len = sizeof(signature);

		if (plain_open_session(&own) == CKR_OK)
			plain_sign_in(own, signature, &len);
	}
	return NULL;
}

/* SoftHSM crashes when a session is closed under a call in it. */
static void
sessions_end_under_load(void **state)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, sign_often, NULL), 0);
	for (int i = 0; i < 100; i++) {
		faults_trouble(plain.faults, TROUBLE_RESET, 1, 1);
		nanosleep(&pause, NULL);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	check_back();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PLAIN_TEST(so_many_sessions_and_no_more),
		PLAIN_TEST(idle_sessions_end_and_busy_ones_do_not),
		PLAIN_TEST(a_reset_ends_every_session_and_the_login),
		PLAIN_TEST(the_login_is_lost_and_the_session_is_not),
		PLAIN_TEST(slots_change_their_numbers),
		PLAIN_TEST(the_token_disappears_and_comes_back),
		PLAIN_TEST(a_token_that_was_away_unseen_was_away),
		PLAIN_TEST(raw_rsa_is_refused),
		PLAIN_TEST(pss_is_refused),
		PLAIN_TEST(each_use_of_a_key_wants_a_login),
		PLAIN_TEST(the_pin_is_said_to_be_near_its_end),
		PLAIN_TEST(signatures_do_not_verify),
		PLAIN_TEST(sessions_end_under_load),
	};

	return cmocka_run_group_tests(tests, plain_open, test_token_close);
}

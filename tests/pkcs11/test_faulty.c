/* test_faulty.c - what faulty-pkcs11.so does to single functions. */
#include <dlfcn.h>
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
#include "tests/support/ckr_names.h"
#include "tests/support/token.h"

/* A pointer each, after the version. */
static void
each_function_is_forwarded_by_one_of_its_own(void **state)
{
	const size_t first = offsetof(CK_FUNCTION_LIST, C_Initialize);
	const size_t count = (sizeof(CK_FUNCTION_LIST) - first) / sizeof(void *);
	void *library = dlopen(TEST_SOFTHSM, RTLD_NOW | RTLD_LOCAL);
	CK_C_GetFunctionList get_list;
	CK_FUNCTION_LIST *real;
	void *ours[FUNCTION_ANY], *theirs[FUNCTION_ANY];

	(void)state;
	assert_int_equal(count, FUNCTION_ANY);
	assert_non_null(library);
	get_list = (CK_C_GetFunctionList)dlsym(library, "C_GetFunctionList");
	assert_int_equal(get_list(&real), CKR_OK);
	memcpy(ours, (char *)plain.p11 + first, sizeof(ours));
	memcpy(theirs, (char *)real + first, sizeof(theirs));
	for (size_t i = 0; i < count; i++) {
		assert_non_null(ours[i]);
		assert_ptr_not_equal(ours[i], theirs[i]);
		for (size_t j = 0; j < i; j++)
			assert_ptr_not_equal(ours[i], ours[j]);
	}
	assert_int_equal(plain.p11->version.major, 2);
	assert_int_equal(plain.p11->version.minor, 40);
	dlclose(library);
}

static void
without_a_fault_it_is_the_real_token(void **state)
{
	CK_MECHANISM mechanism = { .mechanism = CKM_ECDSA };
	CK_BYTE signature[64];
	CK_ULONG len = sizeof(signature);

	(void)state;
	assert_int_equal(plain_sign_in(plain.session, signature, &len), CKR_OK);
	assert_int_equal(
	    plain.p11->C_VerifyInit(plain.session, &mechanism, plain.ec_public), CKR_OK);
	assert_int_equal(plain.p11->C_Verify(plain.session, plain.digest,
			     sizeof(plain.digest), signature, len),
	    CKR_OK);
}

static void
a_function_fails_for_the_next_calls_alone(void **state)
{
	(void)state;
	faults_set(plain.faults, FUNCTION_C_SignInit, EFFECT_RETURN, CKR_DEVICE_ERROR, 2);
	assert_int_equal(plain_sign(), CKR_DEVICE_ERROR);
	assert_int_equal(
	    plain_log_in(CKU_USER, TEST_TOKEN_PIN), CKR_USER_ALREADY_LOGGED_IN);
	assert_int_equal(plain_sign(), CKR_DEVICE_ERROR);
	assert_int_equal(plain_sign(), CKR_OK);
}

static void
a_function_fails_until_told_otherwise(void **state)
{
	(void)state;
	faults_set(plain.faults, FUNCTION_C_SignInit, EFFECT_RETURN, CKR_HOST_MEMORY,
	    FAULTS_ALWAYS);
	for (int i = 0; i < 10; i++)
		assert_int_equal(plain_sign(), CKR_HOST_MEMORY);
	faults_clear_function(plain.faults, FUNCTION_C_SignInit);
	assert_int_equal(plain_sign(), CKR_OK);
}

static void
any_function_fails(void **state)
{
	CK_INFO info;
	CK_FUNCTION_LIST *list;

	(void)state;
	faults_set(plain.faults, FUNCTION_ANY, EFFECT_RETURN, CKR_VENDOR_DEFINED + 7, 3);
	assert_int_equal(plain.p11->C_GetInfo(&info), CKR_VENDOR_DEFINED + 7);
	assert_int_equal(
	    plain.p11->C_SeedRandom(plain.session, plain.digest, sizeof(plain.digest)),
	    CKR_VENDOR_DEFINED + 7);
	assert_int_equal(plain.p11->C_GetFunctionList(&list), CKR_OK);
	assert_int_equal(
	    plain.p11->C_CloseSession(plain.session), CKR_VENDOR_DEFINED + 7);
	assert_int_equal(plain_sign(), CKR_OK);
}

static void
calls_are_counted_by_function(void **state)
{
	uint64_t logins = faults_calls(plain.faults, FUNCTION_C_Login);
	uint64_t signs = faults_calls(plain.faults, FUNCTION_C_Sign);

	(void)state;
	assert_int_equal(plain_sign(), CKR_OK);
	faults_set(plain.faults, FUNCTION_C_Sign, EFFECT_RETURN, CKR_DEVICE_ERROR, 1);
	assert_int_equal(plain_sign(), CKR_DEVICE_ERROR);
	assert_int_equal(faults_calls(plain.faults, FUNCTION_C_Sign), signs + 2);
	assert_int_equal(faults_calls(plain.faults, FUNCTION_C_Login), logins);
}

static void
a_function_takes_longer(void **state)
{
	int64_t begin = clock_mono_ms();

	(void)state;
	faults_set(plain.faults, FUNCTION_C_Sign, EFFECT_DELAY, 1500, 1);
	assert_int_equal(plain_sign(), CKR_OK);
	assert_in_range(clock_mono_ms() - begin, 1499, 60000);
	begin = clock_mono_ms();
	assert_int_equal(plain_sign(), CKR_OK);
	assert_in_range(clock_mono_ms() - begin, 0, 1400);
}

static void *
sign_elsewhere(void *arg)
{
	CK_SESSION_HANDLE own;
	CK_BYTE signature[64];
	CK_ULONG len = sizeof(signature);
	CK_RV *rv = arg;

	if ((*rv = plain_open_session(&own)) == CKR_OK)
		*rv = plain_sign_in(own, signature, &len);
	return NULL;
}

static void
wait_for_hanging(unsigned count)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	for (int i = 0; i < 5000 && faults_hanging(plain.faults) != count; i++)
		nanosleep(&pause, NULL);
	assert_int_equal(faults_hanging(plain.faults), count);
}

/* And only that call: others go on meanwhile. */
static void
a_call_hangs_until_it_is_released(void **state)
{
	const struct timespec pause = { .tv_nsec = 50 * 1000000 };
	pthread_t thread;
	CK_RV rv = CKR_GENERAL_ERROR;

	(void)state;
	faults_set(plain.faults, FUNCTION_C_SignInit, EFFECT_HANG, 0, 1);
	assert_int_equal(pthread_create(&thread, NULL, sign_elsewhere, &rv), 0);
	wait_for_hanging(1);
	assert_int_equal(plain_sign(), CKR_OK);
	nanosleep(&pause, NULL);
	assert_int_equal(faults_hanging(plain.faults), 1);
	faults_clear(plain.faults);
	pthread_join(thread, NULL);
	assert_int_equal(rv, CKR_OK);
	assert_int_equal(faults_hanging(plain.faults), 0);
}

static void
names_are_read(void **state)
{
	enum faults_function function;
	enum faults_trouble trouble;
	unsigned long value;

	(void)state;
	assert_int_equal(faults_find_function("C_Sign", &function), 0);
	assert_int_equal(function, FUNCTION_C_Sign);
	assert_int_equal(faults_find_function("C_Sing", &function), -1);
	for (int i = 0; i < TROUBLES; i++) {
		assert_int_equal(
		    faults_find_trouble(
			faults_trouble_name((enum faults_trouble)i), &trouble),
		    0);
		assert_int_equal(trouble, i);
	}
	assert_int_equal(faults_find_trouble("none", &trouble), -1);
	assert_int_equal(ckr_read("CKR_DEVICE_REMOVED", &value), 0);
	assert_int_equal(value, CKR_DEVICE_REMOVED);
	assert_int_equal(ckr_read("0x80000001", &value), 0);
	assert_int_equal(value, 0x80000001);
	assert_int_equal(ckr_read("CKR_NONSENSE", &value), -1);
	assert_int_equal(ckr_read("0x3g", &value), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PLAIN_TEST(each_function_is_forwarded_by_one_of_its_own),
		PLAIN_TEST(without_a_fault_it_is_the_real_token),
		PLAIN_TEST(a_function_fails_for_the_next_calls_alone),
		PLAIN_TEST(a_function_fails_until_told_otherwise),
		PLAIN_TEST(any_function_fails),
		PLAIN_TEST(calls_are_counted_by_function),
		PLAIN_TEST(a_function_takes_longer),
		PLAIN_TEST(a_call_hangs_until_it_is_released),
		PLAIN_TEST(names_are_read),
	};

	return cmocka_run_group_tests(tests, plain_open, test_token_close);
}

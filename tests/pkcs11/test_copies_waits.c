/* test_copies_waits.c - who waits for a copy that ends, by a token that takes its time.
 */
#include "pkcs11/copies.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "pkcs11/session.h"
#include "tests/support/token.h"

static int
set_up(void **state)
{
	struct test_token *t;
	struct error err = { 0 };

	if (test_faulty_module_open(state) != 0)
		return -1;
	t = *state;
	test_token_make(t->module, TEST_TOKEN_LABEL);
	if (test_token_login(t, TEST_TOKEN_LABEL, TEST_TOKEN_PIN, &err) != 0 ||
	    test_keystore_new(t->token, &t->keystore, &err) != 0)
		fail_msg("%s", err.text);
	return 0;
}

static int
sign(struct keystore *store, const struct keystore_key *key)
{
	static const struct bytes message = { (const unsigned char *)"m", 1 };
	unsigned char sig[SIGNATURE_MAX_BYTES];
	size_t len;

	return test_sign(store, key->key.spki_sha256, SCHEME_ECDSA_SECP256R1_SHA256,
	    &message, sig, &len, NULL);
}

static const struct keytable_slot *
slot_of(struct keystore *store, const struct keystore_key *key)
{
	return keytable_by_spki(&store->table, key->key.spki_sha256);
}

/* One that has signed, so that there is a copy of it. */
static struct keystore_key
make(struct keystore *store)
{
	struct keystore_key key;
	struct error err = { 0 };
	bool on_token;

	if (keystore_generate(store, "web", KEY_EC_P256, KEY_USE_SIGN, &key, &err) != 0 ||
	    keystore_add(store, &key, &on_token, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(sign(store, &key), 0);
	assert_true(slot_of(store, &key)->copy.handle != CK_INVALID_HANDLE);
	return key;
}

/* Keys and their copies: any session finds both. */
static size_t
count_private(struct token *token)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE private = { CKA_CLASS, &class, sizeof(class) };
	CK_OBJECT_HANDLE found[8];
	CK_SESSION_HANDLE session;
	size_t count;

	assert_int_equal(session_take(token->sessions, &session, NULL), 0);
	assert_int_equal(
	    object_find(token->functions, session, &private, 1, found, 8, &count, NULL),
	    0);
	session_give(token->sessions, session);
	return count;
}

/* Nobody new would come in meanwhile. */
static void
a_copy_that_fails_signs_no_more_though_somebody_is_in_a_call(void **state)
{
	struct test_token *t = *state;
	struct keystore_key key = make(t->keystore);
	const struct keytable_slot *slot = slot_of(t->keystore, &key);
	int64_t begin;

	pthread_rwlock_rdlock(&t->keystore->handles);
	faults_set(t->faults, FUNCTION_C_SignInit, EFFECT_RETURN, CKR_GENERAL_ERROR, 1);
	begin = clock_mono_ms();
	assert_int_equal(sign(t->keystore, &key), 0);
	assert_in_range(clock_mono_ms() - begin, 0, TEST_TOKEN_WAIT_MS / 2);
	pthread_rwlock_unlock(&t->keystore->handles);
	assert_int_equal(slot->copy.handle, CK_INVALID_HANDLE);
	assert_true(slot->copy.due_ms > begin);
	/* It would sign on, for whoever finds it. */
	assert_int_equal(count_private(t->token), 2);
	test_key_destroy(t->keystore, &key);
	assert_int_equal(count_private(t->token), 0);
}

static void *
destroy_key(void *arg)
{
	struct keystore *store = arg;
	struct keystore_key key;

	if (keystore_find(store, "web", &key, NULL) != 0)
		return arg;
	return keystore_destroy(store, &key, NULL) == 0 ? NULL : arg;
}

static void
that_the_end_of_a_copy_hangs_is_seen(void **state)
{
	struct test_token *t = *state;
	struct keystore_key key = make(t->keystore);
	pthread_t thread;
	void *failed;

	assert_int_equal(atomic_load(&t->keystore->copying_since_ms), 0);
	faults_set(t->faults, FUNCTION_C_DestroyObject, EFFECT_HANG, 0, 1);
	assert_int_equal(pthread_create(&thread, NULL, destroy_key, t->keystore), 0);
	for (int i = 0; i < 10000 && faults_hanging(t->faults) == 0; i++)
		usleep(1000);
	assert_true(atomic_load(&t->keystore->copying_since_ms) != 0);
	faults_clear(t->faults);
	pthread_join(thread, &failed);
	assert_null(failed);
	assert_int_equal(atomic_load(&t->keystore->copying_since_ms), 0);
	keystore_forget(t->keystore, &key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_copy_that_fails_signs_no_more_though_somebody_is_in_a_call),
		cmocka_unit_test(that_the_end_of_a_copy_hangs_is_seen),
	};

	return cmocka_run_group_tests(tests, set_up, test_token_close);
}

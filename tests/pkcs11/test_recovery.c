/* test_recovery.c - a token that fails works again by itself. */
#include "pkcs11/recovery.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "pkcs11/keystore_state.h"
#include "tests/support/token.h"

/* On a machine that is busy, what does not hang may take its time, too. */
#define HANG_MS 1000
#define WAIT_MS 20000

/* The keeper's thread and the watch's have a hand in it. */
static struct {
	const char *_Atomic pin;
	atomic_int logins, refused, gave_up, record_rc;
} seen;

static int
read_pin(void *ctx, struct secret **pin, struct error *err)
{
	const char *text = seen.pin;

	(void)ctx;
	return secret_new(text, strlen(text), pin, err);
}

static int
note_login(void *ctx, int rc, struct error *err)
{
	(void)ctx;
	if (rc == 0)
		seen.logins++;
	else if (err->code == ERROR_PIN)
		seen.refused++;
	if (rc == 0 && seen.record_rc != 0)
		return error_set(err, ERROR_UNRECORDED, "the disk is full");
	return rc;
}

static void
give_up(void *ctx)
{
	(void)ctx;
	seen.gave_up++;
}

/* A keystore that recovers fast, in place of the group's; and its one key. */
struct scene {
	struct test_token *t;
	struct keystore *store;
	struct keystore_key key;
};

static void
open_scene(struct scene *scene, struct test_token *t, int64_t watchdog_ms)
{
	const struct keystore_options options = {
		.verify_one_in = 1,
		.recovery = {
			.wait_ms = WAIT_MS,
			.pause_ms = 20,
			.hang_ms = HANG_MS,
			.watchdog_ms = watchdog_ms,
			.keepalive_ms = 50,
			.note_login = note_login,
			.give_up = give_up,
		},
	};
	struct error err = { 0 };
	bool on_token;

	scene->t = t;
	memset(&seen, 0, sizeof(seen));
	seen.pin = TEST_TOKEN_PIN;
	t->token->read_pin = read_pin;
	assert_int_equal(keystore_new(t->token, &options, &scene->store, &err), 0);
	if (keystore_generate(
		scene->store, "web", KEY_EC_P256, KEY_USE_SIGN, &scene->key, &err) != 0 ||
	    keystore_add(scene->store, &scene->key, &on_token, &err) != 0)
		fail_msg("%s", err.text);
}

static int
sign(struct scene *scene, struct error *err)
{
	const struct bytes message = { .data = (const unsigned char *)"m", .len = 1 };
	unsigned char sig[SIGNATURE_MAX_BYTES];
	size_t len;

	return test_sign(scene->store, scene->key.key.spki_sha256,
	    SCHEME_ECDSA_SECP256R1_SHA256, &message, sig, &len, err);
}

static void
wait_until_it_signs(struct scene *scene)
{
	const struct timespec step = { .tv_nsec = 5000000 };
	struct error err = { 0 };

	for (int i = 0; i < 4000; i++) {
		if (sign(scene, &err) == 0)
			return;
		nanosleep(&step, NULL);
	}
	fail_msg("%s", err.text);
}

static void
close_scene(struct scene *scene)
{
	faults_clear(scene->t->faults);
	wait_until_it_signs(scene);
	test_key_destroy(scene->store, &scene->key);
	keystore_free(scene->store);
}

/* What is not tried twice says as much of the token. */
static void
a_pair_that_could_not_be_made_has_the_token_looked_at(void **state)
{
	const struct timespec step = { .tv_nsec = 5000000 };
	struct error err = { 0 };
	struct keystore_key other;
	struct scene scene;

	open_scene(&scene, *state, 0);
	faults_set(scene.t->faults, FUNCTION_C_SignInit, EFFECT_RETURN, CKR_DEVICE_ERROR,
	    FAULTS_ALWAYS);
	faults_set(scene.t->faults, FUNCTION_C_GenerateKeyPair, EFFECT_RETURN,
	    CKR_DEVICE_ERROR, 1);
	assert_int_equal(keystore_generate(scene.store, "other", KEY_EC_P256,
			     KEY_USE_SIGN, &other, &err),
	    -1);
	assert_int_equal(err.code, ERROR_AWAY);
	for (int i = 0; i < 4000 && !keystore_is_away(scene.store); i++)
		nanosleep(&step, NULL);
	assert_true(keystore_is_away(scene.store));
	close_scene(&scene);
}

static void
no_signature_is_lost_when_sessions_or_the_login_end(void **state)
{
	static const enum faults_trouble troubles[] = { TROUBLE_RESET, TROUBLE_LOGOUT };
	struct error err = { 0 };
	struct scene scene;

	open_scene(&scene, *state, 0);
	assert_int_equal(sign(&scene, &err), 0);
	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
		faults_trouble(scene.t->faults, troubles[i], 1, 1);
		for (int n = 0; n < 20; n++)
			if (sign(&scene, &err) != 0)
				fail_msg("%zu: %s", i, err.text);
	}
	assert_int_equal(recovery_state(scene.store->recovery).reloads, 0);
	assert_in_range(seen.logins, 2, 4);
	close_scene(&scene);
}

static void
a_login_that_ended_is_found_before_anybody_asks(void **state)
{
	const struct timespec step = { .tv_nsec = 10000000 };
	struct scene scene;

	open_scene(&scene, *state, 0);
	faults_trouble(scene.t->faults, TROUBLE_LOGOUT, 1, 1);
	for (int i = 0; i < 2000 && recovery_state(scene.store->recovery).logins == 0;
	     i++)
		nanosleep(&step, NULL);
	assert_int_equal(recovery_state(scene.store->recovery).logins, 1);
	close_scene(&scene);
}

static void
a_token_in_another_slot_is_found_again(void **state)
{
	struct error err = { 0 };
	struct scene scene;

	open_scene(&scene, *state, 0);
	faults_trouble(scene.t->faults, TROUBLE_NO_SLOT, 1, FAULTS_ALWAYS);
	assert_int_equal(sign(&scene, &err), -1);
	assert_int_equal(err.code, ERROR_AWAY);
	faults_clear(scene.t->faults);
	faults_trouble(scene.t->faults, TROUBLE_SLOT_OFFSET, 3, FAULTS_ALWAYS);
	wait_until_it_signs(&scene);
	assert_true(recovery_state(scene.store->recovery).reloads > 0);
	faults_clear(scene.t->faults);
	faults_trouble(scene.t->faults, TROUBLE_RESET, 1, 1);
	close_scene(&scene);
}

static void
while_the_token_is_away_requests_are_refused_at_once(void **state)
{
	struct error err = { 0 };
	struct scene scene;
	uint64_t calls;

	open_scene(&scene, *state, 0);
	faults_set(scene.t->faults, FUNCTION_ANY, EFFECT_RETURN, CKR_DEVICE_ERROR,
	    FAULTS_ALWAYS);
	assert_int_equal(sign(&scene, &err), -1);
	assert_true(keystore_is_away(scene.store));
	assert_int_equal(keystore_check(scene.store, &err), -1);
	assert_non_null(strstr(err.text, "the token is away: "));
	calls = faults_calls(scene.t->faults, FUNCTION_C_SignInit);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(sign(&scene, &err), -1);
	assert_in_range(
	    faults_calls(scene.t->faults, FUNCTION_C_SignInit) - calls, 0, 100);
	close_scene(&scene);
	assert_true(seen.logins > 0);
}

static void
a_key_that_fails_by_itself_stops_no_other(void **state)
{
	struct keystore_key gone;
	struct error err = { 0 };
	struct scene scene;
	bool on_token;

	open_scene(&scene, *state, 0);
	assert_int_equal(keystore_generate(
			     scene.store, "gone", KEY_EC_P256, KEY_USE_SIGN, &gone, &err),
	    0);
	assert_int_equal(keystore_add(scene.store, &gone, &on_token, &err), 0);
	assert_int_equal(token_destroy(scene.t->token, &gone.id, &err), 0);
	for (int i = 0; i < 3; i++) {
		const struct bytes message = { .data = (const unsigned char *)"m",
			.len = 1 };
		unsigned char sig[SIGNATURE_MAX_BYTES];
		size_t len;

		assert_int_equal(
		    test_sign(scene.store, gone.key.spki_sha256,
			SCHEME_ECDSA_SECP256R1_SHA256, &message, sig, &len, &err),
		    -1);
		assert_int_equal(err.code, ERROR_TOKEN);
		assert_false(keystore_is_away(scene.store));
		assert_int_equal(sign(&scene, &err), 0);
	}
	assert_int_equal(keystore_check(scene.store, &err), 0);
	assert_int_equal(recovery_state(scene.store->recovery).reloads, 0);
	keystore_forget(scene.store, &gone);
	close_scene(&scene);
}

static void
a_wrong_signature_is_not_handed_out(void **state)
{
	struct error err = { 0 };
	struct scene scene;

	open_scene(&scene, *state, 0);
	faults_trouble(scene.t->faults, TROUBLE_WRONG_SIGNATURES, 1, 1);
	assert_int_equal(sign(&scene, &err), 0);
	faults_trouble(scene.t->faults, TROUBLE_WRONG_SIGNATURES, 1, FAULTS_ALWAYS);
	assert_int_equal(sign(&scene, &err), -1);
	assert_true(keystore_is_away(scene.store));
	close_scene(&scene);
}

/* A copy that signs wrongly, as when its number has become another key's. */
static void
what_signed_wrongly_is_not_used_again(void **state)
{
	struct keystore_key other;
	struct keytable_slot *slot, *others;
	struct error err = { 0 };
	struct scene scene;
	bool on_token;

	open_scene(&scene, *state, 0);
	assert_int_equal(keystore_generate(scene.store, "other", KEY_EC_P256,
			     KEY_USE_SIGN, &other, &err),
	    0);
	assert_int_equal(keystore_add(scene.store, &other, &on_token, &err), 0);
	assert_int_equal(sign(&scene, &err), 0);
	slot = keytable_by_spki(&scene.store->table, scene.key.key.spki_sha256);
	others = keytable_by_spki(&scene.store->table, other.key.spki_sha256);
	assert_true(slot->copy.handle != CK_INVALID_HANDLE);
	slot->handle = others->handle;
	assert_int_equal(sign(&scene, &err), 0);
	slot->copy = (struct keytable_copy){ CK_INVALID_HANDLE, INT64_MAX };
	assert_int_equal(sign(&scene, &err), 0);
	assert_true(slot->handle != others->handle);
	assert_int_equal(sign(&scene, &err), 0);
	slot->copy = (struct keytable_copy){ others->handle, INT64_MAX };
	assert_int_equal(sign(&scene, &err), 0);
	assert_true(slot->copy.handle != others->handle);
	assert_int_equal(recovery_state(scene.store->recovery).reloads, 0);
	test_key_destroy(scene.store, &other);
	close_scene(&scene);
}

static void
a_pin_that_is_refused_is_tried_once_until_it_changes(void **state)
{
	const struct timespec a_while = { .tv_nsec = 300000000 };
	struct error err = { 0 };
	struct scene scene;
	uint64_t logins;

	open_scene(&scene, *state, 0);
	logins = faults_calls(scene.t->faults, FUNCTION_C_Login);
	seen.pin = "another";
	faults_trouble(scene.t->faults, TROUBLE_LOGOUT, 1, 1);
	assert_int_equal(sign(&scene, &err), -1);
	nanosleep(&a_while, NULL);
	assert_int_equal(sign(&scene, &err), -1);
	assert_int_equal(err.code, ERROR_PIN);
	assert_int_equal(faults_calls(scene.t->faults, FUNCTION_C_Login) - logins, 1);
	assert_true(seen.refused > 0);
	seen.pin = TEST_TOKEN_PIN;
	close_scene(&scene);
}

static void
a_login_that_cannot_be_recorded_is_none(void **state)
{
	struct error err = { 0 };
	struct scene scene;

	open_scene(&scene, *state, 0);
	seen.record_rc = -1;
	faults_trouble(scene.t->faults, TROUBLE_LOGOUT, 1, 1);
	assert_int_equal(sign(&scene, &err), -1);
	assert_true(keystore_is_away(scene.store));
	seen.record_rc = 0;
	close_scene(&scene);
}

static void *
sign_once(void *arg)
{
	struct error err = { 0 };

	sign(arg, &err);
	return NULL;
}

static bool
hangs(const struct scene *scene)
{
	return recovery_state(scene->store->recovery).hangs;
}

static bool
is_given_up(const struct scene *scene)
{
	(void)scene;
	return seen.gave_up > 0;
}

static bool
one_call_hangs(const struct scene *scene)
{
	return faults_hanging(scene->t->faults) == 1;
}

static void
wait_until(const struct scene *scene, bool (*is_so)(const struct scene *), bool wanted)
{
	int64_t end_ms = clock_mono_ms() + WAIT_MS;

	while (is_so(scene) != wanted) {
		assert_true(clock_mono_ms() < end_ms);
		usleep(5000);
	}
}

static void
one_call_that_hangs_stops_no_other(void **state)
{
	struct error err = { 0 };
	struct scene scene;
	pthread_t hanging;

	open_scene(&scene, *state, 0);
	faults_set(scene.t->faults, FUNCTION_C_SignInit, EFFECT_HANG, 0, 1);
	assert_int_equal(pthread_create(&hanging, NULL, sign_once, &scene), 0);
	wait_until(&scene, one_call_hangs, true);
	usleep(4 * HANG_MS * 1000);
	/* It may be said for a moment, where the keeper did not come to run in time. */
	wait_until(&scene, hangs, false);
	assert_int_equal(faults_hanging(scene.t->faults), 1);
	assert_int_equal(sign(&scene, &err), 0);
	assert_int_equal(keystore_check(scene.store, &err), 0);
	faults_clear(scene.t->faults);
	pthread_join(hanging, NULL);
	close_scene(&scene);
}

static void
a_token_that_hangs_is_told_at_once_and_given_up(void **state)
{
	struct error err = { 0 };
	struct scene scene;
	pthread_t hanging;
	int64_t began;

	open_scene(&scene, *state, 3 * HANG_MS);
	faults_set(scene.t->faults, FUNCTION_C_SignInit, EFFECT_HANG, 0, FAULTS_ALWAYS);
	assert_int_equal(pthread_create(&hanging, NULL, sign_once, &scene), 0);
	wait_until(&scene, is_given_up, true);
	began = clock_mono_ms();
	assert_int_equal(sign(&scene, &err), -1);
	assert_int_equal(keystore_check(scene.store, &err), -1);
	assert_int_equal(err.code, ERROR_AWAY);
	assert_in_range(clock_mono_ms() - began, 0, 5000);
	assert_true(hangs(&scene));
	faults_clear(scene.t->faults);
	pthread_join(hanging, NULL);
	close_scene(&scene);
}

static void
a_token_with_one_session_signs_for_many(void **state)
{
	struct error err = { 0 };
	struct scene scene;
	pthread_t threads[8];

	open_scene(&scene, *state, 0);
	faults_trouble(scene.t->faults, TROUBLE_MAX_SESSIONS, 1, FAULTS_ALWAYS);
	assert_int_equal(keystore_lock_out(scene.store, WAIT_MS, &err), 0);
	assert_int_equal(token_relogin(scene.t->token, &err), 0);
	keystore_forget_handles(scene.store);
	keystore_let_in(scene.store);
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, sign_once, &scene), 0);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(sign(&scene, &err), 0);
	assert_int_equal(session_pool_use(scene.t->token->sessions).max, 1);
	close_scene(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pair_that_could_not_be_made_has_the_token_looked_at),
		cmocka_unit_test(no_signature_is_lost_when_sessions_or_the_login_end),
		cmocka_unit_test(a_login_that_ended_is_found_before_anybody_asks),
		cmocka_unit_test(a_token_in_another_slot_is_found_again),
		cmocka_unit_test(while_the_token_is_away_requests_are_refused_at_once),
		cmocka_unit_test(a_key_that_fails_by_itself_stops_no_other),
		cmocka_unit_test(a_wrong_signature_is_not_handed_out),
		cmocka_unit_test(what_signed_wrongly_is_not_used_again),
		cmocka_unit_test(a_pin_that_is_refused_is_tried_once_until_it_changes),
		cmocka_unit_test(a_login_that_cannot_be_recorded_is_none),
		cmocka_unit_test(one_call_that_hangs_stops_no_other),
		cmocka_unit_test(a_token_that_hangs_is_told_at_once_and_given_up),
		cmocka_unit_test(a_token_with_one_session_signs_for_many),
	};

	return cmocka_run_group_tests(tests, test_faulty_token_open, test_token_close);
}

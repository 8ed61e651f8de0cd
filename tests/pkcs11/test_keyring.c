/* test_keyring.c - keys on several tokens, and one that is on two. */
#include "pkcs11/keyring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/rsa.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "pkcs11/generate.h"
#include "pkcs11/keystore_state.h"
#include "pkcs11/leftover.h"
#include "tests/base/directory.h"
#include "tests/pkcs11/ring.h"
#include "tests/support/import.h"

static void
a_token_that_is_away_stops_only_its_own_keys(void **state)
{
	struct keystore_key left, right, near;
	struct error err = { 0 };

	(void)state;
	make(NULL, "on-left", &left);
	make("near", "on-near", &near);
	make("right", "on-right", &right);
	assert_string_equal(left.token, "left");
	assert_string_equal(right.token, "right");
	assert_int_equal(keyring_count(s.ring), 3);
	assert_int_equal(keystore_count(s.stores[2]), 1);
	faults_trouble(s.t->faults, TROUBLE_NO_TOKEN, 1, FAULTS_ALWAYS);
	assert_int_equal(sign(&left, &err), -1);
	assert_int_equal(err.code, ERROR_AWAY);
	sign_many(&right, 20);
	assert_int_equal(keyring_check(s.ring, NULL), 0);
	assert_true(keyring_is_away(s.ring));
	faults_clear(s.t->faults);
	wait_until_it_works(s.stores[0]);
	wait_until_it_works(s.stores[1]);
	sign_many(&left, 1);
	sign_many(&near, 1);
	end_key(&left);
	end_key(&near);
	end_key(&right);
}

static void
what_a_token_fails_in_is_done_where_else_the_key_is(void **state)
{
	static const enum faults_trouble troubles[] = { TROUBLE_NO_TOKEN, TROUBLE_NO_SLOT,
		TROUBLE_WRONG_SIGNATURES, TROUBLE_LOGOUT };
	struct keystore_key key;

	(void)state;
	replicate("left", "both", 7, &key);
	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
		sign_many(&key, 1);
		faults_trouble(s.t->faults, troubles[i], 1, FAULTS_ALWAYS);
		sign_many(&key, 30);
		faults_clear(s.t->faults);
		wait_until_it_works(s.stores[0]);
		wait_until_it_works(s.stores[1]);
	}
	assert_true(keystore_has_seen(s.stores[2], key.key.spki_sha256));
	assert_false(keystore_has_seen(s.stores[1], key.key.spki_sha256));
	end_key(&key);
	assert_false(is_on(s.left, &key));
	assert_false(is_on(s.right, &key));
}

static void
a_decryption_moves_and_a_bad_ciphertext_does_not(void **state)
{
	unsigned char premaster[PREMASTER_BYTES], nonsense[256] = { 0, 1, 2, 3 };
	const struct bytes ciphertext = { nonsense, sizeof(nonsense) };
	const struct bytes short_one = { nonsense, 7 };
	struct keystore_key key;
	struct error err = { 0 };
	uint64_t calls;

	(void)state;
	replicate("right", "kex", 8, &key);
	calls = faults_calls(s.t->faults, FUNCTION_C_Decrypt);
	assert_int_equal(
	    keyring_decrypt(s.ring, key.key.spki_sha256, &ciphertext, premaster, &err),
	    0);
	assert_int_equal(
	    keyring_decrypt(s.ring, key.key.spki_sha256, &short_one, premaster, &err),
	    -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
	assert_int_equal(faults_calls(s.t->faults, FUNCTION_C_Decrypt), calls);
	end_key(&key);
	replicate("left", "kex", 8, &key);
	faults_trouble(s.t->faults, TROUBLE_NO_TOKEN, 1, FAULTS_ALWAYS);
	assert_int_equal(
	    keyring_decrypt(s.ring, key.key.spki_sha256, &ciphertext, premaster, &err),
	    0);
	faults_clear(s.t->faults);
	wait_until_it_works(s.stores[0]);
	end_key(&key);
}

static void
a_replica_is_neither_left_nor_adopted(void **state)
{
	const struct keyring_place place = { "right", "both", KEY_USE_TLS };
	struct keystore_key key, other;
	struct error err = { 0 };
	struct buffer found;

	(void)state;
	replicate("left", "both", 9, &key);
	buf_init(&found, 0);
	assert_int_equal(keystore_leftovers(s.stores[2], &found, &err), 0);
	assert_int_equal(found.len, 0);
	buf_free(&found);
	assert_int_equal(keystore_destroy_leftover(s.stores[2], &key.id, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_int_equal(keyring_adopt(s.ring, &place, KEY_FAMILY_RSA, &other, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_true(is_on(s.right, &key));
	end_key(&key);
}

static void
a_replica_that_was_seen_stays_in_use(void **state)
{
	struct keystore_key key;

	(void)state;
	replicate("right", "both", 14, &key);
	assert_int_equal(keystore_seek_guests(s.stores[0], NULL), 0);
	assert_true(keystore_has_seen(s.stores[0], key.key.spki_sha256));
	keystore_set_handle(s.stores[0], &key, CK_INVALID_HANDLE);
	assert_true(keystore_uses_id(s.stores[0], &key.id));
	assert_false(keystore_uses_id(s.stores[1], &key.id));
	end_key(&key);
}

static void
a_replica_that_cannot_be_destroyed_is_no_success(void **state)
{
	struct keystore_key key;
	struct error err = { 0 };

	(void)state;
	replicate("right", "both", 15, &key);
	assert_false(keystore_has_seen(s.stores[0], key.key.spki_sha256));
	faults_set(s.t->faults, FUNCTION_C_DestroyObject, EFFECT_RETURN,
	    CKR_FUNCTION_FAILED, FAULTS_ALWAYS);
	assert_int_equal(keyring_destroy(s.ring, &key, &err), -1);
	assert_true(is_on(s.left, &key));
	assert_true(keystore_has_seen(s.stores[0], key.key.spki_sha256));
	faults_clear(s.t->faults);
	end_key(&key);
	assert_false(is_on(s.left, &key));
}

/* What has its CKA_ID there cannot be told from it, and would go on to exist. */
static void
a_replica_that_may_be_there_is_no_success(void **state)
{
	EVP_PKEY *pkey = EVP_RSA_gen(2048);
	struct error err = { 0 };
	struct keystore_key key;
	struct token_pair pair;

	(void)state;
	replicate("right", "both", 16, &key);
	assert_int_equal(token_locate(s.left, &key.id, &pair, NULL), 0);
	assert_int_equal(token_destroy_object(s.left, pair.public, NULL), 0);
	assert_int_equal(keyring_destroy(s.ring, &key, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_non_null(strstr(err.text, "no public half"));
	test_import(s.left, pkey, "other", 16);
	assert_int_equal(keyring_destroy(s.ring, &key, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_non_null(strstr(err.text, "two objects"));
	assert_int_equal(token_destroy_object(s.left, pair.private, NULL), 0);
	end_key(&key);
	assert_false(is_on(s.right, &key));
	assert_int_equal(token_destroy(s.left, &key.id, NULL), 0);
	EVP_PKEY_free(pkey);
}

static void
of_a_key_that_nobody_uses_yet_only_itself_is_destroyed(void **state)
{
	EVP_PKEY *pkey = EVP_RSA_gen(2048);
	struct keystore_key near, unused;
	struct error err = { 0 };

	(void)state;
	test_import(s.near, pkey, "near", 16);
	EVP_PKEY_free(pkey);
	adopt("near", "near", &near);
	pkey = EVP_RSA_gen(2048);
	test_import(s.right, pkey, "unused", 16);
	EVP_PKEY_free(pkey);
	adopt("right", "unused", &unused);
	keyring_forget(s.ring, &unused);
	if (keyring_destroy(s.ring, &unused, &err) != 0)
		fail_msg("%s", err.text);
	assert_false(is_on(s.right, &unused));
	assert_true(is_on(s.near, &near));
	end_key(&near);
}

/* What is in its way is over sooner than a request gives up. */
static void
a_key_that_only_its_home_has_waits_for_it(void **state)
{
	struct keystore_key key;

	(void)state;
	make("left", "on-left", &key);
	for (int i = 0; i < 5; i++) {
		sign_many(&key, 1);
		faults_set(
		    s.t->faults, FUNCTION_C_Login, EFFECT_RETURN, CKR_DEVICE_ERROR, 1);
		faults_trouble(s.t->faults, TROUBLE_RESET, 1, 1);
		sign_many(&key, 1);
		faults_clear(s.t->faults);
		wait_until_it_works(s.stores[1]);
	}
	end_key(&key);
}

static void
another_key_of_the_same_id_is_in_nobodys_way(void **state)
{
	EVP_PKEY *first = EVP_RSA_gen(2048), *second = EVP_RSA_gen(2048);
	struct keystore_key one, two;

	(void)state;
	test_import(s.left, first, "one", 10);
	test_import(s.right, second, "two", 10);
	EVP_PKEY_free(first);
	EVP_PKEY_free(second);
	adopt("left", "one", &one);
	adopt("right", "two", &two);
	sign_many(&one, 2);
	sign_many(&two, 2);
	end_key(&one);
	assert_true(is_on(s.right, &two));
	sign_many(&two, 1);
	end_key(&two);
}

static void
nothing_is_destroyed_while_a_token_that_has_the_key_is_away(void **state)
{
	struct keystore_key both, alone;
	struct error err = { 0 };

	(void)state;
	replicate("right", "both", 11, &both);
	make("right", "alone", &alone);
	keyring_list(s.ring, NULL);
	keyring_unlist(s.ring);
	assert_true(keystore_has_seen(s.stores[0], both.key.spki_sha256));
	faults_trouble(s.t->faults, TROUBLE_NO_TOKEN, 1, FAULTS_ALWAYS);
	wait_until_away(s.stores[0]);
	assert_int_equal(keyring_destroy(s.ring, &both, &err), -1);
	assert_int_equal(err.code, ERROR_AWAY);
	sign_many(&both, 1);
	end_key(&alone);
	faults_clear(s.t->faults);
	wait_until_it_works(s.stores[0]);
	end_key(&both);
	assert_false(is_on(s.left, &both));
}

static void
a_key_without_a_home_works_where_it_is_or_says_why_not(void **state)
{
	struct keystore_key both, alone, lost;
	struct error err = { 0 };
	bool on_token;

	(void)state;
	replicate("left", "both", 12, &both);
	make("left", "alone", &alone);
	keyring_forget(s.ring, &both);
	keyring_forget(s.ring, &alone);
	text_copy(both.token, sizeof(both.token), "gone");
	lost = alone;
	text_copy(lost.token, sizeof(lost.token), "gone");
	lost.id.data[0] ^= 1;
	assert_int_equal(keyring_add(s.ring, &both, &on_token, &err), 0);
	assert_false(on_token);
	assert_int_equal(keyring_add(s.ring, &lost, &on_token, &err), 0);
	sign_many(&both, 1);
	assert_int_equal(sign(&lost, &err), -1);
	assert_int_equal(err.code, ERROR_TOKEN);
	assert_string_equal(err.text, "token gone, where key alone is at home, is not in "
				      "the configuration");
	assert_int_equal(keyring_destroy(s.ring, &lost, &err), -1);
	keyring_forget(s.ring, &both);
	keyring_forget(s.ring, &lost);
	text_copy(both.token, sizeof(both.token), "left");
	assert_int_equal(keyring_add(s.ring, &both, &on_token, &err), 0);
	assert_int_equal(keyring_add(s.ring, &alone, &on_token, &err), 0);
	end_key(&both);
	end_key(&alone);
}

static void
refuses_a_token_that_is_not_there(void **state)
{
	const struct keyring_place place = { "none", "web", KEY_USE_SIGN };
	struct keystore_key key;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(keyring_generate(s.ring, &place, KEY_EC_P256, &key, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(key.id.len, 0);
	assert_int_equal(keyring_adopt(s.ring, &place, KEY_FAMILY_RSA, &key, &err), -1);
}

static void
a_module_is_not_finalized_while_one_of_its_tokens_works(void **state)
{
	struct keystore_key left, near;
	struct error err = { 0 };
	uint64_t finalized;

	(void)state;
	make("left", "on-left", &left);
	make("near", "on-near", &near);
	finalized = faults_calls(s.t->faults, FUNCTION_C_Finalize);
	s.pin_is_lost = true;
	s.near->functions->C_CloseAllSessions(s.near->slot_id);
	assert_int_equal(sign(&near, &err), -1);
	wait_until_away(s.stores[1]);
	sign_many(&left, 200);
	assert_int_equal(faults_calls(s.t->faults, FUNCTION_C_Finalize), finalized);
	s.pin_is_lost = false;
	wait_until_it_works(s.stores[1]);
	sign_many(&near, 1);
	assert_int_equal(faults_calls(s.t->faults, FUNCTION_C_Finalize), finalized);
	end_key(&left);
	end_key(&near);
}

/* Whether the module has not been finalized again yet, and there is time for it. */
static bool
is_awaited(uint64_t finalized, int64_t end_ms)
{
	return faults_calls(s.t->faults, FUNCTION_C_Finalize) == finalized &&
	       clock_mono_ms() < end_ms;
}

static void
a_module_is_finalized_when_none_of_its_tokens_works(void **state)
{
	struct keystore_key left, near, right;
	uint64_t finalized;
	int64_t end_ms;

	(void)state;
	make("left", "on-left", &left);
	make("near", "on-near", &near);
	make("right", "on-right", &right);
	finalized = faults_calls(s.t->faults, FUNCTION_C_Finalize);
	faults_set(s.t->faults, FUNCTION_C_OpenSession, EFFECT_RETURN, CKR_DEVICE_ERROR,
	    FAULTS_ALWAYS);
	faults_trouble(s.t->faults, TROUBLE_RESET, 1, 1);
	wait_until_away(s.stores[0]);
	wait_until_away(s.stores[1]);
	end_ms = clock_mono_ms() + 10000;
	while (is_awaited(finalized, end_ms))
		sign_many(&right, 1);
	assert_true(faults_calls(s.t->faults, FUNCTION_C_Finalize) > finalized);
	faults_clear(s.t->faults);
	wait_until_it_works(s.stores[0]);
	wait_until_it_works(s.stores[1]);
	sign_many(&left, 1);
	sign_many(&near, 1);
	end_key(&left);
	end_key(&near);
	end_key(&right);
}

/* By its number, near's would be left's: whose login ends with its sessions. */
static void
a_module_that_was_finalized_leaves_nobody_an_old_session(void **state)
{
	struct keystore_key left;
	uint64_t finalized;
	int64_t end_ms;

	(void)state;
	make("left", "on-left", &left);
	finalized = faults_calls(s.t->faults, FUNCTION_C_Finalize);
	s.pin_is_lost = true;
	s.near->functions->C_CloseAllSessions(s.near->slot_id);
	wait_until_away(s.stores[1]);
	faults_set(s.t->faults, FUNCTION_C_OpenSession, EFFECT_RETURN, CKR_DEVICE_ERROR,
	    FAULTS_ALWAYS);
	faults_trouble(s.t->faults, TROUBLE_RESET, 1, 1);
	wait_until_away(s.stores[0]);
	end_ms = clock_mono_ms() + 10000;
	while (is_awaited(finalized, end_ms)) {
		keystore_check(s.stores[1], NULL);
		usleep(1000);
	}
	assert_true(faults_calls(s.t->faults, FUNCTION_C_Finalize) > finalized);
	faults_clear(s.t->faults);
	wait_until_it_works(s.stores[0]);
	assert_int_equal(keystore_lock_out(s.stores[1], 20000, NULL), 0);
	assert_int_equal(s.near->anchor, CK_INVALID_HANDLE);
	assert_int_equal(session_pool_use(s.near->sessions).lent, 0);
	keystore_let_in(s.stores[1]);
	s.pin_is_lost = false;
	wait_until_it_works(s.stores[1]);
	sign_many(&left, 1);
	end_key(&left);
}

static void
a_token_that_is_away_at_the_start_comes_by_itself(void **state)
{
	const struct token_options options = {
		.name = "left",
		.label = "left",
		.max_sessions = TEST_TOKEN_SESSIONS,
		.session_wait_ms = 20000,
		.read_pin = read_pin,
	};
	const struct error why = { ERROR_NOT_FOUND, "no token with label \"left\"" };
	struct keystore_key key;
	struct token_facts facts;
	struct error err = { 0 };
	bool on_token;

	(void)state;
	replicate("left", "both", 13, &key);
	close_ring(NULL);
	faults_trouble(s.t->faults, TROUBLE_NO_TOKEN, 1, FAULTS_ALWAYS);
	assert_int_equal(token_expect(s.t->module, &options, &s.left, &err), 0);
	s.near = NULL;
	s.right = open_token(s.copy, "right");
	s.stores[0] = open_keystore(s.left, &why);
	s.stores[1] = open_keystore(s.right, NULL);
	assert_int_equal(keyring_new(s.stores, 2, &s.ring, NULL), 0);
	assert_int_equal(keyring_add(s.ring, &key, &on_token, &err), 0);
	assert_false(on_token);
	sign_many(&key, 3);
	assert_true(keystore_is_away(s.stores[0]));
	faults_clear(s.t->faults);
	wait_until_it_works(s.stores[0]);
	token_describe(s.left, &facts);
	assert_int_equal(strlen(facts.written.serial), 16);
	assert_true(facts.abilities.are_known);
	end_key(&key);
	assert_false(is_on(s.left, &key));
}

#define RING_TEST(name) cmocka_unit_test_setup_teardown(name, open_ring, close_ring)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RING_TEST(a_token_that_is_away_stops_only_its_own_keys),
		RING_TEST(what_a_token_fails_in_is_done_where_else_the_key_is),
		RING_TEST(a_decryption_moves_and_a_bad_ciphertext_does_not),
		RING_TEST(a_replica_is_neither_left_nor_adopted),
		RING_TEST(a_replica_that_was_seen_stays_in_use),
		RING_TEST(a_replica_that_cannot_be_destroyed_is_no_success),
		RING_TEST(a_replica_that_may_be_there_is_no_success),
		RING_TEST(of_a_key_that_nobody_uses_yet_only_itself_is_destroyed),
		RING_TEST(a_key_that_only_its_home_has_waits_for_it),
		RING_TEST(another_key_of_the_same_id_is_in_nobodys_way),
		RING_TEST(nothing_is_destroyed_while_a_token_that_has_the_key_is_away),
		RING_TEST(a_key_without_a_home_works_where_it_is_or_says_why_not),
		RING_TEST(refuses_a_token_that_is_not_there),
		RING_TEST(a_module_is_not_finalized_while_one_of_its_tokens_works),
		RING_TEST(a_module_is_finalized_when_none_of_its_tokens_works),
		RING_TEST(a_module_that_was_finalized_leaves_nobody_an_old_session),
		RING_TEST(a_token_that_is_away_at_the_start_comes_by_itself),
	};

	return cmocka_run_group_tests(tests, open_tokens, close_tokens);
}

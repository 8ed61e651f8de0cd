/* test_rotate.c - keys that have one name after another. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pkcs11/generate.h"
#include "pkcs11/keystore.h"
#include "tests/evp/software.h"
#include "tests/support/token.h"

#define SIGNERS 4
#define ROUNDS  8

static const struct bytes message = { (const unsigned char *)"to be signed", 12 };

static struct keystore *
store_of(void **state)
{
	struct test_token *t = *state;

	return t->keystore;
}

static void
use(struct keystore *store, const struct keystore_key *key)
{
	struct error err = { 0 };
	bool on_token = false;

	if (keystore_add(store, key, &on_token, &err) != 0)
		fail_msg("%s", err.text);
	assert_true(on_token);
}

static struct keystore_key
make(struct keystore *store, const char *name)
{
	struct keystore_key key = { .use = KEY_USE_TLS };

	assert_int_equal(
	    keystore_generate(store, name, KEY_EC_P256, KEY_USE_TLS, &key, NULL), 0);
	use(store, &key);
	return key;
}

static struct keystore_key
make_next(struct keystore *store, const char *name)
{
	struct keystore_key next = { .use = KEY_USE_TLS };

	assert_int_equal(
	    keystore_generate_next(store, name, KEY_EC_P256, &next, NULL), 0);
	next.replaced = next.created;
	use(store, &next);
	return next;
}

static bool
signs(struct keystore *store, const struct keystore_key *key)
{
	unsigned char sig[SIGNATURE_MAX_BYTES];
	struct bytes signature = { .data = sig };

	return test_sign(store, key->key.spki_sha256, SCHEME_ECDSA_SECP256R1_SHA256,
		   &message, sig, &signature.len, NULL) == 0 &&
	       software_verifies(
		   &key->key, SCHEME_ECDSA_SECP256R1_SHA256, &message, &signature);
}

static bool
is_current(struct keystore *store, const struct keystore_key *key)
{
	struct keystore_key found;

	return keystore_find(store, key->key.name, &found, NULL) == 0 &&
	       memcmp(found.key.spki_sha256, key->key.spki_sha256, KEY_SHA256_SIZE) == 0;
}

static void
the_old_key_is_current_until_its_successor_is(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key old = make(store, "web"), next = make_next(store, "web");
	struct keystore_key found;

	assert_int_not_equal(memcmp(&old.id, &next.id, sizeof(old.id)), 0);
	assert_true(is_current(store, &old));
	keystore_promote(store, &old, &next);
	assert_true(is_current(store, &next));
	assert_true(signs(store, &old));
	assert_true(signs(store, &next));
	assert_int_equal(keystore_find_spki(store, old.key.spki_sha256, &found, NULL), 0);
	assert_string_equal(found.key.name, "web");
	assert_int_equal(found.replaced, next.created);
	assert_int_equal(
	    keystore_find_spki(store, next.key.spki_sha256, &found, NULL), 0);
	assert_int_equal(found.replaced, 0);
	test_key_destroy(store, &old);
	assert_false(signs(store, &old));
	assert_true(signs(store, &next));
	assert_true(is_current(store, &next));
	test_key_destroy(store, &next);
}

static void
a_successor_that_was_not_promoted_leaves_no_trace(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key old = make(store, "web"), next = make_next(store, "web");
	struct keystore_key found;
	struct test_token *t = *state;
	CK_OBJECT_HANDLE handle;

	test_key_destroy(store, &next);
	assert_int_equal(
	    keystore_find_spki(store, next.key.spki_sha256, &found, NULL), -1);
	assert_int_equal(
	    token_find_private(t->token, &next.key, &next.id, &handle, NULL), -1);
	assert_true(is_current(store, &old));
	assert_true(signs(store, &old));
	test_key_destroy(store, &old);
}

static void
a_name_whose_current_key_is_gone_is_free(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key old = make(store, "web"), next = make_next(store, "web");
	struct keystore_key third;
	struct error err = { 0 };

	keystore_promote(store, &old, &next);
	test_key_destroy(store, &next);
	assert_int_equal(keystore_find(store, "web", &third, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_true(signs(store, &old));
	/* The token still has a key of this label; it is no foundling. */
	assert_int_equal(
	    keystore_adopt(store, "web", KEY_USE_TLS, KEY_FAMILY_RSA, &third, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_non_null(strstr(err.text, "; it was replaced"));
	third = make(store, "web");
	assert_true(is_current(store, &third));
	assert_true(signs(store, &old));
	test_key_destroy(store, &old);
	test_key_destroy(store, &third);
}

static void
does_not_guess_which_of_two_keys_to_adopt(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key old = make(store, "web"), next = make_next(store, "web");
	struct keystore_key found;
	struct error err = { 0 };

	keystore_forget(store, &old);
	keystore_forget(store, &next);
	assert_int_equal(
	    keystore_adopt(store, "web", KEY_USE_TLS, KEY_FAMILY_RSA, &found, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_non_null(strstr(err.text, "which one is meant"));
	test_key_destroy(store, &old);
	assert_int_equal(
	    keystore_adopt(store, "web", KEY_USE_TLS, KEY_FAMILY_RSA, &found, NULL), 0);
	assert_memory_equal(found.key.spki_sha256, next.key.spki_sha256, KEY_SHA256_SIZE);
	test_key_destroy(store, &next);
}

static void
takes_the_keys_of_a_name_in_any_order(void **state)
{
	struct test_token *t = *state;
	struct keystore_key old = make(t->keystore, "web"),
			    next = make_next(t->keystore, "web");
	struct keystore *again = NULL;
	struct error err = { 0 };
	bool on_token;

	keystore_promote(t->keystore, &old, &next);
	old.replaced = next.created;
	next.replaced = 0;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(test_keystore_new(t->token, &again, NULL), 0);
		use(again, i == 0 ? &old : &next);
		use(again, i == 0 ? &next : &old);
		assert_true(is_current(again, &next));
		assert_true(signs(again, &old));
		keystore_free(again);
	}
	/* Two current keys, or one key twice. */
	old.replaced = 0;
	assert_int_equal(keystore_add(t->keystore, &old, &on_token, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	test_key_destroy(t->keystore, &old);
	test_key_destroy(t->keystore, &next);
}

static void
makes_no_successor_of_nothing(void **state)
{
	struct keystore_key next;
	struct error err = { 0 };

	assert_int_equal(
	    keystore_generate_next(store_of(state), "nobody", KEY_EC_P256, &next, &err),
	    -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

struct signer {
	pthread_t thread;
	struct keystore *store;
	struct keystore_key first;
	atomic_bool *done;
	unsigned signatures, failures;
};

/* As old and new workers do: one key by its hash, and whichever is current. */
static void *
sign_until_done(void *arg)
{
	struct signer *s = arg;

	while (!atomic_load(s->done)) {
		struct keystore_key current;

		if (!signs(s->store, &s->first) ||
		    keystore_find(s->store, "busy", &current, NULL) != 0 ||
		    !signs(s->store, &current))
			s->failures++;
		s->signatures += 2;
	}
	return NULL;
}

static void
no_signature_fails_while_a_key_rotates(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key keys[ROUNDS + 1] = { make(store, "busy") };
	struct signer signers[SIGNERS] = { 0 };
	atomic_bool done = false;

	for (int i = 0; i < SIGNERS; i++) {
		signers[i] =
		    (struct signer){ .store = store, .first = keys[0], .done = &done };
		assert_int_equal(pthread_create(&signers[i].thread, NULL, sign_until_done,
				     &signers[i]),
		    0);
	}
	for (int i = 1; i <= ROUNDS; i++) {
		keys[i] = make_next(store, "busy");
		keystore_promote(store, &keys[i - 1], &keys[i]);
	}
	atomic_store(&done, true);
	for (int i = 0; i < SIGNERS; i++) {
		pthread_join(signers[i].thread, NULL);
		assert_int_equal(signers[i].failures, 0);
		assert_true(signers[i].signatures > 0);
	}
	for (int i = 0; i <= ROUNDS; i++)
		test_key_destroy(store, &keys[i]);
	assert_int_equal(keystore_count(store), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_old_key_is_current_until_its_successor_is),
		cmocka_unit_test(a_successor_that_was_not_promoted_leaves_no_trace),
		cmocka_unit_test(a_name_whose_current_key_is_gone_is_free),
		cmocka_unit_test(does_not_guess_which_of_two_keys_to_adopt),
		cmocka_unit_test(takes_the_keys_of_a_name_in_any_order),
		cmocka_unit_test(makes_no_successor_of_nothing),
		cmocka_unit_test(no_signature_fails_while_a_key_rotates),
	};

	return cmocka_run_group_tests(tests, test_token_open, test_token_close);
}

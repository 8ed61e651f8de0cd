/* test_inventory.c - the keys of a token read at once, beside searches for each. */
#include "pkcs11/inventory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pkcs11/keystore_state.h"
#include "pkcs11/session.h"
#include "tests/support/token.h"

#define KEYS 5

static uint64_t
searches(const struct test_token *t)
{
	return faults_calls(t->faults, FUNCTION_C_FindObjectsInit);
}

static void
make(struct keystore *store, struct keystore_key keys[static KEYS])
{
	for (int i = 0; i < KEYS; i++) {
		struct error err = { 0 };
		char name[16];

		snprintf(name, sizeof(name), "key-%d", i);
		if (keystore_generate(
			store, name, KEY_EC_P256, KEY_USE_SIGN, &keys[i], &err) != 0)
			fail_msg("%s", err.text);
	}
}

static void
destroy(struct keystore *store, const struct keystore_key keys[static KEYS])
{
	for (int i = 0; i < KEYS; i++)
		test_key_destroy(store, &keys[i]);
}

/* A copy of the private key: of the token, or of the session. */
static CK_OBJECT_HANDLE
copy(struct token *token, CK_SESSION_HANDLE session, const struct object_id *id,
    CK_BBOOL on_token)
{
	CK_ATTRIBUTE change = { CKA_TOKEN, &on_token, sizeof(on_token) };
	CK_OBJECT_HANDLE original, made;

	assert_int_equal(object_find_one(token->functions, session, CKO_PRIVATE_KEY, id,
			     &original, NULL),
	    0);
	assert_int_equal(
	    token->functions->C_CopyObject(session, original, &change, 1, &made), CKR_OK);
	return made;
}

static int
look(struct token *token, const struct object_id *id, CK_OBJECT_HANDLE *found,
    struct error *err)
{
	struct inventory *inventory;
	int rc;

	assert_int_equal(inventory_read(token, &inventory, NULL), 0);
	rc = inventory_find_one(inventory, CKO_PRIVATE_KEY, id, found, err);
	inventory_free(inventory);
	return rc;
}

static void
finds_both_halves_of_each_as_a_search_does(void **state)
{
	static const CK_OBJECT_CLASS classes[] = { CKO_PRIVATE_KEY, CKO_PUBLIC_KEY };
	struct test_token *t = *state;
	struct keystore_key keys[KEYS];
	struct inventory *inventory;
	CK_SESSION_HANDLE session;

	make(t->keystore, keys);
	assert_int_equal(inventory_read(t->token, &inventory, NULL), 0);
	assert_int_equal(session_take(t->token->sessions, &session, NULL), 0);
	for (int i = 0; i < 2 * KEYS; i++) {
		const struct object_id *id = &keys[i / 2].id;
		CK_OBJECT_HANDLE listed, searched;

		assert_int_equal(
		    inventory_find_one(inventory, classes[i % 2], id, &listed, NULL), 0);
		assert_int_equal(object_find_one(t->token->functions, session,
				     classes[i % 2], id, &searched, NULL),
		    0);
		assert_int_equal(listed, searched);
	}
	session_give(t->token->sessions, session);
	inventory_free(inventory);
	destroy(t->keystore, keys);
}

static void
what_is_not_there_is_not_found(void **state)
{
	static const struct object_id nobody = { .data = { 1, 2, 3 }, .len = 3 };
	struct test_token *t = *state;
	struct keystore_key keys[KEYS];
	CK_OBJECT_HANDLE found;
	struct error err = { 0 };

	assert_int_equal(look(t->token, &nobody, &found, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	make(t->keystore, keys);
	assert_int_equal(look(t->token, &nobody, &found, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	destroy(t->keystore, keys);
}

static void
two_objects_of_one_id_are_ambiguous_and_a_copy_in_a_session_is_none(void **state)
{
	struct test_token *t = *state;
	struct keystore_key keys[KEYS];
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE found, twin;
	struct error err = { 0 };

	make(t->keystore, keys);
	assert_int_equal(session_take(t->token->sessions, &session, NULL), 0);
	copy(t->token, session, &keys[2].id, CK_FALSE);
	assert_int_equal(look(t->token, &keys[2].id, &found, NULL), 0);
	twin = copy(t->token, session, &keys[2].id, CK_TRUE);
	assert_int_equal(look(t->token, &keys[2].id, &found, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_int_equal(look(t->token, &keys[1].id, &found, NULL), 0);
	assert_int_equal(t->token->functions->C_DestroyObject(session, twin), CKR_OK);
	session_drop(t->token->sessions, session);
	destroy(t->keystore, keys);
}

static void
a_search_that_fails_is_an_error(void **state)
{
	struct test_token *t = *state;
	struct inventory *inventory;
	struct error err = { 0 };

	faults_set(t->faults, FUNCTION_C_FindObjectsInit, EFFECT_RETURN, CKR_DEVICE_ERROR,
	    FAULTS_ALWAYS);
	assert_int_equal(inventory_read(t->token, &inventory, &err), -1);
	faults_clear(t->faults);
	assert_int_equal(err.code, ERROR_AWAY);
}

static void
a_token_that_fails_in_the_middle_is_no_short_list(void **state)
{
	static const CK_RV failures[] = { CKR_DEVICE_ERROR, CKR_SESSION_HANDLE_INVALID,
		CKR_USER_NOT_LOGGED_IN, CKR_DEVICE_MEMORY };
	struct test_token *t = *state;
	struct inventory *inventory;
	struct keystore_key keys[KEYS];
	struct error err = { 0 };

	make(t->keystore, keys);
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		faults_set(t->faults, FUNCTION_C_GetAttributeValue, EFFECT_RETURN,
		    failures[i], 1);
		assert_int_equal(inventory_read(t->token, &inventory, &err), -1);
		assert_int_not_equal(err.code, ERROR_TOKEN);
		faults_clear(t->faults);
	}
	destroy(t->keystore, keys);
}

static void
but_an_object_that_does_not_tell_its_id_is_left_out(void **state)
{
	static const CK_RV refusals[] = { CKR_ATTRIBUTE_TYPE_INVALID,
		CKR_OBJECT_HANDLE_INVALID };
	struct test_token *t = *state;
	CK_OBJECT_HANDLE found;
	struct keystore_key keys[KEYS];
	struct error err = { 0 };

	make(t->keystore, keys);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		faults_set(t->faults, FUNCTION_C_GetAttributeValue, EFFECT_RETURN,
		    refusals[i], FAULTS_ALWAYS);
		assert_int_equal(look(t->token, &keys[0].id, &found, &err), -1);
		assert_int_equal(err.code, ERROR_NOT_FOUND);
		faults_clear(t->faults);
		assert_int_equal(look(t->token, &keys[0].id, &found, &err), 0);
	}
	destroy(t->keystore, keys);
}

/* A keystore of its own, as after a start. */
static void
listed_keys_are_taken_into_use_with_two_searches(void **state)
{
	struct test_token *t = *state;
	struct keystore_key keys[KEYS];
	struct keystore *started;
	uint64_t before;
	bool on_token;

	make(t->keystore, keys);
	assert_int_equal(test_keystore_new(t->token, &started, NULL), 0);
	before = searches(t);
	assert_int_equal(keystore_list(started, NULL), 0);
	for (int i = 0; i < KEYS; i++) {
		/* Of a wrong CKA_ID, or of another key's: not on the token. */
		keys[i].id.data[0] ^= i == 0;
		keys[i].id = i == 1 ? keys[2].id : keys[i].id;
		assert_int_equal(
		    keystore_add(started, &keys[i], &on_token, NULL), i == 2 ? -1 : 0);
		assert_int_equal(on_token, i >= 2);
	}
	keystore_unlist(started);
	assert_int_equal(searches(t), before + 2);
	keystore_free(started);
}

static void
a_key_that_was_just_made_is_not_searched_for(void **state)
{
	struct test_token *t = *state;
	struct keystore_key key;
	uint64_t before;
	bool on_token;

	before = searches(t);
	assert_int_equal(
	    keystore_generate(t->keystore, "new", KEY_EC_P256, KEY_USE_SIGN, &key, NULL),
	    0);
	assert_int_equal(keystore_add(t->keystore, &key, &on_token, NULL), 0);
	assert_true(on_token);
	assert_int_equal(searches(t), before);
	/* Once: what becomes of it later is not known. */
	keystore_forget(t->keystore, &key);
	before = searches(t);
	assert_int_equal(keystore_add(t->keystore, &key, &on_token, NULL), 0);
	assert_int_equal(searches(t), before + 2);
	test_key_destroy(t->keystore, &key);
}

static void
a_key_that_was_made_and_destroyed_is_not_on_the_token(void **state)
{
	struct test_token *t = *state;
	struct keystore_key key;
	bool on_token;

	assert_int_equal(
	    keystore_generate(t->keystore, "gone", KEY_EC_P256, KEY_USE_SIGN, &key, NULL),
	    0);
	assert_int_equal(keystore_destroy(t->keystore, &key, NULL), 0);
	assert_int_equal(keystore_add(t->keystore, &key, &on_token, NULL), 0);
	assert_false(on_token);
	keystore_forget(t->keystore, &key);
}

static struct {
	struct keystore *store;
	CK_C_FindObjectsInit real;
} searched;

/* The lock that a signature takes is free. */
static CK_RV
search_beside_signatures(CK_SESSION_HANDLE session, CK_ATTRIBUTE *match, CK_ULONG count)
{
	assert_int_equal(pthread_rwlock_tryrdlock(&searched.store->handles), 0);
	pthread_rwlock_unlock(&searched.store->handles);
	return searched.real(session, match, count);
}

static void
others_sign_while_a_key_to_be_destroyed_is_searched_for(void **state)
{
	struct test_token *t = *state;
	struct keystore_key key;
	uint64_t before;

	assert_int_equal(keystore_generate(t->keystore, "searched", KEY_EC_P256,
			     KEY_USE_SIGN, &key, NULL),
	    0);
	searched.store = t->keystore;
	searched.real = t->token->functions->C_FindObjectsInit;
	before = searches(t);
	t->token->functions->C_FindObjectsInit = search_beside_signatures;
	test_key_destroy(t->keystore, &key);
	t->token->functions->C_FindObjectsInit = searched.real;
	assert_int_equal(searches(t), before + 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_both_halves_of_each_as_a_search_does),
		cmocka_unit_test(what_is_not_there_is_not_found),
		cmocka_unit_test(
		    two_objects_of_one_id_are_ambiguous_and_a_copy_in_a_session_is_none),
		cmocka_unit_test(a_search_that_fails_is_an_error),
		cmocka_unit_test(a_token_that_fails_in_the_middle_is_no_short_list),
		cmocka_unit_test(but_an_object_that_does_not_tell_its_id_is_left_out),
		cmocka_unit_test(listed_keys_are_taken_into_use_with_two_searches),
		cmocka_unit_test(a_key_that_was_just_made_is_not_searched_for),
		cmocka_unit_test(a_key_that_was_made_and_destroyed_is_not_on_the_token),
		cmocka_unit_test(others_sign_while_a_key_to_be_destroyed_is_searched_for),
	};

	return cmocka_run_group_tests(tests, test_faulty_token_open, test_token_close);
}

/* test_copies.c - which object signs, on a real SoftHSM. */
#include "pkcs11/copies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/evp/software.h"
#include "tests/support/token.h"

static const struct bytes message = { (const unsigned char *)"to be signed", 12 };

/* The module's functions, and what was asked of two of them. */
static struct {
	CK_FUNCTION_LIST list, *real;
	CK_OBJECT_HANDLE signer; /* of the last C_SignInit */
	unsigned copies;         /* C_CopyObject calls */
	CK_RV refusal;           /* of C_CopyObject, unless CKR_OK */
	CK_OBJECT_HANDLE copy;   /* the last that was made */
	CK_RV copy_refusal;      /* to sign with it, likewise */
	CK_RV destroy_refusal;   /* to destroy it */
	bool lies;               /* a copy is an object of the token */
	CK_RV look_refusal;      /* to tell of the copy what it is */
	unsigned asked;          /* how often whether the copies' session lives */
	CK_SESSION_HANDLE holder;
} spy;

static CK_RV
spy_sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	spy.signer = key;
	if (key == spy.copy && spy.copy_refusal != CKR_OK)
		return spy.copy_refusal;
	return spy.real->C_SignInit(session, mechanism, key);
}

static CK_RV
spy_destroy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	if (object == spy.copy && spy.destroy_refusal != CKR_OK)
		return spy.destroy_refusal;
	return spy.real->C_DestroyObject(session, object);
}

static CK_RV
spy_attributes(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE *attributes, CK_ULONG count)
{
	CK_RV rv = spy.real->C_GetAttributeValue(session, object, attributes, count);

	if (object == spy.copy && spy.look_refusal != CKR_OK)
		return spy.look_refusal;
	if (spy.lies && object == spy.copy && attributes[0].type == CKA_TOKEN)
		*(CK_BBOOL *)attributes[0].pValue = CK_TRUE;
	return rv;
}

static CK_RV
spy_info(CK_SESSION_HANDLE session, CK_SESSION_INFO *info)
{
	if (session == spy.holder)
		spy.asked++;
	return spy.real->C_GetSessionInfo(session, info);
}

static CK_RV
spy_copy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *template,
    CK_ULONG count, CK_OBJECT_HANDLE *copy)
{
	CK_RV rv;

	spy.copies++;
	if (spy.refusal != CKR_OK)
		return spy.refusal;
	rv = spy.real->C_CopyObject(session, object, template, count, copy);
	spy.copy = rv == CKR_OK ? *copy : CK_INVALID_HANDLE;
	return rv;
}

static int
set_up(void **state)
{
	struct test_token *t;

	if (test_token_open(state) != 0)
		return -1;
	t = *state;
	spy.real = t->token->functions;
	spy.list = *spy.real;
	spy.list.C_SignInit = spy_sign_init;
	spy.list.C_CopyObject = spy_copy;
	spy.list.C_DestroyObject = spy_destroy;
	spy.list.C_GetAttributeValue = spy_attributes;
	spy.list.C_GetSessionInfo = spy_info;
	t->token->functions = &spy.list;
	return 0;
}

static struct keystore *
store_of(void **state)
{
	struct test_token *t = *state;

	spy.copies = 0;
	spy.refusal = spy.copy_refusal = spy.destroy_refusal = CKR_OK;
	spy.look_refusal = CKR_OK;
	spy.lies = false;
	t->keystore->copies.trouble_is_known = t->keystore->copies.given_up = false;
	return t->keystore;
}

static struct keystore_key
make(struct keystore *store, const char *name)
{
	struct keystore_key key;
	struct error err = { 0 };
	bool on_token;

	if (keystore_generate(store, name, KEY_EC_P256, KEY_USE_SIGN, &key, &err) != 0 ||
	    keystore_add(store, &key, &on_token, &err) != 0)
		fail_msg("%s: %s", name, err.text);
	return key;
}

static int
try_sign(struct keystore *store, const struct keystore_key *key)
{
	unsigned char sig[SIGNATURE_MAX_BYTES];
	struct bytes signature = { .data = sig };
	struct error err;

	if (test_sign(store, key->key.spki_sha256, SCHEME_ECDSA_SECP256R1_SHA256,
		&message, sig, &signature.len, &err) != 0)
		return -1;
	assert_true(software_verifies(
	    &key->key, SCHEME_ECDSA_SECP256R1_SHA256, &message, &signature));
	return 0;
}

static struct keytable_slot *
slot_of(struct keystore *store, const struct keystore_key *key)
{
	return keytable_by_spki(&store->table, key->key.spki_sha256);
}

/* Which of the two made the next signature. */
static bool
signs_by_its_copy(struct keystore *store, const struct keystore_key *key)
{
	const struct keytable_slot *slot = slot_of(store, key);
	struct keytable_copy copy = slot->copy;

	assert_int_equal(try_sign(store, key), 0);
	if (spy.signer == slot->handle)
		return false;
	assert_int_equal(spy.signer, copy.handle);
	return true;
}

static void
destroy_object(struct keystore *store, CK_OBJECT_HANDLE object)
{
	assert_int_equal(spy.real->C_DestroyObject(store->copies.holder, object), CKR_OK);
}

static void
a_key_that_has_signed_is_copied_and_the_copy_signs(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key key = make(store, "web");

	assert_false(signs_by_its_copy(store, &key));
	assert_true(signs_by_its_copy(store, &key));
	assert_true(signs_by_its_copy(store, &key));
	assert_int_equal(spy.copies, 1);
	test_key_destroy(store, &key);
}

static void
a_copy_is_no_key_on_the_token(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key key = make(store, "web"), adopted;
	struct error err = { 0 };

	assert_int_equal(try_sign(store, &key), 0);
	assert_true(slot_of(store, &key)->copy.handle != CK_INVALID_HANDLE);
	keystore_forget(store, &key);
	/* Two objects of that label would be a conflict. */
	assert_int_equal(
	    keystore_adopt(store, "web", KEY_USE_SIGN, KEY_FAMILY_RSA, &adopted, &err),
	    0);
	assert_int_equal(keystore_destroy(store, &adopted, &err), 0);
}

static void
a_destroyed_key_leaves_no_copy(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key key = make(store, "web");
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE private = { CKA_CLASS, &class, sizeof(class) };
	CK_OBJECT_HANDLE found;
	struct error err = { 0 };
	size_t count;

	assert_int_equal(try_sign(store, &key), 0);
	assert_int_equal(keystore_destroy(store, &key, &err), 0);
	assert_int_equal(try_sign(store, &key), -1);
	assert_int_equal(object_find(spy.real, store->copies.holder, &private, 1, &found,
			     1, &count, &err),
	    0);
	assert_int_equal(count, 0);
	assert_int_equal(store->copies.count, 0);
	keystore_forget(store, &key);
}

static void
a_key_that_somebody_else_destroyed_signs_until_the_next_look(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key key = make(store, "web");
	struct keytable_slot *slot = slot_of(store, &key);

	assert_int_equal(try_sign(store, &key), 0);
	destroy_object(store, slot->handle);
	assert_int_equal(try_sign(store, &key), 0);
	assert_in_range(slot->copy.due_ms, 1, clock_mono_ms() + COPIES_LOOK_MS);
	slot->copy.due_ms = 0;
	assert_int_equal(try_sign(store, &key), -1);
	assert_int_equal(try_sign(store, &key), -1);
	assert_int_equal(store->copies.count, 0);
	test_key_destroy(store, &key);
}

/* Whatever it says: the key is asked, and the copy rests. */
static void
a_copy_that_fails_is_given_up_and_the_key_signs(void **state)
{
	static const CK_RV refusals[] = { CKR_KEY_FUNCTION_NOT_PERMITTED,
		CKR_GENERAL_ERROR, CKR_OBJECT_HANDLE_INVALID };
	struct keystore *store = store_of(state);

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct keystore_key key = make(store, "web");

		assert_int_equal(try_sign(store, &key), 0);
		spy.copies = 0;
		spy.copy_refusal = refusals[i];
		assert_false(signs_by_its_copy(store, &key));
		assert_false(signs_by_its_copy(store, &key));
		assert_int_equal(spy.copies, 0);
		spy.copy_refusal = CKR_OK;
		slot_of(store, &key)->copy.due_ms = 0;
		assert_false(signs_by_its_copy(store, &key));
		assert_true(signs_by_its_copy(store, &key));
		assert_int_equal(store->copies.count, 1);
		test_key_destroy(store, &key);
	}
}

static size_t
count_private(struct keystore *store)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE private = { CKA_CLASS, &class, sizeof(class) };
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE found[8];
	size_t count;

	assert_int_equal(spy.real->C_OpenSession(store->token->slot_id,
			     CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session),
	    CKR_OK);
	assert_int_equal(
	    object_find(spy.real, session, &private, 1, found, 8, &count, NULL), 0);
	spy.real->C_CloseSession(session);
	return count;
}

/* It would sign on, for whoever finds it. */
static void
a_copy_that_cannot_be_destroyed_ends_with_its_session(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key key = make(store, "web"), other = make(store, "other");
	struct error err = { 0 };

	assert_int_equal(try_sign(store, &other), 0);
	assert_int_equal(try_sign(store, &key), 0);
	assert_int_equal(count_private(store), 4);
	spy.destroy_refusal = CKR_DEVICE_ERROR;
	assert_int_equal(keystore_destroy(store, &key, &err), 0);
	assert_int_equal(count_private(store), 1);
	assert_false(signs_by_its_copy(store, &other));
	assert_true(signs_by_its_copy(store, &other));
	keystore_forget(store, &key);
	test_key_destroy(store, &other);
}

static void
a_token_that_makes_twins_of_copies_is_not_asked_again(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key key = make(store, "web");

	spy.lies = true;
	assert_false(signs_by_its_copy(store, &key));
	assert_false(signs_by_its_copy(store, &key));
	assert_int_equal(spy.copies, 1);
	assert_int_equal(count_private(store), 1);
	test_key_destroy(store, &key);
}

static void
and_one_that_cannot_be_looked_at_is_made_again_later(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key key = make(store, "web");

	spy.look_refusal = CKR_DEVICE_ERROR;
	assert_false(signs_by_its_copy(store, &key));
	assert_int_equal(count_private(store), 1);
	spy.look_refusal = CKR_OK;
	assert_false(signs_by_its_copy(store, &key));
	assert_int_equal(spy.copies, 1);
	slot_of(store, &key)->copy.due_ms = 0;
	assert_false(signs_by_its_copy(store, &key));
	assert_true(signs_by_its_copy(store, &key));
	test_key_destroy(store, &key);
}

/* Tokens end sessions that are idle. */
static void
the_session_of_the_copies_is_kept_alive(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key key = make(store, "web");

	assert_int_equal(try_sign(store, &key), 0);
	spy.holder = store->copies.holder;
	spy.asked = 0;
	assert_int_equal(keystore_touch(store, NULL), 0);
	assert_int_equal(spy.asked, 1);
	assert_int_equal(store->copies.count, 1);
	assert_int_equal(spy.real->C_CloseSession(spy.holder), CKR_OK);
	assert_int_equal(keystore_touch(store, NULL), 0);
	assert_int_equal(store->copies.count, 0);
	assert_false(signs_by_its_copy(store, &key));
	assert_true(signs_by_its_copy(store, &key));
	test_key_destroy(store, &key);
}

static void
copies_come_back_after_their_session_ended(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key key = make(store, "web"), other = make(store, "other");

	assert_int_equal(try_sign(store, &key), 0);
	assert_int_equal(try_sign(store, &other), 0);
	assert_int_equal(spy.real->C_CloseSession(store->copies.holder), CKR_OK);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(try_sign(store, &key), 0);
		assert_int_equal(try_sign(store, &other), 0);
	}
	assert_true(signs_by_its_copy(store, &key));
	assert_true(signs_by_its_copy(store, &other));
	assert_int_equal(store->copies.count, 2);
	test_key_destroy(store, &key);
	test_key_destroy(store, &other);
}

static void
a_token_that_cannot_copy_signs_all_the_same(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key key = make(store, "web");

	spy.refusal = CKR_FUNCTION_NOT_SUPPORTED;
	assert_false(signs_by_its_copy(store, &key));
	assert_false(signs_by_its_copy(store, &key));
	assert_int_equal(spy.copies, 1); /* and is not asked each time */
	test_key_destroy(store, &key);
}

static void
there_are_no_more_copies_than_allowed_and_idle_ones_make_room(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key keys[TEST_TOKEN_COPIES + 1];
	const size_t last = TEST_TOKEN_COPIES;

	for (size_t i = 0; i <= last; i++) {
		char name[16];

		snprintf(name, sizeof(name), "key%zu", i);
		keys[i] = make(store, name);
		assert_int_equal(try_sign(store, &keys[i]), 0);
	}
	assert_int_equal(store->copies.count, TEST_TOKEN_COPIES);
	assert_false(signs_by_its_copy(store, &keys[last]));
	slot_of(store, &keys[0])->copy.due_ms = clock_mono_ms() - COPIES_IDLE_MS - 1;
	slot_of(store, &keys[last])->copy.due_ms = 0;
	store->copies.sweep_ms = 0;
	assert_int_equal(try_sign(store, &keys[last]), 0);
	assert_true(signs_by_its_copy(store, &keys[last]));
	assert_false(signs_by_its_copy(store, &keys[0]));
	for (size_t i = 0; i <= last; i++)
		test_key_destroy(store, &keys[i]);
}

static void
none_are_made_where_none_are_allowed(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key key = make(store, "web");

	store->token->session_copies = 0;
	assert_false(signs_by_its_copy(store, &key));
	assert_false(signs_by_its_copy(store, &key));
	assert_int_equal(spy.copies, 0);
	store->token->session_copies = TEST_TOKEN_COPIES;
	test_key_destroy(store, &key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_that_has_signed_is_copied_and_the_copy_signs),
		cmocka_unit_test(a_copy_is_no_key_on_the_token),
		cmocka_unit_test(a_destroyed_key_leaves_no_copy),
		cmocka_unit_test(
		    a_key_that_somebody_else_destroyed_signs_until_the_next_look),
		cmocka_unit_test(a_copy_that_fails_is_given_up_and_the_key_signs),
		cmocka_unit_test(a_copy_that_cannot_be_destroyed_ends_with_its_session),
		cmocka_unit_test(a_token_that_makes_twins_of_copies_is_not_asked_again),
		cmocka_unit_test(and_one_that_cannot_be_looked_at_is_made_again_later),
		cmocka_unit_test(the_session_of_the_copies_is_kept_alive),
		cmocka_unit_test(copies_come_back_after_their_session_ended),
		cmocka_unit_test(a_token_that_cannot_copy_signs_all_the_same),
		cmocka_unit_test(
		    there_are_no_more_copies_than_allowed_and_idle_ones_make_room),
		cmocka_unit_test(none_are_made_where_none_are_allowed),
	};

	return cmocka_run_group_tests(tests, set_up, test_token_close);
}

/* test_keystore.c - the keys in use, and signing with them, on a real SoftHSM. */
#include "pkcs11/keystore.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/text.h"
#include "pkcs11/session.h"
#include "tests/evp/software.h"
#include "tests/support/token.h"

static const struct bytes message = { (const unsigned char *)"to be signed", 12 };

static struct keystore *
store_of(void **state)
{
	struct test_token *t = *state;

	return t->keystore;
}

/* Generates and takes into use. */
static struct keystore_key
make(struct keystore *store, const char *name, enum key_type type)
{
	struct keystore_key key = { .use = KEY_USE_TLS };
	struct error err = { 0 };
	bool on_token = false;

	if (keystore_generate(store, name, type, KEY_USE_TLS, &key, &err) != 0 ||
	    keystore_add(store, &key, &on_token, &err) != 0)
		fail_msg("%s: %s", name, err.text);
	assert_true(on_token);
	return key;
}

static int
sign(struct keystore *store, const struct keystore_key *key, enum scheme scheme,
    struct error *err)
{
	unsigned char sig[SIGNATURE_MAX_BYTES];
	struct bytes signature = { .data = sig };

	if (test_sign(store, key->key.spki_sha256, scheme, &message, sig, &signature.len,
		err) != 0)
		return -1;
	assert_true(signature.len <= key_type_info(key->key.type)->signature_max);
	assert_true(software_verifies(&key->key, scheme, &message, &signature));
	return 0;
}

static void
signs_every_scheme_that_fits_and_refuses_the_others(void **state)
{
	struct keystore *store = store_of(state);

	for (int t = 0; t < KEY_TYPES; t++) {
		struct keystore_key key =
		    make(store, key_type_info((enum key_type)t)->name, (enum key_type)t);

		for (int s = 0; s < SCHEMES; s++) {
			bool fits = scheme_fits((enum scheme)s, (enum key_type)t);
			struct error err = { 0 };

			assert_int_equal(
			    sign(store, &key, (enum scheme)s, &err), fits ? 0 : -1);
			assert_int_equal(err.code, fits ? ERROR_NONE : ERROR_UNSUPPORTED);
		}
		test_key_destroy(store, &key);
	}
}

/* r or s starts with a zero octet once in 128 signatures, and DER leaves it out. */
static void
ecdsa_is_der_whatever_r_and_s_are(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key key = make(store, "many", KEY_EC_P256);

	for (int i = 0; i < 600; i++)
		assert_int_equal(
		    sign(store, &key, SCHEME_ECDSA_SECP256R1_SHA256, NULL), 0);
	test_key_destroy(store, &key);
}

static void
an_empty_message_is_signed(void **state)
{
	struct keystore *store = store_of(state);
	static const struct {
		enum key_type type;
		enum scheme scheme;
	} kinds[] = { { KEY_EC_P256, SCHEME_ECDSA_SECP256R1_SHA256 },
		{ KEY_ED25519, SCHEME_ED25519 } };

	for (size_t i = 0; i < 2; i++) {
		struct keystore_key key = make(store, "empty", kinds[i].type);
		unsigned char sig[SIGNATURE_MAX_BYTES];
		struct bytes nothing = { 0 }, signature = { .data = sig };
		struct error err = { 0 };

		if (test_sign(store, key.key.spki_sha256, kinds[i].scheme, &nothing, sig,
			&signature.len, &err) != 0)
			fail_msg("%s", err.text);
		assert_true(
		    software_verifies(&key.key, kinds[i].scheme, &nothing, &signature));
		test_key_destroy(store, &key);
	}
}

static void
finds_a_key_by_name_and_by_hash(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key key = make(store, "web", KEY_EC_P256), found;
	char spki[5 + 2 * KEY_SHA256_SIZE + 1] = "spki:";

	hex_encode(spki + 5, key.key.spki_sha256, KEY_SHA256_SIZE);
	assert_int_equal(keystore_find(store, "web", &found, NULL), 0);
	assert_string_equal(found.key.name, "web");
	assert_int_equal(found.use, KEY_USE_TLS);
	assert_in_range(found.created, clock_now_s() - 60, clock_now_s());
	assert_int_equal(keystore_find(store, spki, &found, NULL), 0);
	assert_string_equal(found.key.name, "web");
	assert_int_equal(keystore_find_spki(store, key.key.spki_sha256, &found, NULL), 0);
	test_key_destroy(store, &key);
}

static void
check_not_found(struct keystore *store, const char *name, enum error_code code)
{
	struct keystore_key found;
	struct error err = { 0 };

	assert_int_equal(keystore_find(store, name, &found, &err), -1);
	assert_int_equal(err.code, code);
}

static void
an_unknown_key_is_not_found(void **state)
{
	struct keystore *store = store_of(state);
	static const unsigned char hash[KEY_SHA256_SIZE];
	unsigned char sig[SIGNATURE_MAX_BYTES];
	struct keystore_key found;
	struct error err = { 0 };
	size_t len;

	check_not_found(store, "nobody", ERROR_NOT_FOUND);
	check_not_found(store,
	    "spki:0000000000000000000000000000000000000000000000000000000000000000",
	    ERROR_NOT_FOUND);
	check_not_found(store, "spki:00", ERROR_BAD_REQUEST);
	check_not_found(store, "No/Name", ERROR_BAD_REQUEST);
	assert_int_equal(keystore_find_spki(store, hash, &found, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	err.code = ERROR_NONE;
	assert_int_equal(
	    test_sign(store, hash, SCHEME_ED25519, &message, sig, &len, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

static void
a_name_or_key_in_use_is_a_conflict(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key key = make(store, "taken", KEY_EC_P256), other, renamed = key;
	struct error err = { 0 };
	bool on_token;

	assert_int_equal(
	    keystore_generate(store, "taken", KEY_EC_P256, KEY_USE_TLS, &other, &err),
	    -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_int_equal(
	    keystore_adopt(store, "taken", KEY_USE_SIGN, KEY_FAMILY_RSA, &other, &err),
	    -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_int_equal(keystore_add(store, &key, &on_token, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	text_copy(renamed.key.name, sizeof(renamed.key.name), "renamed");
	assert_int_equal(keystore_add(store, &renamed, &on_token, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	test_key_destroy(store, &key);
}

static void
a_destroyed_key_is_gone_from_the_token(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key key = make(store, "gone", KEY_EC_P256), again;
	size_t before = keystore_count(store);
	struct error err = { 0 };

	test_key_destroy(store, &key);
	assert_int_equal(keystore_count(store), before - 1);
	check_not_found(store, "gone", ERROR_NOT_FOUND);
	assert_int_equal(
	    keystore_adopt(store, "gone", KEY_USE_SIGN, KEY_FAMILY_RSA, &again, &err),
	    -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

static void
a_destroyed_key_is_listed_until_it_is_forgotten(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key key = make(store, "ghost", KEY_EC_P256), found;
	struct error err = { 0 };

	for (int i = 0; i < 2; i++) {
		assert_int_equal(keystore_destroy(store, &key, NULL), 0);
		assert_int_equal(keystore_find(store, "ghost", &found, NULL), 0);
		assert_int_equal(
		    sign(store, &key, SCHEME_ECDSA_SECP256R1_SHA256, &err), -1);
		assert_int_equal(err.code, ERROR_TOKEN);
		assert_non_null(strstr(err.text, "key ghost is not on the token"));
	}
	keystore_forget(store, &key);
	check_not_found(store, "ghost", ERROR_NOT_FOUND);
}

static void
a_forgotten_key_stays_on_the_token(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key key = make(store, "kept", KEY_EC_P256), again;
	bool on_token;

	keystore_forget(store, &key);
	check_not_found(store, "kept", ERROR_NOT_FOUND);
	assert_int_equal(
	    keystore_adopt(store, "kept", KEY_USE_SIGN, KEY_FAMILY_RSA, &again, NULL), 0);
	assert_memory_equal(again.key.spki_sha256, key.key.spki_sha256, KEY_SHA256_SIZE);
	again.use = KEY_USE_SIGN;
	assert_int_equal(keystore_add(store, &again, &on_token, NULL), 0);
	assert_true(on_token);
	assert_int_equal(sign(store, &again, SCHEME_ECDSA_SECP256R1_SHA256, NULL), 0);
	test_key_destroy(store, &again);
}

static void
a_key_that_the_token_lacks_is_listed_and_cannot_sign(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key key = { .use = KEY_USE_TLS }, found, other;
	struct error err = { 0 };
	bool on_token = true;

	key.key = software_describe(KEY_EC_P256, "lost");
	key.id = (struct object_id){ .data = { 1 }, .len = 1 };
	assert_int_equal(keystore_add(store, &key, &on_token, NULL), 0);
	assert_false(on_token);
	assert_int_equal(keystore_find(store, "lost", &found, NULL), 0);
	assert_int_equal(sign(store, &key, SCHEME_ECDSA_SECP256R1_SHA256, &err), -1);
	assert_int_equal(err.code, ERROR_TOKEN);
	/* With no key that signs the daemon is not ready; with one, it is. */
	assert_int_equal(keystore_check(store, &err), -1);
	assert_int_equal(err.code, ERROR_TOKEN);
	other = make(store, "there", KEY_EC_P256);
	assert_int_equal(keystore_check(store, NULL), 0);
	test_key_destroy(store, &other);
	keystore_forget(store, &key);
}

static void
a_key_whose_id_is_anothers_does_not_sign_with_it(void **state)
{
	struct keystore *store = store_of(state);
	struct keystore_key real = make(store, "real", KEY_EC_P256), swapped = real;
	struct error err = { 0 };
	bool on_token = true;

	swapped.key = software_describe(KEY_EC_P256, "swapped");
	keystore_forget(store, &real);
	assert_int_equal(keystore_add(store, &swapped, &on_token, NULL), 0);
	assert_false(on_token);
	assert_int_equal(sign(store, &swapped, SCHEME_ECDSA_SECP256R1_SHA256, &err), -1);
	assert_int_equal(err.code, ERROR_TOKEN);
	keystore_forget(store, &swapped);
	test_key_destroy(store, &real);
}

static void
check_passes_with_keys_of_each_family_and_without(void **state)
{
	static const enum key_type types[] = { KEY_EC_P521, KEY_RSA_2048,
		KEY_RSA_PSS_2048, KEY_ED25519 };
	struct test_token *t = *state;
	struct keystore *store = NULL;

	assert_int_equal(test_keystore_new(t->token, &store, NULL), 0);
	assert_int_equal(keystore_count(store), 0);
	assert_int_equal(keystore_check(store, NULL), 0);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct keystore_key key = make(store, "checked", types[i]);
		struct error err = { 0 };

		if (keystore_check(store, &err) != 0)
			fail_msg("%s", err.text);
		test_key_destroy(store, &key);
	}
	keystore_free(store);
}

static void
check_fails_when_a_signature_does_not_verify(void **state)
{
	struct test_token *t = *state;
	struct keystore_key key = make(t->keystore, "bad", KEY_EC_P256);
	struct error err = { 0 };
	int rc;

	faults_trouble(t->faults, TROUBLE_WRONG_SIGNATURES, 1, FAULTS_ALWAYS);
	rc = keystore_check(t->keystore, &err);
	faults_clear(t->faults);
	assert_int_equal(rc, -1);
	assert_int_equal(err.code, ERROR_AWAY);
	test_token_recovers(t);
	test_key_destroy(t->keystore, &key);
}

static void
a_key_that_the_token_does_not_destroy_stays_in_use(void **state)
{
	struct test_token *t = *state;
	struct keystore_key key = make(t->keystore, "stubborn", KEY_EC_P256), found;
	struct error err = { 0 };
	int rc;

	faults_set(t->faults, FUNCTION_C_DestroyObject, EFFECT_RETURN, CKR_DEVICE_ERROR,
	    FAULTS_ALWAYS);
	rc = keystore_destroy(t->keystore, &key, &err);
	faults_clear(t->faults);
	assert_int_equal(rc, -1);
	assert_int_equal(err.code, ERROR_AWAY);
	assert_int_equal(sign(t->keystore, &key, SCHEME_ECDSA_SECP256R1_SHA256, NULL), 0);
	test_key_destroy(t->keystore, &key);
	assert_int_equal(keystore_find(t->keystore, "stubborn", &found, NULL), -1);
}

/* Ends every session of the pool behind its back, as tokens do with idle ones. */
static void
kill_sessions(struct token *token)
{
	CK_SESSION_HANDLE sessions[TEST_TOKEN_SESSIONS];

	for (int i = 0; i < TEST_TOKEN_SESSIONS; i++)
		assert_int_equal(session_take(token->sessions, &sessions[i], NULL), 0);
	for (int i = 0; i < TEST_TOKEN_SESSIONS; i++) {
		token->functions->C_CloseSession(sessions[i]); /* some are dead already */
		session_give(token->sessions, sessions[i]);
	}
}

static void
a_dead_session_is_replaced_and_the_signature_succeeds(void **state)
{
	struct test_token *t = *state;
	struct keystore_key key = make(t->keystore, "alive", KEY_EC_P256);
	struct error err = { 0 };

	kill_sessions(t->token);
	for (int i = 0; i < 2 * TEST_TOKEN_SESSIONS; i++)
		if (sign(t->keystore, &key, SCHEME_ECDSA_SECP256R1_SHA256, &err) != 0)
			fail_msg("%s", err.text);
	kill_sessions(t->token);
	assert_int_equal(keystore_check(t->keystore, NULL), 0);
	kill_sessions(t->token);
	test_key_destroy(t->keystore, &key);
	kill_sessions(t->token);
	assert_int_equal(keystore_check(t->keystore, NULL), 0);
}

static CK_C_Sign real_sign;

/* A failed C_Sign leaves its operation active: that session must not be lent again. */
static CK_RV
fail_to_sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len, CK_BYTE *sig,
    CK_ULONG *sig_len)
{
	*sig_len = 1;
	return real_sign(session, data, len, sig, sig_len);
}

static void
a_failed_signature_spoils_no_other(void **state)
{
	struct test_token *t = *state;
	struct keystore_key key = make(t->keystore, "spoilt", KEY_EC_P256);
	struct error err = { 0 };

	real_sign = t->token->functions->C_Sign;
	t->token->functions->C_Sign = fail_to_sign;
	for (int i = 0; i < 2 * TEST_TOKEN_SESSIONS; i++) {
		assert_int_equal(
		    sign(t->keystore, &key, SCHEME_ECDSA_SECP256R1_SHA256, &err), -1);
		assert_int_equal(err.code, ERROR_TOKEN);
	}
	t->token->functions->C_Sign = real_sign;
	for (int i = 0; i < 2 * TEST_TOKEN_SESSIONS; i++)
		assert_int_equal(
		    sign(t->keystore, &key, SCHEME_ECDSA_SECP256R1_SHA256, NULL), 0);
	test_key_destroy(t->keystore, &key);
}

static void
reads_the_uses_by_name(void **state)
{
	enum key_use use;
	struct error err = { 0 };

	(void)state;
	for (int i = KEY_USE_TLS; i <= KEY_USE_TLS_RSA_KEX; i++) {
		assert_int_equal(
		    key_use_read(key_use_name((enum key_use)i), &use, NULL), 0);
		assert_int_equal(use, i);
	}
	assert_int_equal(key_use_read("TLS", &use, &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
}

static int
open_all(void **state)
{
	return software_make(NULL) != 0 ? -1 : test_faulty_token_open(state);
}

static int
close_all(void **state)
{
	software_free(NULL);
	return test_token_close(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_every_scheme_that_fits_and_refuses_the_others),
		cmocka_unit_test(ecdsa_is_der_whatever_r_and_s_are),
		cmocka_unit_test(an_empty_message_is_signed),
		cmocka_unit_test(finds_a_key_by_name_and_by_hash),
		cmocka_unit_test(an_unknown_key_is_not_found),
		cmocka_unit_test(a_name_or_key_in_use_is_a_conflict),
		cmocka_unit_test(a_destroyed_key_is_gone_from_the_token),
		cmocka_unit_test(a_destroyed_key_is_listed_until_it_is_forgotten),
		cmocka_unit_test(a_forgotten_key_stays_on_the_token),
		cmocka_unit_test(a_key_that_the_token_lacks_is_listed_and_cannot_sign),
		cmocka_unit_test(a_key_whose_id_is_anothers_does_not_sign_with_it),
		cmocka_unit_test(a_key_that_the_token_does_not_destroy_stays_in_use),
		cmocka_unit_test(check_passes_with_keys_of_each_family_and_without),
		cmocka_unit_test(check_fails_when_a_signature_does_not_verify),
		cmocka_unit_test(a_dead_session_is_replaced_and_the_signature_succeeds),
		cmocka_unit_test(a_failed_signature_spoils_no_other),
		cmocka_unit_test(reads_the_uses_by_name),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}

/* test_ability.c - what a token says that it cannot do, by lists that lack things. */
#include "pkcs11/ability.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pkcs11/check.h"
#include "tests/evp/software.h"
#include "tests/support/token.h"

static const struct bytes message = { (const unsigned char *)"to be signed", 12 };

/* Lists are read when a token is opened. */
static struct keystore *
open_without(void **state, enum faults_trouble first, enum faults_trouble second)
{
	struct test_token *t = *state;
	struct error err = { 0 };

	keystore_free(t->keystore);
	token_close(t->token);
	t->keystore = NULL;
	t->token = NULL;
	faults_trouble(t->faults, first, 1, FAULTS_ALWAYS);
	faults_trouble(t->faults, second, 1, FAULTS_ALWAYS);
	if (test_token_login(t, TEST_TOKEN_LABEL, TEST_TOKEN_PIN, &err) != 0 ||
	    test_keystore_new(t->token, &t->keystore, &err) != 0)
		fail_msg("%s", err.text);
	return t->keystore;
}

static int
end_faults(void **state)
{
	struct test_token *t = *state;

	faults_clear(t->faults);
	return 0;
}

static struct keystore_key
make(struct keystore *store, enum key_type type)
{
	struct keystore_key key = { .use = KEY_USE_SIGN };
	struct error err = { 0 };
	bool on_token;

	if (keystore_generate(store, "tried", type, KEY_USE_SIGN, &key, &err) != 0 ||
	    keystore_add(store, &key, &on_token, &err) != 0)
		fail_msg("%s", err.text);
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
	assert_true(software_verifies(&key->key, scheme, &message, &signature));
	return 0;
}

static void
without_pss_a_block_is_padded_here(void **state)
{
	struct keystore *store = open_without(state, TROUBLE_NO_PSS, TROUBLE_NO_PSS);
	static const enum key_type types[] = { KEY_RSA_2048, KEY_RSA_PSS_3072 };

	for (size_t i = 0; i < 2; i++) {
		struct keystore_key key = make(store, types[i]);

		for (int s = 0; s < SCHEMES; s++) {
			struct error err = { 0 };

			if (scheme_fits((enum scheme)s, types[i]) &&
			    sign(store, &key, (enum scheme)s, &err) != 0)
				fail_msg("%s", err.text);
		}
		assert_int_equal(keystore_check(store, NULL), 0);
		test_key_destroy(store, &key);
	}
}

static void
without_pss_and_raw_rsa_there_is_no_pss(void **state)
{
	struct keystore *store = open_without(state, TROUBLE_NO_PSS, TROUBLE_NO_RAW_RSA);
	struct keystore_key key = make(store, KEY_RSA_2048), other;
	struct error err = { 0 };

	assert_int_equal(sign(store, &key, SCHEME_RSA_PSS_RSAE_SHA256, &err), -1);
	assert_int_equal(err.code, ERROR_UNSUPPORTED);
	assert_string_equal(err.text,
	    "this token has no CKM_RSA_PKCS_PSS: it cannot sign rsa_pss_rsae_sha256");
	assert_int_equal(sign(store, &key, SCHEME_RSA_PKCS1_SHA256, NULL), 0);
	assert_int_equal(
	    keystore_generate(store, "pss", KEY_RSA_PSS_2048, KEY_USE_TLS, &other, &err),
	    -1);
	assert_int_equal(err.code, ERROR_UNSUPPORTED);
	assert_string_equal(
	    err.text, "this token has no CKM_RSA_PKCS_PSS: no rsa-pss-2048 keys");
	test_key_destroy(store, &key);
}

static void
without_raw_rsa_there_is_no_key_exchange(void **state)
{
	struct keystore *store =
	    open_without(state, TROUBLE_NO_RAW_RSA, TROUBLE_NO_RAW_RSA);
	struct keystore_key key;
	struct error err = { 0 };

	assert_int_equal(keystore_generate(
			     store, "kex", KEY_RSA_2048, KEY_USE_TLS_RSA_KEX, &key, &err),
	    -1);
	assert_int_equal(err.code, ERROR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "CKM_RSA_X_509"));
	assert_int_equal(key.id.len, 0);
}

/* Who is not ready is no client's fault. */
static void
a_key_that_the_token_no_longer_serves_is_the_tokens_failure(void **state)
{
	struct keystore *store =
	    open_without(state, TROUBLE_NO_RAW_RSA, TROUBLE_NO_RAW_RSA);
	struct test_token *t = *state;
	struct keystore_key key = make(store, KEY_RSA_PSS_2048);
	struct error err = { 0 };

	faults_trouble(t->faults, TROUBLE_NO_PSS, 1, FAULTS_ALWAYS);
	assert_int_equal(sign(store, &key, SCHEME_RSA_PSS_PSS_SHA256, &err), -1);
	assert_int_equal(err.code, ERROR_UNSUPPORTED);
	assert_int_equal(keystore_check(store, &err), -1);
	assert_int_equal(err.code, ERROR_TOKEN);
	test_key_destroy(store, &key);
}

static void
a_key_that_wants_the_pin_each_time_is_not_adopted(void **state)
{
	struct test_token *t = *state;
	struct keystore_key key = make(t->keystore, KEY_EC_P256), again;
	struct error err = { 0 };

	keystore_forget(t->keystore, &key);
	faults_trouble(t->faults, TROUBLE_ALWAYS_AUTHENTICATE, 1, FAULTS_ALWAYS);
	assert_int_equal(keystore_adopt(t->keystore, "tried", KEY_USE_SIGN,
			     KEY_FAMILY_RSA, &again, &err),
	    -1);
	assert_int_equal(err.code, ERROR_FORBIDDEN);
	assert_non_null(strstr(err.text, "CKA_ALWAYS_AUTHENTICATE"));
	faults_clear(t->faults);
	assert_int_equal(keystore_destroy(t->keystore, &key, NULL), 0);
}

static int
note_failure(void *ctx, const struct check_result *result)
{
	if (result->outcome == CHECK_FAILS && strcmp(result->step, "sign") == 0)
		*(bool *)ctx = strstr(result->why, "does not verify") != NULL;
	return 0;
}

static void
check_says_what_fails(void **state)
{
	static const enum key_type type = KEY_EC_P256;
	struct test_token *t = *state;
	bool noted = false;

	faults_trouble(t->faults, TROUBLE_WRONG_SIGNATURES, 1, FAULTS_ALWAYS);
	assert_int_equal(keystore_probe(t->keystore, &type, note_failure, &noted), 0);
	assert_true(noted);
}

static void
sizes_are_those_that_the_list_says(void **state)
{
	struct abilities abilities = { .are_known = true };
	struct error err = { 0 };

	(void)state;
	abilities.of[ABILITY_RSA_PKCS].is_listed = true;
	abilities.of[ABILITY_RSA_GENERATE] = (struct ability_range){ true, 1024, 3072 };
	assert_int_equal(abilities_check_generate(&abilities, KEY_RSA_3072, NULL), 0);
	assert_int_equal(abilities_check_generate(&abilities, KEY_RSA_4096, &err), -1);
	assert_int_equal(err.code, ERROR_UNSUPPORTED);
	assert_string_equal(err.text,
	    "this token's CKM_RSA_PKCS_KEY_PAIR_GEN makes keys of 1024 to 3072 bits: no "
	    "rsa-4096 keys");
	/* In bytes, and none at all. */
	abilities.of[ABILITY_RSA_GENERATE] = (struct ability_range){ true, 128, 256 };
	assert_int_equal(abilities_check_generate(&abilities, KEY_RSA_2048, NULL), 0);
	abilities.of[ABILITY_RSA_GENERATE] = (struct ability_range){ true, 0, 0 };
	assert_int_equal(abilities_check_generate(&abilities, KEY_RSA_2048, NULL), 0);
	assert_int_equal(abilities_check_generate(&abilities, KEY_ED25519, &err), -1);
	assert_string_equal(
	    err.text, "this token has no CKM_EC_EDWARDS_KEY_PAIR_GEN: no ed25519 keys");
}

static void
what_was_not_listed_at_all_is_tried(void **state)
{
	struct abilities unknown = { .are_known = false };

	(void)state;
	for (int i = 0; i < KEY_TYPES; i++)
		assert_int_equal(
		    abilities_check_generate(&unknown, (enum key_type)i, NULL), 0);
	for (int i = 0; i < SCHEMES; i++)
		assert_int_equal(abilities_check_sign(&unknown, (enum scheme)i, NULL), 0);
	assert_int_equal(abilities_check_decrypt(&unknown, NULL), 0);
	assert_false(abilities_lack_pss(&unknown));
}

static int
setup(void **state)
{
	return software_make(NULL) != 0 ? -1 : test_faulty_token_open(state);
}

static int
teardown(void **state)
{
	software_free(NULL);
	return test_token_close(state);
}

/* A token whose list is longer than it said, so many times, or fails. */
static unsigned list_grows;
static CK_RV list_fails;

static CK_RV
growing_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
	(void)slot;
	if (list == NULL) {
		*count = 1;
		return CKR_OK;
	}
	if (list_grows > 0) {
		list_grows--;
		return CKR_BUFFER_TOO_SMALL;
	}
	*count = 1;
	list[0] = CKM_ECDSA;
	return list_fails;
}

static CK_RV
signing_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
	(void)slot;
	(void)type;
	*info = (CK_MECHANISM_INFO){ .flags = CKF_SIGN };
	return CKR_OK;
}

static CK_RV
no_info(CK_INFO *info)
{
	(void)info;
	return CKR_FUNCTION_FAILED;
}

static int
read_growing(unsigned grows, CK_RV fails, struct abilities *abilities, struct error *err)
{
	CK_FUNCTION_LIST functions = { .C_GetMechanismList = growing_list,
		.C_GetMechanismInfo = signing_info,
		.C_GetInfo = no_info };

	list_grows = grows;
	list_fails = fails;
	return abilities_read(&functions, 0, abilities, err);
}

static void
a_list_that_grows_while_it_is_read_is_read_again(void **state)
{
	struct abilities abilities;
	struct error err;

	(void)state;
	assert_int_equal(read_growing(1, CKR_OK, &abilities, &err), 0);
	assert_true(abilities.are_known);
	assert_true(abilities.of[ABILITY_ECDSA].is_listed);
}

static void
one_that_does_not_end_to_grow_or_fails_is_not_known(void **state)
{
	struct abilities abilities;
	struct error err;

	(void)state;
	assert_int_equal(read_growing(1000, CKR_OK, &abilities, &err), 0);
	assert_false(abilities.are_known);
	assert_int_equal(read_growing(0, CKR_DEVICE_MEMORY, &abilities, &err), 0);
	assert_false(abilities.are_known);
	assert_int_equal(read_growing(0, CKR_DEVICE_REMOVED, &abilities, &err), -1);
	assert_int_equal(err.code, ERROR_AWAY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(without_pss_a_block_is_padded_here, end_faults),
		cmocka_unit_test_teardown(
		    without_pss_and_raw_rsa_there_is_no_pss, end_faults),
		cmocka_unit_test_teardown(
		    without_raw_rsa_there_is_no_key_exchange, end_faults),
		cmocka_unit_test_teardown(
		    a_key_that_the_token_no_longer_serves_is_the_tokens_failure,
		    end_faults),
		cmocka_unit_test_teardown(
		    a_key_that_wants_the_pin_each_time_is_not_adopted, end_faults),
		cmocka_unit_test_teardown(check_says_what_fails, end_faults),
		cmocka_unit_test(sizes_are_those_that_the_list_says),
		cmocka_unit_test(what_was_not_listed_at_all_is_tried),
		cmocka_unit_test(a_list_that_grows_while_it_is_read_is_read_again),
		cmocka_unit_test(one_that_does_not_end_to_grow_or_fails_is_not_known),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

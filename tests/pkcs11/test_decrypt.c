/* test_decrypt.c - RSA key exchange in the token, and tokens that are not fit for it. */
#include "pkcs11/decrypt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pkcs11/generate.h"
#include "pkcs11/keystore.h"
#include "pkcs11/session.h"
#include "tests/support/exchange.h"
#include "tests/support/token.h"

static struct keystore_key shared; /* of use tls-rsa-kex */

static int
open_all(void **state)
{
	struct test_token *t;
	bool on_token;

	if (test_faulty_token_open(state) != 0)
		return -1;
	t = *state;
	return keystore_generate(t->keystore, "kex", KEY_RSA_2048, KEY_USE_TLS_RSA_KEX,
		   &shared, NULL) != 0 ||
		       keystore_add(t->keystore, &shared, &on_token, NULL) != 0
		   ? -1
		   : 0;
}

static int
decrypt(struct test_token *t, const struct keystore_key *key,
    const struct exchange_sent *sent, unsigned char premaster[static PREMASTER_BYTES],
    struct error *err)
{
	struct bytes ciphertext = { .data = sent->ciphertext, .len = sent->len };

	memset(premaster, 0, PREMASTER_BYTES);
	return test_decrypt(
	    t->keystore, key->key.spki_sha256, &ciphertext, premaster, err);
}

/* Succeeds twice, each time with other bytes, which are not the secret. */
static void
assert_random(struct test_token *t, const struct exchange_sent *sent, const char *what)
{
	unsigned char first[PREMASTER_BYTES], second[PREMASTER_BYTES];
	struct error err = { 0 };

	if (decrypt(t, &shared, sent, first, &err) != 0 ||
	    decrypt(t, &shared, sent, second, &err) != 0)
		fail_msg("%s: %s", what, err.text);
	if (memcmp(first, second, sizeof(first)) == 0 ||
	    memcmp(first, sent->premaster, sizeof(first)) == 0)
		fail_msg("%s: not random", what);
}

static void
decrypts_what_a_client_sent(void **state)
{
	unsigned char premaster[PREMASTER_BYTES];
	struct exchange_sent sent;

	exchange_make(&shared.key, EXCHANGE_GOOD, &sent);
	assert_int_equal(decrypt(*state, &shared, &sent, premaster, NULL), 0);
	assert_memory_equal(premaster, sent.premaster, sizeof(premaster));
}

static void
anything_else_gives_random_bytes(void **state)
{
	for (int kind = EXCHANGE_GOOD + 1; kind < EXCHANGES; kind++) {
		struct exchange_sent sent;

		exchange_make(&shared.key, (enum exchange_kind)kind, &sent);
		assert_random(*state, &sent, exchange_name((enum exchange_kind)kind));
	}
}

static void
numbers_at_the_ends_give_random_bytes(void **state)
{
	struct exchange_sent sent = { .len = 256 };

	assert_random(*state, &sent, "0");
	sent.ciphertext[255] = 1;
	assert_random(*state, &sent, "1");
	memset(sent.ciphertext, 0xff, sizeof(sent.ciphertext));
	assert_random(*state, &sent, "all ones");
}

static void
a_ciphertext_of_another_length_is_malformed(void **state)
{
	static const size_t lens[] = { 0, 1, 255, 257, 512 };
	unsigned char premaster[PREMASTER_BYTES];
	struct exchange_sent sent;

	exchange_make(&shared.key, EXCHANGE_GOOD, &sent);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		struct error err = { 0 };

		sent.len = lens[i];
		assert_int_equal(decrypt(*state, &shared, &sent, premaster, &err), -1);
		assert_int_equal(err.code, ERROR_BAD_REQUEST);
	}
}

static void
keys_of_other_uses_cannot_decrypt(void **state)
{
	static const enum key_type types[] = { KEY_RSA_2048, KEY_EC_P256 };
	struct test_token *t = *state;
	unsigned char premaster[PREMASTER_BYTES];
	struct exchange_sent sent;

	exchange_make(&shared.key, EXCHANGE_GOOD, &sent);
	for (size_t i = 0; i < 2; i++) {
		struct keystore_key key;
		struct error err = { 0 };
		bool on_token;

		assert_int_equal(keystore_generate(t->keystore, "other", types[i],
				     KEY_USE_TLS, &key, NULL),
		    0);
		assert_int_equal(keystore_add(t->keystore, &key, &on_token, NULL), 0);
		assert_int_equal(decrypt(t, &key, &sent, premaster, &err), -1);
		assert_int_equal(err.code, ERROR_UNSUPPORTED);
		test_key_destroy(t->keystore, &key);
	}
}

/* A C_Decrypt that a test puts before the token's. */
static struct {
	CK_C_Decrypt real;
	CK_RV rv;
	unsigned failures;
} lie;

static CK_RV
fail_with_rv(CK_SESSION_HANDLE session, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out,
    CK_ULONG *out_len)
{
	CK_RV rv = lie.real(session, in, in_len, out, out_len);

	return lie.failures > 0 ? lie.failures--, lie.rv : rv;
}

/* As if the result were a number: without the zeros it begins with. */
static CK_RV
strip_zeros(CK_SESSION_HANDLE session, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out,
    CK_ULONG *out_len)
{
	CK_RV rv = lie.real(session, in, in_len, out, out_len);

	while (rv == CKR_OK && *out_len > 0 && out[0] == 0)
		memmove(out, out + 1, --*out_len);
	return rv;
}

static void
put_before(struct test_token *t, CK_C_Decrypt decrypt_function, CK_RV rv)
{
	lie.real = t->token->functions->C_Decrypt;
	lie.rv = rv;
	lie.failures = 2;
	t->token->functions->C_Decrypt = decrypt_function;
}

static void
put_back(struct test_token *t)
{
	t->token->functions->C_Decrypt = lie.real;
}

/* And keeps its session: a new one takes time, which an attacker could see. */
static void
a_token_that_judges_the_ciphertext_gives_random_bytes(void **state)
{
	static const CK_RV codes[] = { CKR_ENCRYPTED_DATA_INVALID,
		CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_DATA_INVALID, CKR_DATA_LEN_RANGE };
	struct test_token *t = *state;
	struct exchange_sent sent;
	uint64_t closed;

	exchange_make(&shared.key, EXCHANGE_GOOD, &sent);
	closed = faults_calls(t->faults, FUNCTION_C_CloseSession);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		put_before(t, fail_with_rv, codes[i]);
		assert_random(t, &sent, "code");
		put_back(t);
	}
	assert_int_equal(faults_calls(t->faults, FUNCTION_C_CloseSession), closed);
}

static void
a_result_without_its_zeros_gives_random_bytes(void **state)
{
	struct test_token *t = *state;
	struct exchange_sent sent;

	exchange_make(&shared.key, EXCHANGE_GOOD, &sent);
	put_before(t, strip_zeros, CKR_OK);
	assert_random(t, &sent, "stripped");
	put_back(t);
}

static void
a_token_that_is_away_is_an_error(void **state)
{
	struct test_token *t = *state;
	unsigned char premaster[PREMASTER_BYTES];
	struct exchange_sent sent;
	struct error err = { 0 };
	int rc;

	exchange_make(&shared.key, EXCHANGE_GOOD, &sent);
	put_before(t, fail_with_rv, CKR_DEVICE_REMOVED);
	rc = decrypt(t, &shared, &sent, premaster, &err);
	put_back(t);
	assert_int_equal(rc, -1);
	assert_int_equal(err.code, ERROR_AWAY);
	assert_int_equal(decrypt(t, &shared, &sent, premaster, NULL), 0);
}

static void
a_dead_session_is_replaced(void **state)
{
	struct test_token *t = *state;
	unsigned char premaster[PREMASTER_BYTES];
	struct exchange_sent sent;

	exchange_make(&shared.key, EXCHANGE_GOOD, &sent);
	put_before(t, fail_with_rv, CKR_SESSION_HANDLE_INVALID);
	lie.failures = 1;
	assert_int_equal(decrypt(t, &shared, &sent, premaster, NULL), 0);
	put_back(t);
	assert_memory_equal(premaster, sent.premaster, sizeof(premaster));
}

static size_t
count_objects(struct test_token *t)
{
	CK_OBJECT_HANDLE found[100];
	CK_SESSION_HANDLE session;
	size_t count;

	assert_int_equal(session_take(t->token->sessions, &session, NULL), 0);
	assert_int_equal(
	    object_find(t->token->functions, session, NULL, 0, found, 100, &count, NULL),
	    0);
	session_give(t->token->sessions, session);
	return count;
}

static void
assert_not_made(
    struct test_token *t, enum key_type type, enum error_code code, const char *text)
{
	size_t before = count_objects(t);
	struct keystore_key key;
	struct error err = { 0 };

	assert_int_equal(keystore_generate(
			     t->keystore, "unfit", type, KEY_USE_TLS_RSA_KEX, &key, &err),
	    -1);
	if (err.code != code || strstr(err.text, text) == NULL)
		fail_msg("%d: %s", err.code, err.text);
	assert_int_equal(count_objects(t), before);
}

static void
other_types_of_key_are_refused(void **state)
{
	assert_not_made(*state, KEY_EC_P256, ERROR_BAD_REQUEST, "is for RSA keys");
	assert_not_made(*state, KEY_ED25519, ERROR_BAD_REQUEST, "is for RSA keys");
}

static void
a_token_that_forbids_raw_rsa_is_found_out(void **state)
{
	struct test_token *t = *state;

	faults_trouble(t->faults, TROUBLE_NO_RAW_RSA, 1, FAULTS_ALWAYS);
	assert_not_made(
	    t, KEY_RSA_2048, ERROR_TOKEN, "this token cannot serve RSA key exchange");
	faults_clear(t->faults);
}

static void
a_token_that_strips_zeros_is_found_out(void **state)
{
	struct test_token *t = *state;

	put_before(t, strip_zeros, CKR_OK);
	assert_not_made(
	    t, KEY_RSA_2048, ERROR_TOKEN, "this token cannot serve RSA key exchange");
	put_back(t);
}

static void
set_decrypt(struct test_token *t, const struct keystore_key *key, CK_BBOOL value)
{
	CK_ATTRIBUTE attribute = { CKA_DECRYPT, &value, sizeof(value) };
	CK_OBJECT_HANDLE handle;
	CK_SESSION_HANDLE session;

	assert_int_equal(
	    token_find_private(t->token, &key->key, &key->id, &handle, NULL), 0);
	assert_int_equal(session_take(t->token->sessions, &session, NULL), 0);
	assert_int_equal(
	    t->token->functions->C_SetAttributeValue(session, handle, &attribute, 1),
	    CKR_OK);
	session_give(t->token->sessions, session);
}

static void
adopts_a_key_that_decrypts_and_no_other(void **state)
{
	struct test_token *t = *state;
	struct keystore_key key, adopted;
	struct error err = { 0 };

	assert_int_equal(keystore_generate(
			     t->keystore, "found", KEY_RSA_2048, KEY_USE_TLS, &key, NULL),
	    0);
	assert_int_equal(keystore_adopt(t->keystore, "found", KEY_USE_TLS_RSA_KEX,
			     KEY_FAMILY_RSA, &adopted, &err),
	    -1);
	assert_int_equal(err.code, ERROR_FORBIDDEN);
	assert_non_null(strstr(err.text, "CKA_DECRYPT"));
	assert_int_equal(keystore_adopt(t->keystore, "found", KEY_USE_TLS, KEY_FAMILY_RSA,
			     &adopted, NULL),
	    0);

	set_decrypt(t, &key, CK_TRUE);
	assert_int_equal(keystore_adopt(t->keystore, "found", KEY_USE_TLS_RSA_KEX,
			     KEY_FAMILY_RSA, &adopted, NULL),
	    0);
	assert_int_equal(adopted.use, KEY_USE_TLS_RSA_KEX);
	/* Other uses ask nothing of that attribute. */
	assert_int_equal(keystore_adopt(t->keystore, "found", KEY_USE_TLS, KEY_FAMILY_RSA,
			     &adopted, NULL),
	    0);

	put_before(t, strip_zeros, CKR_OK);
	assert_int_equal(keystore_adopt(t->keystore, "found", KEY_USE_TLS_RSA_KEX,
			     KEY_FAMILY_RSA, &adopted, &err),
	    -1);
	put_back(t);
	assert_int_equal(err.code, ERROR_TOKEN);
	test_key_destroy(t->keystore, &key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decrypts_what_a_client_sent),
		cmocka_unit_test(anything_else_gives_random_bytes),
		cmocka_unit_test(numbers_at_the_ends_give_random_bytes),
		cmocka_unit_test(a_ciphertext_of_another_length_is_malformed),
		cmocka_unit_test(keys_of_other_uses_cannot_decrypt),
		cmocka_unit_test(a_token_that_judges_the_ciphertext_gives_random_bytes),
		cmocka_unit_test(a_result_without_its_zeros_gives_random_bytes),
		cmocka_unit_test(a_token_that_is_away_is_an_error),
		cmocka_unit_test(a_dead_session_is_replaced),
		cmocka_unit_test(other_types_of_key_are_refused),
		cmocka_unit_test(a_token_that_forbids_raw_rsa_is_found_out),
		cmocka_unit_test(a_token_that_strips_zeros_is_found_out),
		cmocka_unit_test(adopts_a_key_that_decrypts_and_no_other),
	};

	return cmocka_run_group_tests(tests, open_all, test_token_close);
}

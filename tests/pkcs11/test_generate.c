/* test_generate.c - key pairs on the token, read back through Cryptoki. */
#include "pkcs11/generate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pkcs11/session.h"
#include "tests/support/token.h"

static struct token *
token_of(void **state)
{
	struct test_token *t = *state;

	return t->token;
}

static CK_SESSION_HANDLE
take(struct token *token)
{
	CK_SESSION_HANDLE session;

	assert_int_equal(session_take(token->sessions, &session, NULL), 0);
	return session;
}

static size_t
count_objects(struct token *token)
{
	CK_SESSION_HANDLE session = take(token);
	CK_OBJECT_HANDLE found[100];
	size_t count;

	assert_int_equal(
	    object_find(token->functions, session, NULL, 0, found, 100, &count, NULL), 0);
	session_give(token->sessions, session);
	return count;
}

static void
check_attributes(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE private)
{
	static const struct {
		CK_ATTRIBUTE_TYPE type;
		CK_BBOOL value;
	} wanted[] = {
		{ CKA_TOKEN, CK_TRUE },
		{ CKA_PRIVATE, CK_TRUE },
		{ CKA_SENSITIVE, CK_TRUE },
		{ CKA_ALWAYS_SENSITIVE, CK_TRUE },
		{ CKA_EXTRACTABLE, CK_FALSE },
		{ CKA_NEVER_EXTRACTABLE, CK_TRUE },
		{ CKA_LOCAL, CK_TRUE },
		{ CKA_SIGN, CK_TRUE },
		{ CKA_DECRYPT, CK_FALSE },
		{ CKA_UNWRAP, CK_FALSE },
		{ CKA_SIGN_RECOVER, CK_FALSE },
		{ CKA_DERIVE, CK_FALSE },
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		CK_BBOOL value;

		assert_int_equal(object_read_bool(token->functions, session, private,
				     wanted[i].type, &value, NULL),
		    0);
		if (value != wanted[i].value)
			fail_msg("attribute 0x%lx is %d", wanted[i].type, value);
	}
}

static void
check_unreadable(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE private,
    CK_ATTRIBUTE_TYPE type)
{
	unsigned char data[1024];
	CK_ATTRIBUTE attribute = { type, data, sizeof(data) };
	CK_RV rv = token->functions->C_GetAttributeValue(session, private, &attribute, 1);

	assert_true(rv == CKR_ATTRIBUTE_SENSITIVE || rv == CKR_ATTRIBUTE_TYPE_INVALID);
	assert_true(attribute.ulValueLen == (CK_ULONG)-1);
}

static void
check_stays_inside(struct token *token, const struct key *key, const struct object_id *id)
{
	CK_OBJECT_HANDLE private;
	CK_SESSION_HANDLE session;

	assert_int_equal(token_find_private(token, key, id, &private, NULL), 0);
	session = take(token);
	check_attributes(token, session, private);
	if (key_type_is_rsa(key->type)) {
		check_unreadable(token, session, private, CKA_PRIVATE_EXPONENT);
		check_unreadable(token, session, private, CKA_PRIME_1);
		check_unreadable(token, session, private, CKA_COEFFICIENT);
	} else {
		check_unreadable(token, session, private, CKA_VALUE);
	}
	session_give(token->sessions, session);
}

static void
no_key_of_any_type_can_leave_the_token(void **state)
{
	struct token *token = token_of(state);

	for (int i = 0; i < KEY_TYPES; i++) {
		struct key key, again;
		struct token_key made;
		struct object_id id_again;
		const char *name = key_type_info((enum key_type)i)->name;
		struct error err = { 0 };

		if (token_generate(
			token, name, (enum key_type)i, false, &key, &made, &err) != 0)
			fail_msg("%s: %s", name, err.text);
		assert_int_equal(key.type, i);
		assert_string_equal(key.name, name);
		check_stays_inside(token, &key, &made.id);
		/* Read again from the token: the same public half. */
		assert_int_equal(
		    token_find_labelled(token, name, false,
			key_type_info(key.type)->family, &again, &id_again, NULL),
		    0);
		assert_int_equal(again.type, i);
		assert_memory_equal(again.spki_sha256, key.spki_sha256, KEY_SHA256_SIZE);
		assert_int_equal(id_again.len, made.id.len);
		assert_memory_equal(id_again.data, made.id.data, made.id.len);
	}
	/* The Ed25519 key, the last, has not hidden the others. */
	for (int i = 0; i < KEY_TYPES; i++) {
		struct key key;
		struct object_id id;

		assert_int_equal(
		    token_find_labelled(token, key_type_info((enum key_type)i)->name,
			false, KEY_FAMILY_RSA, &key, &id, NULL),
		    0);
		assert_int_equal(token_destroy(token, &id, NULL), 0);
	}
	assert_int_equal(count_objects(token), 0);
}

/* One attribute of private keys, as a token that does otherwise would tell it. */
static struct {
	CK_C_GetAttributeValue real;
	CK_ATTRIBUTE_TYPE type;
} lie;

static CK_RV
tell_the_opposite(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *list,
    CK_ULONG count)
{
	CK_RV rv = lie.real(session, object, list, count);

	if (rv == CKR_OK && count == 1 && list->type == lie.type)
		*(CK_BBOOL *)list->pValue = !*(CK_BBOOL *)list->pValue;
	return rv;
}

static void
a_pair_that_the_token_would_give_away_is_destroyed(void **state)
{
	static const CK_ATTRIBUTE_TYPE lies[] = { CKA_SENSITIVE, CKA_EXTRACTABLE,
		CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE, CKA_SIGN };
	struct token *token = token_of(state);

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct error err = { 0 };
		struct token_key made;
		struct key key;
		int rc;

		lie.real = token->functions->C_GetAttributeValue;
		lie.type = lies[i];
		token->functions->C_GetAttributeValue = tell_the_opposite;
		rc = token_generate(token, "lied", KEY_EC_P256, false, &key, &made, &err);
		token->functions->C_GetAttributeValue = lie.real;
		assert_int_equal(rc, -1);
		assert_int_equal(err.code, ERROR_FORBIDDEN);
		assert_int_equal(count_objects(token), 0);
	}
}

static void
a_pair_under_a_bad_name_is_not_left_behind(void **state)
{
	struct token *token = token_of(state);
	struct error err = { 0 };
	struct token_key made;
	struct key key;

	assert_int_equal(
	    token_generate(token, "Bad Name", KEY_EC_P256, false, &key, &made, &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
	assert_int_equal(count_objects(token), 0);
}

static void
another_key_under_the_same_id_is_not_taken(void **state)
{
	struct token *token = token_of(state);
	struct token_key a_made, b_made;
	CK_OBJECT_HANDLE handle;
	struct error err = { 0 };
	struct key a, b;

	assert_int_equal(
	    token_generate(token, "a", KEY_EC_P256, false, &a, &a_made, NULL), 0);
	assert_int_equal(
	    token_generate(token, "b", KEY_EC_P256, false, &b, &b_made, NULL), 0);
	assert_int_equal(token_find_private(token, &a, &b_made.id, &handle, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_int_equal(token_destroy(token, &a_made.id, NULL), 0);
	assert_int_equal(token_destroy(token, &b_made.id, NULL), 0);
}

static void
destroying_an_absent_pair_is_no_error(void **state)
{
	struct object_id id = { .data = { 1, 2, 3 }, .len = 3 };

	assert_int_equal(token_destroy(token_of(state), &id, NULL), 0);
}

static void
an_unknown_label_is_not_found(void **state)
{
	struct error err = { 0 };
	struct object_id id;
	struct key key;

	assert_int_equal(token_find_labelled(token_of(state), "nobody", false,
			     KEY_FAMILY_RSA, &key, &id, &err),
	    -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

static void
two_keys_of_one_label_are_ambiguous(void **state)
{
	struct token *token = token_of(state);
	struct token_key made[2];
	struct object_id id;
	struct error err = { 0 };
	struct key key;

	for (int i = 0; i < 2; i++)
		assert_int_equal(token_generate(token, "twin", KEY_EC_P256, false, &key,
				     &made[i], NULL),
		    0);
	assert_int_equal(
	    token_find_labelled(token, "twin", false, KEY_FAMILY_RSA, &key, &id, &err),
	    -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	for (int i = 0; i < 2; i++)
		assert_int_equal(token_destroy(token, &made[i].id, NULL), 0);
}

/* A token ends idle sessions by itself; nobody must notice. */
static void
dead_idle_sessions_do_no_harm(void **state)
{
	struct token *token = token_of(state);
	CK_SESSION_HANDLE sessions[TEST_TOKEN_SESSIONS];
	struct token_key made;
	struct object_id id;
	struct key key;

	for (int i = 0; i < TEST_TOKEN_SESSIONS; i++)
		sessions[i] = take(token);
	for (int i = 0; i < TEST_TOKEN_SESSIONS; i++) {
		assert_int_equal(token->functions->C_CloseSession(sessions[i]), CKR_OK);
		session_give(token->sessions, sessions[i]);
	}
	assert_int_equal(
	    token_generate(token, "alive", KEY_EC_P256, false, &key, &made, NULL), 0);
	assert_int_equal(
	    token_find_labelled(token, "alive", false, KEY_FAMILY_RSA, &key, &id, NULL),
	    0);
	assert_int_equal(token_destroy(token, &id, NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_key_of_any_type_can_leave_the_token),
		cmocka_unit_test(a_pair_that_the_token_would_give_away_is_destroyed),
		cmocka_unit_test(a_pair_under_a_bad_name_is_not_left_behind),
		cmocka_unit_test(another_key_under_the_same_id_is_not_taken),
		cmocka_unit_test(destroying_an_absent_pair_is_no_error),
		cmocka_unit_test(an_unknown_label_is_not_found),
		cmocka_unit_test(two_keys_of_one_label_are_ambiguous),
		cmocka_unit_test(dead_idle_sessions_do_no_harm),
	};

	return cmocka_run_group_tests(tests, test_token_open, test_token_close);
}

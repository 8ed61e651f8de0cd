/* test_adopt.c - keys that somebody else made on the token. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/text.h"
#include "pkcs11/generate.h"
#include "pkcs11/keystore.h"
#include "pkcs11/session.h"
#include "tests/evp/software.h"
#include "tests/support/import.h"
#include "tests/support/token.h"

struct foreign {
	const char *label;
	CK_BYTE id; /* 0: none */
	CK_BBOOL sensitive, extractable, sign;
	bool without_public;
};

static void
set(CK_ATTRIBUTE *list, CK_ULONG *count, CK_ATTRIBUTE_TYPE type, const void *value,
    CK_ULONG len)
{
	list[(*count)++] = (CK_ATTRIBUTE){ type, (void *)(uintptr_t)value, len };
}

/* As pkcs11-tool and other programs make them. */
static void
make_foreign(struct token *token, const struct foreign *f)
{
	static const CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
		0x01, 0x07 };
	static const CK_BBOOL yes = CK_TRUE;
	CK_MECHANISM mechanism = { .mechanism = CKM_EC_KEY_PAIR_GEN };
	CK_ATTRIBUTE public[8], private[8];
	CK_ULONG publics = 0, privates = 0;
	CK_OBJECT_HANDLE handles[2];
	CK_SESSION_HANDLE session;

	set(public, &publics, CKA_TOKEN, &yes, 1);
	set(public, &publics, CKA_EC_PARAMS, p256, sizeof(p256));
	set(private, &privates, CKA_TOKEN, &yes, 1);
	set(private, &privates, CKA_LABEL, f->label, strlen(f->label));
	set(private, &privates, CKA_SENSITIVE, &f->sensitive, 1);
	set(private, &privates, CKA_EXTRACTABLE, &f->extractable, 1);
	set(private, &privates, CKA_SIGN, &f->sign, 1);
	if (f->id != 0) {
		set(public, &publics, CKA_ID, &f->id, 1);
		set(private, &privates, CKA_ID, &f->id, 1);
	}
	assert_int_equal(session_take(token->sessions, &session, NULL), 0);
	assert_int_equal(token->functions->C_GenerateKeyPair(session, &mechanism, public,
			     publics, private, privates, &handles[0], &handles[1]),
	    CKR_OK);
	if (f->without_public)
		assert_int_equal(
		    token->functions->C_DestroyObject(session, handles[0]), CKR_OK);
	session_give(token->sessions, session);
}

static void
adopts_a_key_that_stays_inside(void **state)
{
	static const struct foreign foreign = {
		.label = "foreign", .id = 1, .sensitive = CK_TRUE, .sign = CK_TRUE
	};
	struct test_token *t = *state;
	struct keystore_key key = { .use = KEY_USE_SIGN };
	unsigned char sig[SIGNATURE_MAX_BYTES];
	struct bytes message = { (const unsigned char *)"m", 1 },
		     signature = { .data = sig };
	bool on_token;

	make_foreign(t->token, &foreign);
	assert_int_equal(keystore_adopt(t->keystore, "foreign", KEY_USE_SIGN,
			     KEY_FAMILY_RSA, &key, NULL),
	    0);
	assert_int_equal(key.key.type, KEY_EC_P256);
	assert_int_equal(key.id.len, 1);
	assert_int_equal(keystore_add(t->keystore, &key, &on_token, NULL), 0);
	assert_true(on_token);
	assert_int_equal(
	    test_sign(t->keystore, key.key.spki_sha256, SCHEME_ECDSA_SECP256R1_SHA256,
		&message, sig, &signature.len, NULL),
	    0);
	assert_true(software_verifies(
	    &key.key, SCHEME_ECDSA_SECP256R1_SHA256, &message, &signature));
}

static void
check_refusal(void **state, const struct foreign *foreign, enum error_code code)
{
	struct test_token *t = *state;
	struct keystore_key key;
	struct error err = { 0 };

	make_foreign(t->token, foreign);
	assert_int_equal(keystore_adopt(t->keystore, foreign->label, KEY_USE_SIGN,
			     KEY_FAMILY_RSA, &key, &err),
	    -1);
	if (err.code != code)
		fail_msg("%d: %s", err.code, err.text);
}

static void
refuses_an_extractable_key(void **state)
{
	static const struct foreign foreign = { .label = "extractable",
		.id = 2,
		.sensitive = CK_TRUE,
		.extractable = CK_TRUE,
		.sign = CK_TRUE };

	check_refusal(state, &foreign, ERROR_FORBIDDEN);
}

static void
refuses_a_key_that_is_not_sensitive(void **state)
{
	static const struct foreign foreign = {
		.label = "open", .id = 3, .sign = CK_TRUE
	};

	check_refusal(state, &foreign, ERROR_FORBIDDEN);
}

static void
refuses_a_key_that_may_not_sign(void **state)
{
	static const struct foreign foreign = {
		.label = "silent", .id = 4, .sensitive = CK_TRUE
	};

	check_refusal(state, &foreign, ERROR_FORBIDDEN);
}

static void
refuses_a_key_without_an_id(void **state)
{
	static const struct foreign foreign = {
		.label = "nameless", .sensitive = CK_TRUE, .sign = CK_TRUE
	};

	check_refusal(state, &foreign, ERROR_CONFLICT);
}

static void
refuses_a_key_without_its_public_half(void **state)
{
	static const struct foreign foreign = { .label = "half",
		.id = 5,
		.sensitive = CK_TRUE,
		.sign = CK_TRUE,
		.without_public = true };

	check_refusal(state, &foreign, ERROR_NOT_FOUND);
}

static void
set_id(struct token *token, CK_OBJECT_HANDLE object, const CK_BYTE *id, CK_ULONG len)
{
	CK_ATTRIBUTE change = { CKA_ID, (void *)(uintptr_t)id, len };
	CK_SESSION_HANDLE session;

	assert_int_equal(session_take(token->sessions, &session, NULL), 0);
	assert_int_equal(
	    token->functions->C_SetAttributeValue(session, object, &change, 1), CKR_OK);
	session_give(token->sessions, session);
}

/* Nothing but a CKA_ID says that they belong together. */
static void
refuses_halves_of_two_pairs(void **state)
{
	static const CK_BYTE one = 0x51;
	static const struct object_id first = { { 0x51 }, 1 }, second = { { 0x52 }, 1 };
	struct test_token *t = *state;
	struct foreign foreign = {
		.label = "halves", .id = 0x51, .sensitive = CK_TRUE, .sign = CK_TRUE
	};
	struct token_pair of_first, of_second;
	struct keystore_key key;
	struct error err = { 0 };

	make_foreign(t->token, &foreign);
	foreign.label = "other";
	foreign.id = 0x52;
	make_foreign(t->token, &foreign);
	assert_int_equal(token_locate(t->token, &first, &of_first, NULL), 0);
	assert_int_equal(token_locate(t->token, &second, &of_second, NULL), 0);
	assert_int_equal(token_destroy_object(t->token, of_first.public, NULL), 0);
	set_id(t->token, of_second.public, &one, 1);
	assert_int_equal(keystore_adopt(t->keystore, "halves", KEY_USE_SIGN,
			     KEY_FAMILY_RSA, &key, &err),
	    -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_non_null(strstr(err.text, "of two pairs"));
}

static void
refuses_an_id_that_is_too_long(void **state)
{
	static const CK_BYTE id[OBJECT_ID_MAX + 1] = { 0x53 };
	static const struct object_id short_id = { { 0x53 }, 1 };
	static const struct foreign foreign = {
		.label = "long", .id = 0x53, .sensitive = CK_TRUE, .sign = CK_TRUE
	};
	struct test_token *t = *state;
	struct keystore_key key;
	struct token_pair pair;
	struct error err = { 0 };

	make_foreign(t->token, &foreign);
	assert_int_equal(token_locate(t->token, &short_id, &pair, NULL), 0);
	set_id(t->token, pair.private, id, sizeof(id));
	assert_int_equal(
	    keystore_adopt(t->keystore, "long", KEY_USE_SIGN, KEY_FAMILY_RSA, &key, &err),
	    -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_non_null(strstr(err.text, "CKA_ID of 33 bytes"));
}

static void
refuses_two_keys_of_one_label(void **state)
{
	struct test_token *t = *state;
	struct foreign foreign = {
		.label = "twin", .id = 6, .sensitive = CK_TRUE, .sign = CK_TRUE
	};

	make_foreign(t->token, &foreign);
	foreign.id = 7;
	check_refusal(state, &foreign, ERROR_CONFLICT);
}

/* A token has RSA keys only, so that each can be described in two ways. */
static void
one_object_is_not_two_keys(void **state)
{
	struct test_token *t = *state;
	struct keystore_key key, other;
	struct error err = { 0 };
	bool on_token;

	assert_int_equal(keystore_generate(t->keystore, "double", KEY_RSA_2048,
			     KEY_USE_TLS, &key, NULL),
	    0);
	assert_int_equal(keystore_add(t->keystore, &key, &on_token, NULL), 0);
	other = key;
	assert_int_equal(token_find_labelled(t->token, "double", false,
			     KEY_FAMILY_RSA_PSS, &other.key, &other.id, NULL),
	    0);
	assert_memory_not_equal(
	    other.key.spki_sha256, key.key.spki_sha256, KEY_SHA256_SIZE);
	text_copy(other.key.name, sizeof(other.key.name), "other");
	assert_int_equal(keystore_add(t->keystore, &other, &on_token, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_string_equal(
	    err.text, "key other is in use already, as double of type rsa-2048");
	other.replaced = 1;
	assert_int_equal(keystore_add(t->keystore, &other, &on_token, NULL), -1);
	test_key_destroy(t->keystore, &key);
}

static void
one_key_imported_twice_is_not_two_keys(void **state)
{
	struct test_token *t = *state;
	EVP_PKEY *pkey = EVP_RSA_gen(2048);
	struct keystore_key key, other;
	struct error err = { 0 };
	bool on_token;

	test_import(t->token, pkey, "once", 41);
	test_import(t->token, pkey, "twice", 42);
	assert_int_equal(
	    keystore_adopt(t->keystore, "once", KEY_USE_TLS, KEY_FAMILY_RSA, &key, NULL),
	    0);
	assert_int_equal(keystore_adopt(t->keystore, "twice", KEY_USE_SIGN,
			     KEY_FAMILY_RSA_PSS, &other, NULL),
	    0);
	assert_int_equal(keystore_add(t->keystore, &key, &on_token, NULL), 0);
	assert_int_equal(keystore_add(t->keystore, &other, &on_token, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	for (enum key_family family = KEY_FAMILY_RSA; family <= KEY_FAMILY_RSA_PSS;
	     family++) {
		assert_int_equal(keystore_adopt(t->keystore, "twice", KEY_USE_SIGN,
				     family, &other, &err),
		    -1);
		assert_int_equal(err.code, ERROR_CONFLICT);
		assert_string_equal(err.text, "the key with the label twice is in use "
					      "already as key once of type rsa-2048");
	}
	test_key_destroy(t->keystore, &key);
	EVP_PKEY_free(pkey);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adopts_a_key_that_stays_inside),
		cmocka_unit_test(refuses_an_extractable_key),
		cmocka_unit_test(refuses_a_key_that_is_not_sensitive),
		cmocka_unit_test(refuses_a_key_that_may_not_sign),
		cmocka_unit_test(refuses_a_key_without_an_id),
		cmocka_unit_test(refuses_a_key_without_its_public_half),
		cmocka_unit_test(refuses_halves_of_two_pairs),
		cmocka_unit_test(refuses_an_id_that_is_too_long),
		cmocka_unit_test(refuses_two_keys_of_one_label),
		cmocka_unit_test(one_object_is_not_two_keys),
		cmocka_unit_test(one_key_imported_twice_is_not_two_keys),
	};

	return cmocka_run_group_tests(tests, test_token_open, test_token_close);
}

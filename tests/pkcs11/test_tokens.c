/*
 * test_tokens.c - what keyhold asks of a token, of the token that the environment names
 * (tests/support/tokens.sh): the same for tokens of every make.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/crypto.h>

#include "pkcs11/check.h"
#include "tests/evp/software.h"
#include "tests/support/exchange.h"
#include "tests/support/token.h"

#define SIGNERS 8
#define ROUNDS  10

static const struct bytes message = { (const unsigned char *)"to be signed", 12 };

static int
open_token(struct test_token *t, const char *pin, struct error *err)
{
	return test_token_login(t, getenv("TOKEN_LABEL"), pin, err);
}

static int
open_all(struct test_token *t, struct error *err)
{
	const char *args = getenv("TOKEN_INIT_ARGS");

	if (module_open(getenv("TOKEN_MODULE"), *args != '\0' ? args : NULL, &t->module,
		err) != 0 ||
	    open_token(t, getenv("TOKEN_PIN"), err) != 0)
		return -1;
	return test_keystore_new(t->token, &t->keystore, err);
}

static int
setup(void **state)
{
	static struct test_token t;
	struct error err = { 0 };

	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	*state = &t;
	if (getenv("TOKEN_MODULE") == NULL || software_make(NULL) != 0)
		return -1;
	if (open_all(&t, &err) == 0)
		return 0;
	fprintf(stderr, "%s\n", err.text);
	return -1;
}

static void
close_token(struct test_token *t)
{
	keystore_free(t->keystore);
	token_close(t->token);
	module_close(t->module);
	*t = (struct test_token){ 0 };
}

static int
teardown(void **state)
{
	close_token(*state);
	return software_free(NULL);
}

/* Generates and takes into use. */
static int
make(struct keystore *store, enum key_type type, enum key_use use,
    struct keystore_key *key, struct error *err)
{
	bool on_token = false;

	key->use = use;
	if (keystore_generate(store, key_type_info(type)->name, type, use, key, err) !=
		0 ||
	    keystore_add(store, key, &on_token, err) != 0)
		return -1;
	assert_true(on_token);
	return 0;
}

static int
sign(struct keystore *store, const struct key *key, enum scheme scheme, struct error *err)
{
	unsigned char sig[SIGNATURE_MAX_BYTES];
	struct bytes signature = { .data = sig };

	if (test_sign(
		store, key->spki_sha256, scheme, &message, sig, &signature.len, err) != 0)
		return -1;
	assert_true(software_verifies(key, scheme, &message, &signature));
	return 0;
}

/* What it does not list is refused in so many words; what it fails at is known. */
static void
check_refusal(enum key_type type, const struct error *err)
{
	const char *fails = getenv("TOKEN_FAILS"), *name = key_type_info(type)->name;
	bool is_known = strstr(fails, name) != NULL;

	print_message("%s: %s\n", name, err->text);
	assert_int_equal(err->code, is_known ? ERROR_TOKEN : ERROR_UNSUPPORTED);
	if (!is_known)
		assert_non_null(strstr(err->text, "this token"));
}

static void
signs_with_a_key_of_each_type_that_it_makes(void **state)
{
	struct test_token *t = *state;
	unsigned made = 0;

	for (int i = 0; i < KEY_TYPES; i++) {
		struct error err = { 0 };
		struct keystore_key key;

		if (make(t->keystore, (enum key_type)i, KEY_USE_SIGN, &key, &err) != 0) {
			check_refusal((enum key_type)i, &err);
			continue;
		}
		for (int s = 0; s < SCHEMES; s++)
			if (scheme_fits((enum scheme)s, key.key.type) &&
			    sign(t->keystore, &key.key, (enum scheme)s, &err) != 0)
				fail_msg("%s: %s", key.key.name, err.text);
		assert_int_equal(keystore_check(t->keystore, NULL), 0);
		test_key_destroy(t->keystore, &key);
		made++;
	}
	assert_true(made > 0);
}

static void
an_rsa_key_decrypts_a_premaster_secret(void **state)
{
	struct test_token *t = *state;
	unsigned char received[PREMASTER_BYTES];
	struct bytes ciphertext;
	struct exchange_sent sent;
	struct error err = { 0 };
	struct keystore_key key;

	if (make(t->keystore, KEY_RSA_2048, KEY_USE_TLS_RSA_KEX, &key, &err) != 0)
		fail_msg("%s", err.text);
	exchange_make(&key.key, EXCHANGE_GOOD, &sent);
	ciphertext = (struct bytes){ sent.ciphertext, sent.len };
	if (test_decrypt(t->keystore, key.key.spki_sha256, &ciphertext, received, &err) !=
	    0)
		fail_msg("%s", err.text);
	assert_memory_equal(received, sent.premaster, sizeof(received));
	test_key_destroy(t->keystore, &key);
}

struct signer {
	pthread_t thread;
	struct keystore *keystore;
	struct error err;
};

static void *
sign_often(void *arg)
{
	struct signer *self = arg;
	struct keystore_key key;
	int rc = keystore_find(self->keystore, "ec-p256", &key, &self->err);

	for (int i = 0; i < ROUNDS && rc == 0; i++)
		rc = sign(
		    self->keystore, &key.key, SCHEME_ECDSA_SECP256R1_SHA256, &self->err);
	return rc == 0 ? NULL : self->err.text;
}

static void
many_threads_sign_at_once(void **state)
{
	struct test_token *t = *state;
	struct signer signers[SIGNERS] = { 0 };
	struct error err = { 0 };
	struct keystore_key key;
	void *why = NULL, *any = NULL;

	if (make(t->keystore, KEY_EC_P256, KEY_USE_SIGN, &key, &err) != 0)
		fail_msg("%s", err.text);
	for (int i = 0; i < SIGNERS; i++) {
		signers[i].keystore = t->keystore;
		assert_int_equal(
		    pthread_create(&signers[i].thread, NULL, sign_often, &signers[i]), 0);
	}
	for (int i = 0; i < SIGNERS; i++) {
		pthread_join(signers[i].thread, &why);
		any = why != NULL ? why : any;
	}
	if (any != NULL)
		fail_msg("%s", (const char *)any);
	test_key_destroy(t->keystore, &key);
}

/* As after a restart. */
static void
finds_its_keys_after_the_module_was_closed(void **state)
{
	struct test_token *t = *state;
	struct error err = { 0 };
	struct keystore_key key;
	bool on_token = false;

	if (make(t->keystore, KEY_EC_P256, KEY_USE_SIGN, &key, &err) != 0)
		fail_msg("%s", err.text);
	close_token(t);
	if (open_all(t, &err) != 0 || keystore_list(t->keystore, &err) != 0 ||
	    keystore_add(t->keystore, &key, &on_token, &err) != 0)
		fail_msg("%s", err.text);
	keystore_unlist(t->keystore);
	assert_true(on_token);
	if (sign(t->keystore, &key.key, SCHEME_ECDSA_SECP256R1_SHA256, &err) != 0)
		fail_msg("%s", err.text);
	test_key_destroy(t->keystore, &key);
}

static void
a_wrong_pin_is_told_from_other_failures(void **state)
{
	struct test_token *t = *state;
	struct error err = { 0 };

	keystore_free(t->keystore);
	token_close(t->token);
	t->keystore = NULL;
	t->token = NULL;
	assert_int_equal(open_token(t, "654321", &err), -1);
	if (err.code != ERROR_PIN)
		fail_msg("%s", err.text);
	assert_null(t->token);
	if (open_token(t, getenv("TOKEN_PIN"), &err) != 0)
		fail_msg("%s", err.text);
}

static int
fails_only_as_known(void *ctx, const struct check_result *result)
{
	unsigned *outcomes = ctx;

	if (result->outcome != CHECK_WORKS)
		print_message("%s, %s: %s\n", result->subject, result->step, result->why);
	if (result->outcome == CHECK_FAILS)
		assert_non_null(strstr(getenv("TOKEN_FAILS"), result->subject));
	assert_int_equal(*result->why == '\0', result->outcome == CHECK_WORKS);
	assert_int_equal(*result->means == '\0', result->outcome == CHECK_WORKS);
	outcomes[result->outcome]++;
	return 0;
}

static int
stop_at_once(void *ctx, const struct check_result *result)
{
	(void)ctx;
	return strcmp(result->step, "make") == 0 ? -1 : 0;
}

static unsigned
count_left(struct test_token *t)
{
	CK_ATTRIBUTE match = { CKA_LABEL, (void *)(uintptr_t)CHECK_LABEL,
		strlen(CHECK_LABEL) };
	CK_OBJECT_HANDLE found[8];
	CK_SESSION_HANDLE session;
	size_t count;

	assert_int_equal(session_take_live(t->token->sessions, &session, NULL), 0);
	assert_int_equal(
	    object_find(t->token->functions, session, &match, 1, found, 8, &count, NULL),
	    0);
	session_give(t->token->sessions, session);
	return (unsigned)count;
}

static void
check_finds_what_works_and_leaves_nothing(void **state)
{
	static const enum key_type types[] = { KEY_EC_P256, KEY_RSA_2048, KEY_ED25519 };
	struct test_token *t = *state;
	unsigned outcomes[3] = { 0 };

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(
		    keystore_probe(t->keystore, &types[i], fails_only_as_known, outcomes),
		    0);
	assert_true(outcomes[CHECK_WORKS] > 10);
	assert_int_equal(count_left(t), 0);
	assert_int_equal(keystore_probe(t->keystore, &types[0], stop_at_once, NULL), -1);
	assert_int_equal(count_left(t), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_with_a_key_of_each_type_that_it_makes),
		cmocka_unit_test(an_rsa_key_decrypts_a_premaster_secret),
		cmocka_unit_test(many_threads_sign_at_once),
		cmocka_unit_test(finds_its_keys_after_the_module_was_closed),
		cmocka_unit_test(check_finds_what_works_and_leaves_nothing),
		cmocka_unit_test(a_wrong_pin_is_told_from_other_failures),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

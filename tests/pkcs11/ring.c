/* ring.c - opened and closed for each test. */
#include "tests/pkcs11/ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <openssl/rsa.h>

#include "base/file.h"
#include "base/text.h"
#include "pkcs11/generate.h"
#include "pkcs11/keystore_state.h"
#include "pkcs11/leftover.h"
#include "tests/base/directory.h"
#include "tests/support/import.h"

#define MODULE_MAX_BYTES (16 * 1024 * 1024)

struct ring_scene s;

int
read_pin(void *ctx, struct secret **pin, struct error *err)
{
	if (ctx != NULL && s.pin_is_lost)
		return error_set(err, ERROR_CONFIG, "the PIN's file is gone");
	return secret_new(TEST_TOKEN_PIN, strlen(TEST_TOKEN_PIN), pin, err);
}

struct token *
open_token(struct module *module, const char *name)
{
	const struct token_options options = {
		.name = name,
		.label = name,
		.max_sessions = TEST_TOKEN_SESSIONS,
		.session_wait_ms = 20000,
		.session_copies = TEST_TOKEN_COPIES,
		.read_pin = read_pin,
		.pin_ctx = strcmp(name, "near") == 0 ? &s : NULL,
	};
	struct secret *pin = test_pin(TEST_TOKEN_PIN);
	struct token *token = NULL;
	struct error err = { 0 };

	if (token_open(module, &options, pin, &token, &err) != 0)
		fail_msg("%s", err.text);
	secret_free(pin);
	return token;
}

struct keystore *
open_keystore(struct token *token, const struct error *away)
{
	const struct keystore_options options = {
		.verify_one_in = 1,
		.recovery = { .wait_ms = 20000, .pause_ms = 20, .hang_ms = 60000 },
		.away = away,
	};
	struct keystore *store = NULL;

	assert_int_equal(keystore_new(token, &options, &store, NULL), 0);
	return store;
}

static struct module *
open_copy(void **directory)
{
	struct buffer library;
	struct module *module = NULL;
	struct error err = { 0 };
	char path[256];

	buf_init(&library, 0);
	directory_path(directory, "softhsm-copy.so", path);
	if (file_read(TEST_SOFTHSM, MODULE_MAX_BYTES, &library, &err) != 0 ||
	    file_write(path, library.data, library.len, 0600, &err) != 0 ||
	    module_open(path, NULL, &module, &err) != 0)
		fail_msg("%s", err.text);
	buf_free(&library);
	return module;
}

int
open_tokens(void **state)
{
	void *t = NULL;

	if (test_faulty_module_open(&t) != 0)
		return -1;
	s.t = t;
	test_token_make(s.t->module, "left");
	test_token_make(s.t->module, "near");
	test_token_make(s.t->module, "right");
	s.copy = open_copy(&s.t->directory);
	*state = t;
	return 0;
}

int
close_tokens(void **state)
{
	module_close(s.copy);
	return test_token_close(state);
}

int
open_ring(void **state)
{
	(void)state;
	s.pin_is_lost = false;
	s.left = open_token(s.t->module, "left");
	s.near = open_token(s.t->module, "near");
	s.right = open_token(s.copy, "right");
	s.stores[0] = open_keystore(s.left, NULL);
	s.stores[1] = open_keystore(s.near, NULL);
	s.stores[2] = open_keystore(s.right, NULL);
	return keyring_new(s.stores, 3, &s.ring, NULL);
}

int
close_ring(void **state)
{
	(void)state;
	faults_clear(s.t->faults);
	keyring_free(s.ring);
	token_close(s.left);
	token_close(s.near);
	token_close(s.right);
	return 0;
}

void
make(const char *token, const char *name, struct keystore_key *key)
{
	const struct keyring_place place = { token, name, KEY_USE_SIGN };
	struct error err = { 0 };
	bool on_token;

	if (keyring_generate(s.ring, &place, KEY_EC_P256, key, &err) != 0 ||
	    keyring_add(s.ring, key, &on_token, &err) != 0)
		fail_msg("%s", err.text);
	assert_true(on_token);
}

void
adopt(const char *token, const char *name, struct keystore_key *key)
{
	const struct keyring_place place = { token, name, KEY_USE_TLS_RSA_KEX };
	struct error err = { 0 };
	bool on_token;

	if (keyring_adopt(s.ring, &place, KEY_FAMILY_RSA, key, &err) != 0 ||
	    keyring_add(s.ring, key, &on_token, &err) != 0)
		fail_msg("%s", err.text);
}

/* The same pair on left and on right, at home on one of them. */
void
replicate(const char *home, const char *name, CK_BYTE id, struct keystore_key *key)
{
	EVP_PKEY *pkey = EVP_RSA_gen(2048);

	test_import(s.left, pkey, name, id);
	test_import(s.right, pkey, name, id);
	EVP_PKEY_free(pkey);
	adopt(home, name, key);
}

int
sign(const struct keystore_key *key, struct error *err)
{
	const struct bytes message = { .data = (const unsigned char *)"m", .len = 1 };
	unsigned char sig[SIGNATURE_MAX_BYTES];
	size_t len;

	return keyring_sign(s.ring, key->key.spki_sha256, scheme_default(key->key.type),
	    &message, sig, &len, err);
}

void
sign_many(const struct keystore_key *key, int count)
{
	struct error err = { 0 };

	for (int i = 0; i < count; i++)
		if (sign(key, &err) != 0)
			fail_msg("%d: %s", i, err.text);
}

void
wait_until_it_works(struct keystore *store)
{
	const struct timespec step = { .tv_nsec = 10000000 };
	struct error err = { 0 };

	for (int i = 0; i < 1000; i++) {
		if (keystore_check(store, &err) == 0)
			return;
		nanosleep(&step, NULL);
	}
	fail_msg("%s", err.text);
}

void
wait_until_away(struct keystore *store)
{
	const struct timespec step = { .tv_nsec = 10000000 };

	for (int i = 0; i < 1000 && !keystore_is_away(store); i++) {
		keystore_check(store, NULL);
		nanosleep(&step, NULL);
	}
	assert_true(keystore_is_away(store));
}

void
end_key(const struct keystore_key *key)
{
	struct error err = { 0 };

	if (keyring_destroy(s.ring, key, &err) != 0)
		fail_msg("%s", err.text);
	keyring_forget(s.ring, key);
}

bool
is_on(struct token *token, const struct keystore_key *key)
{
	CK_OBJECT_HANDLE handle;

	return token_find_private(token, &key->key, &key->id, &handle, NULL) == 0;
}

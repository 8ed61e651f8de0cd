/* test_threads.c - many threads sign while another makes and destroys keys. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pkcs11/keystore.h"
#include "tests/evp/software.h"
#include "tests/support/token.h"

#define SIGNERS 8
#define ROUNDS  60
#define KEYS    15

struct worker {
	struct keystore *store;
	struct keystore_key key;
	enum scheme scheme;
	atomic_bool *failed;
	struct error err;
};

static int
sign_once(struct worker *w, unsigned char round)
{
	unsigned char sig[SIGNATURE_MAX_BYTES];
	struct bytes message = { &round, 1 }, signature = { .data = sig };

	if (test_sign(w->store, w->key.key.spki_sha256, w->scheme, &message, sig,
		&signature.len, &w->err) != 0)
		return -1;
	if (!software_verifies(&w->key.key, w->scheme, &message, &signature))
		return error_set(&w->err, ERROR_TOKEN, "a signature does not verify");
	return 0;
}

static void *
sign_and_verify(void *arg)
{
	struct worker *w = arg;

	for (int i = 0; i < ROUNDS && !atomic_load(w->failed); i++)
		if (sign_once(w, (unsigned char)i) != 0)
			atomic_store(w->failed, true);
	return NULL;
}

static void *
make_and_destroy(void *arg)
{
	struct worker *w = arg;

	for (int i = 0; i < KEYS && !atomic_load(w->failed); i++) {
		struct keystore_key key = { .use = KEY_USE_SIGN };
		char name[32];
		bool on_token = false;

		snprintf(name, sizeof(name), "short-%d", i);
		if (keystore_generate(w->store, name, i % 2 ? KEY_ED25519 : KEY_EC_P256,
			KEY_USE_SIGN, &key, &w->err) != 0 ||
		    keystore_add(w->store, &key, &on_token, &w->err) != 0 || !on_token ||
		    keystore_check(w->store, &w->err) != 0 ||
		    keystore_destroy(w->store, &key, &w->err) != 0)
			atomic_store(w->failed, true);
		keystore_forget(w->store, &key);
	}
	return NULL;
}

static void
make_key(struct worker *w, const char *name, enum key_type type)
{
	bool on_token = false;

	assert_int_equal(
	    keystore_generate(w->store, name, type, KEY_USE_SIGN, &w->key, NULL), 0);
	assert_int_equal(keystore_add(w->store, &w->key, &on_token, NULL), 0);
	assert_true(on_token);
}

static void
eight_threads_sign_while_another_makes_and_destroys_keys(void **state)
{
	static const struct {
		enum key_type type;
		enum scheme scheme;
	} kinds[] = {
		{ KEY_EC_P256, SCHEME_ECDSA_SECP256R1_SHA256 },
		{ KEY_RSA_2048, SCHEME_RSA_PSS_RSAE_SHA256 },
		{ KEY_ED25519, SCHEME_ED25519 },
		{ KEY_EC_P384, SCHEME_ECDSA_SECP384R1_SHA384 },
	};
	struct test_token *t = *state;
	struct worker workers[SIGNERS + 1] = { 0 };
	pthread_t threads[SIGNERS + 1];
	atomic_bool failed = false;
	char name[32];

	for (int i = 0; i <= SIGNERS; i++) {
		workers[i].store = t->keystore;
		workers[i].failed = &failed;
		if (i < SIGNERS) {
			snprintf(name, sizeof(name), "long-%d", i);
			make_key(&workers[i], name, kinds[i % 4].type);
			workers[i].scheme = kinds[i % 4].scheme;
		}
	}
	for (int i = 0; i <= SIGNERS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL,
			i < SIGNERS ? sign_and_verify : make_and_destroy, &workers[i]),
		    0);
	for (int i = 0; i <= SIGNERS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i <= SIGNERS; i++)
		if (workers[i].err.code != ERROR_NONE)
			print_message("worker %d: %s\n", i, workers[i].err.text);
	assert_false(failed);
	assert_int_equal(keystore_count(t->keystore), SIGNERS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    eight_threads_sign_while_another_makes_and_destroys_keys),
	};

	return cmocka_run_group_tests(tests, test_token_open, test_token_close);
}

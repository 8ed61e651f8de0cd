/* test_backend.c - evp/ over the token: an EVP_PKEY that the daemon's CA signs with. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "evp/builtin.h"
#include "pkcs11/keystore.h"
#include "tests/evp/software.h"
#include "tests/support/token.h"

#define THREADS 4
#define ROUNDS  40

static const struct bytes message = { (const unsigned char *)"to be signed", 12 };

struct signer {
	OSSL_LIB_CTX *libctx;
	EVP_PKEY *pkey;
	const struct key *key;
	enum scheme scheme;
	int rounds, good;
};

static int
sign_once(const struct signer *s)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[SIGNATURE_MAX_BYTES];
	struct bytes signature = { .data = sig, .len = sizeof(sig) };
	int good =
	    software_sign_init(ctx, s->libctx, s->pkey, s->scheme) == 1 &&
	    EVP_DigestSign(ctx, sig, &signature.len, message.data, message.len) == 1 &&
	    software_verifies(s->key, s->scheme, &message, &signature);

	EVP_MD_CTX_free(ctx);
	return good;
}

static void *
sign_many(void *arg)
{
	struct signer *s = arg;

	for (int i = 0; i < s->rounds; i++)
		s->good += sign_once(s);
	return NULL;
}

static void
make(struct keystore *store, enum key_type type, struct keystore_key *key)
{
	bool on_token = false;

	assert_int_equal(keystore_generate(store, "ca", type, KEY_USE_CA, key, NULL), 0);
	assert_int_equal(keystore_add(store, key, &on_token, NULL), 0);
	assert_true(on_token);
}

static void
an_evp_pkey_signs_in_the_token_from_many_threads(void **state)
{
	static const enum key_type types[] = { KEY_EC_P384, KEY_RSA_2048, KEY_ED25519 };
	static const enum scheme schemes[] = { SCHEME_ECDSA_SECP384R1_SHA384,
		SCHEME_RSA_PSS_RSAE_SHA256, SCHEME_ED25519 };
	struct test_token *t = *state;
	struct builtin *builtin = NULL;

	assert_int_equal(builtin_new(&keyring_backend, t->keyring, &builtin, NULL), 0);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct keystore_key key = { .use = KEY_USE_CA };
		struct signer signers[THREADS];
		pthread_t threads[THREADS];
		EVP_PKEY *pkey = NULL;

		make(t->keystore, types[i], &key);
		assert_int_equal(builtin_pkey(builtin, &key.key, &pkey, NULL), 0);
		for (int n = 0; n < THREADS; n++) {
			signers[n] = (struct signer){ builtin_libctx(builtin), pkey,
				&key.key, schemes[i], ROUNDS, 0 };
			assert_int_equal(
			    pthread_create(&threads[n], NULL, sign_many, &signers[n]), 0);
		}
		for (int n = 0; n < THREADS; n++) {
			pthread_join(threads[n], NULL);
			assert_int_equal(signers[n].good, ROUNDS);
		}
		EVP_PKEY_free(pkey);
		test_key_destroy(t->keystore, &key);
	}
	builtin_free(builtin);
}

static void
a_key_that_is_gone_fails_with_its_reason(void **state)
{
	struct test_token *t = *state;
	struct builtin *builtin = NULL;
	struct keystore_key key = { .use = KEY_USE_CA };
	struct signer signer = { .key = &key.key, .scheme = SCHEME_ED25519 };

	assert_int_equal(builtin_new(&keyring_backend, t->keyring, &builtin, NULL), 0);
	make(t->keystore, KEY_ED25519, &key);
	assert_int_equal(builtin_pkey(builtin, &key.key, &signer.pkey, NULL), 0);
	signer.libctx = builtin_libctx(builtin);
	assert_true(sign_once(&signer));
	test_key_destroy(t->keystore, &key);
	assert_false(sign_once(&signer));
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), ERROR_NOT_FOUND);
	ERR_clear_error();
	EVP_PKEY_free(signer.pkey);
	builtin_free(builtin);
}

static int
open_all(void **state)
{
	return test_token_open(state) == 0 ? test_keyring_new(*state, NULL) : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_evp_pkey_signs_in_the_token_from_many_threads),
		cmocka_unit_test(a_key_that_is_gone_fails_with_its_reason),
	};

	return cmocka_run_group_tests(tests, open_all, test_token_close);
}

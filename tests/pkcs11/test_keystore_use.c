/* test_keystore_use.c - how busy the keystore says it is, on a real SoftHSM. */
#include "pkcs11/keystore.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/token.h"

static unsigned long long
count(const struct durations *durations)
{
	unsigned long long sum = 0;

	for (size_t i = 0; i <= DURATIONS_BOUNDS; i++)
		sum += atomic_load(&durations->counts[i]);
	return sum;
}

static void
counts_keys_copies_sessions_and_the_tokens_work(void **state)
{
	struct test_token *t = *state;
	const struct bytes message = { (const unsigned char *)"to be signed", 12 };
	struct keystore_key key = { .use = KEY_USE_SIGN };
	struct keystore *store = t->keystore;
	unsigned char sig[SIGNATURE_MAX_BYTES];
	struct keystore_use use;
	bool on_token;
	size_t len;

	assert_int_equal(
	    keystore_generate(store, "one", KEY_EC_P256, KEY_USE_SIGN, &key, NULL), 0);
	assert_int_equal(keystore_add(store, &key, &on_token, NULL), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    test_sign(store, key.key.spki_sha256, SCHEME_ECDSA_SECP256R1_SHA256,
			&message, sig, &len, NULL),
		    0);
	use = keystore_use(store);
	assert_int_equal(use.keys, 1);
	assert_int_equal(use.copies, 1);
	assert_int_equal(use.sessions.lent, 0);
	assert_true(use.sessions.max > 0);
	assert_int_equal(count(&use.times[TOKEN_SIGNS]), 3);
	assert_int_equal(count(&use.times[TOKEN_GENERATES]), 1);
	assert_int_equal(count(&use.times[TOKEN_DECRYPTS]), 0);
	assert_true(atomic_load(&use.times[TOKEN_SIGNS].sum_ns) > 0);
	assert_true(count(use.sessions.waits) >= 4);
	test_key_destroy(store, &key);
	assert_int_equal(keystore_use(store).copies, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_keys_copies_sessions_and_the_tokens_work),
	};

	return cmocka_run_group_tests(tests, test_token_open, test_token_close);
}

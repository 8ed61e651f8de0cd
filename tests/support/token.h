/* token.h - a throw-away SoftHSM token in a directory of its own. */
#ifndef TESTS_SUPPORT_TOKEN_H
#define TESTS_SUPPORT_TOKEN_H

#include "pkcs11/keyring.h"
#include "pkcs11/module.h"
#include "pkcs11/token.h"
#include "tests/support/faults.h"

#define TEST_TOKEN_LABEL    "keyhold-test"
#define TEST_TOKEN_PIN      "123456"
#define TEST_TOKEN_SESSIONS 8
#define TEST_TOKEN_WAIT_MS  10000
#define TEST_TOKEN_COPIES   4

struct test_token {
	void *directory;
	struct module *module;
	struct token *token;       /* NULL after test_module_open */
	struct keystore *keystore; /* the keyring's, when there is one */
	struct keyring *keyring;   /* NULL until test_keyring_new */
	struct faults *faults;     /* after test_faulty_* */
};

/*
 * cmocka's group setups: *state is the test_token. The first stops at the module, with
 * no token in it; the second makes a token, logs in, and opens an empty keystore.
 */
int test_module_open(void **state);
int test_token_open(void **state);
/* The same over faulty-pkcs11.so. */
int test_faulty_module_open(void **state);
int test_faulty_token_open(void **state);
int test_token_close(void **state);

/* Makes one more token in the module; aborts when it cannot. */
void test_token_make(struct module *module, const char *label);

/* The caller frees; aborts when the heap is full. */
struct secret *test_pin(const char *text);

/* Destroys and forgets; aborts when it cannot. */
void test_key_destroy(struct keystore *store, const struct keystore_key *key);

/* Logs in to a token with this label and PIN. */
int test_token_login(
    struct test_token *t, const char *label, const char *pin, struct error *err);

/* One that verifies each signature, and watches with its own times. */
int test_keystore_new(struct token *token, struct keystore **store, struct error *err);

/* Over the keystore, which it owns then. */
int test_keyring_new(struct test_token *t, struct error *err);
void test_keyring_free(struct test_token *t);

/* With the key of this hash, on this token alone. */
int test_sign(struct keystore *store, const unsigned char *spki_sha256,
    enum scheme scheme, const struct bytes *message,
    unsigned char sig[static SIGNATURE_MAX_BYTES], size_t *sig_len, struct error *err);
int test_decrypt(struct keystore *store, const unsigned char *spki_sha256,
    const struct bytes *ciphertext, unsigned char premaster[static PREMASTER_BYTES],
    struct error *err);

/* Waits until the token works again. */
void test_token_recovers(struct test_token *t);

#endif

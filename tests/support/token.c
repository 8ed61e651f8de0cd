/* token.c - a throw-away SoftHSM token. */
#include "tests/support/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "tests/base/directory.h"

#define SO_PIN "87654321"

/* SoftHSM reads SOFTHSM2_CONF when it is initialised. */
static int
write_conf(void **directory)
{
	char path[256], text[600];

	snprintf(text, sizeof(text),
	    "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n",
	    (const char *)*directory);
	write_file(directory_path(directory, "softhsm2.conf", path), text, 0600);
	return setenv("SOFTHSM2_CONF", path, 1);
}

static int
open_module(void **state, const char *path)
{
	struct test_token *t = calloc(1, sizeof(*t));
	struct error err = { 0 };

	/* This process and SoftHSM share one libcrypto: no configuration, as in the
	 * daemon. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	if (t == NULL || directory_make(&t->directory) != 0 ||
	    write_conf(&t->directory) != 0)
		return -1;
	*state = t;
	if (module_open(path, NULL, &t->module, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	return 0;
}

int
test_module_open(void **state)
{
	return open_module(state, TEST_SOFTHSM);
}

/* The module reads the name once in a process; the map outlives the file. */
int
test_faulty_module_open(void **state)
{
	char path[] = "/tmp/keyhold-faults.XXXXXX";
	struct faults *faults = NULL;
	int fd = mkstemp(path), rc = -1;

	if (fd < 0)
		return -1;
	close(fd);
	if (setenv(FAULTS_ENV, path, 1) == 0 && faults_open(path, &faults) == 0 &&
	    open_module(state, TEST_FAULTY_MODULE) == 0) {
		((struct test_token *)*state)->faults = faults;
		rc = 0;
	}
	unlink(path);
	return rc;
}

struct secret *
test_pin(const char *text)
{
	struct secret *pin = NULL;

	if (secret_new(text, strlen(text), &pin, NULL) != 0)
		abort();
	return pin;
}

void
test_token_make(struct module *module, const char *label)
{
	struct secret *so_pin = test_pin(SO_PIN), *pin = test_pin(TEST_TOKEN_PIN);
	struct error err = { 0 };

	if (token_initialise(module, label, so_pin, pin, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	secret_free(so_pin);
	secret_free(pin);
}

static int
read_test_pin(void *ctx, struct secret **pin, struct error *err)
{
	(void)ctx;
	return secret_new(TEST_TOKEN_PIN, strlen(TEST_TOKEN_PIN), pin, err);
}

int
test_token_login(
    struct test_token *t, const char *label, const char *pin, struct error *err)
{
	struct token_options options = {
		.label = label,
		.max_sessions = TEST_TOKEN_SESSIONS,
		.session_wait_ms = TEST_TOKEN_WAIT_MS,
		.session_copies = TEST_TOKEN_COPIES,
		.read_pin = read_test_pin,
	};
	struct secret *secret = test_pin(pin);
	int rc = token_open(t->module, &options, secret, &t->token, err);

	secret_free(secret);
	return rc;
}

void
test_key_destroy(struct keystore *store, const struct keystore_key *key)
{
	struct error err = { 0 };

	if (keystore_destroy(store, key, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	keystore_forget(store, key);
}

int
test_keystore_new(struct token *token, struct keystore **store, struct error *err)
{
	const struct keystore_options options = {
		.verify_one_in = 1,
		.recovery = {
			.wait_ms = TEST_TOKEN_WAIT_MS,
			.pause_ms = 10,
			.hang_ms = 60000, /* of tests on a machine that is busy */
		},
	};

	return keystore_new(token, &options, store, err);
}

int
test_keyring_new(struct test_token *t, struct error *err)
{
	return keyring_new(&t->keystore, 1, &t->keyring, err);
}

void
test_keyring_free(struct test_token *t)
{
	if (t->keyring != NULL)
		keyring_free(t->keyring);
	else
		keystore_free(t->keystore);
	t->keyring = NULL;
	t->keystore = NULL;
}

void
test_token_recovers(struct test_token *t)
{
	const struct timespec step = { .tv_nsec = 10000000 };
	struct error err = { 0 };

	for (int i = 0; i < 1000; i++) {
		if (keystore_check(t->keystore, &err) == 0)
			return;
		nanosleep(&step, NULL);
	}
	fprintf(stderr, "%s\n", err.text);
	abort();
}

static int
open_token(struct test_token *t)
{
	struct error err = { 0 };

	test_token_make(t->module, TEST_TOKEN_LABEL);
	if (test_token_login(t, TEST_TOKEN_LABEL, TEST_TOKEN_PIN, &err) != 0 ||
	    test_keystore_new(t->token, &t->keystore, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	return 0;
}

int
test_token_open(void **state)
{
	return test_module_open(state) == 0 ? open_token(*state) : -1;
}

int
test_faulty_token_open(void **state)
{
	return test_faulty_module_open(state) == 0 ? open_token(*state) : -1;
}

int
test_token_close(void **state)
{
	struct test_token *t = *state;
	int rc;

	test_keyring_free(t);
	token_close(t->token);
	module_close(t->module);
	faults_close(t->faults);
	rc = directory_remove(&t->directory);
	free(t);
	return rc;
}

int
test_sign(struct keystore *store, const unsigned char *spki_sha256, enum scheme scheme,
    const struct bytes *message, unsigned char sig[static SIGNATURE_MAX_BYTES],
    size_t *sig_len, struct error *err)
{
	struct keystore_task task = {
		.verb = KEYSTORE_SIGNS,
		.spki_sha256 = spki_sha256,
		.scheme = scheme,
		.input = message,
		.output = sig,
		.output_len = sig_len,
	};

	return keystore_run(store, &task, err);
}

int
test_decrypt(struct keystore *store, const unsigned char *spki_sha256,
    const struct bytes *ciphertext, unsigned char premaster[static PREMASTER_BYTES],
    struct error *err)
{
	struct keystore_task task = {
		.verb = KEYSTORE_DECRYPTS,
		.spki_sha256 = spki_sha256,
		.input = ciphertext,
		.output = premaster,
	};

	return keystore_run(store, &task, err);
}

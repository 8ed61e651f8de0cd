/* test_ocsp_turns.c - a token that is slow, and more who ask than it can sign for. */
#include "ca/ocsp.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "evp/builtin.h"
#include "tests/ca/ocsp_support.h"
#include "tests/evp/software.h"

#define AT_ONCE 4

/* A token that, once it is stopped, signs nothing until it goes on. */
struct slow_token {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stopped;
	int signing;
	struct software_backend backend;
};

static struct slow_token token = { .lock = PTHREAD_MUTEX_INITIALIZER,
	.changed = PTHREAD_COND_INITIALIZER };

static int
sign_slowly(void *ctx, const struct key *key, enum scheme scheme,
    const struct bytes *message, unsigned char sig[static SIGNATURE_MAX_BYTES],
    size_t *sig_len, struct error *err)
{
	struct slow_token *t = ctx;
	int rc;

	pthread_mutex_lock(&t->lock);
	t->signing++;
	pthread_cond_broadcast(&t->changed);
	while (t->stopped)
		pthread_cond_wait(&t->changed, &t->lock);
	t->signing--;
	rc = software_backend.sign(&t->backend, key, scheme, message, sig, sig_len, err);
	pthread_mutex_unlock(&t->lock);
	return rc;
}

static const struct key_backend slow_backend = { .sign = sign_slowly };

static void
set_stopped(bool stopped)
{
	pthread_mutex_lock(&token.lock);
	token.stopped = stopped;
	pthread_cond_broadcast(&token.changed);
	pthread_mutex_unlock(&token.lock);
}

static void
wait_until_all_sign(void)
{
	pthread_mutex_lock(&token.lock);
	while (token.signing < AT_ONCE)
		pthread_cond_wait(&token.changed, &token.lock);
	pthread_mutex_unlock(&token.lock);
}

struct asker {
	struct responder *r;
	enum error_code code;
	pthread_t thread;
};

/* With a nonce, so that each answer is signed. */
static void *
ask_once(void *ctx)
{
	struct asker *asker = ctx;
	struct responder *r = asker->r;
	OCSP_REQUEST *req = ask_about(r->internal, r->root, EVP_sha1());
	struct ocsp_answer answer;

	OCSP_request_add1_nonce(req, NULL, 32);
	asker->code = send_request(r, "root", req, &answer);
	ocsp_answer_clear(&answer);
	return NULL;
}

static enum error_code
ask_now(struct responder *r)
{
	struct asker asker = { .r = r };

	ask_once(&asker);
	return asker.code;
}

static void
leaves_the_token_to_others(void **state)
{
	struct responder *r = *state;
	struct asker askers[AT_ONCE];

	assert_int_equal(ask_now(r), ERROR_NONE);
	set_stopped(true);
	for (size_t i = 0; i < AT_ONCE; i++) {
		askers[i] = (struct asker){ .r = r };
		assert_int_equal(
		    pthread_create(&askers[i].thread, NULL, ask_once, &askers[i]), 0);
	}
	wait_until_all_sign();
	assert_int_equal(ask_now(r), ERROR_BUSY);
	assert_int_equal(token.signing, AT_ONCE);
	set_stopped(false);
	for (size_t i = 0; i < AT_ONCE; i++) {
		pthread_join(askers[i].thread, NULL);
		assert_int_equal(askers[i].code, ERROR_NONE);
	}
	assert_int_equal(ask_now(r), ERROR_NONE);
}

static struct builtin *builtin;

static int
setup(void **state)
{
	struct responder *r = malloc(sizeof(*r));
	struct key description;
	EVP_PKEY *key;

	if (r == NULL || software_make(NULL) != 0 ||
	    builtin_new(&slow_backend, &token, &builtin, NULL) != 0)
		return -1;
	description = software_describe(KEY_EC_P256, "root-ocsp");
	if (builtin_pkey(builtin, &description, &key, NULL) != 0)
		return -1;
	responder_open(r, builtin_libctx(builtin), ec_key("P-256"), key);
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	responder_teardown(state);
	builtin_free(builtin);
	return software_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_the_token_to_others),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

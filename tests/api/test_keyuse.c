/* test_keyuse.c - each use against each kind of message. */
#include "api/keyuse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/x509.h>

#include "tests/api/handshake.h"

static struct recorder tls_12, tls_13;

static int
setup(void **state)
{
	static const struct handshake old = { "EC", "EC", "P-256", TLS1_2_VERSION, NULL,
		NULL, false, true };
	static const struct handshake new = { "EC", "EC", "P-256", TLS1_3_VERSION, NULL,
		NULL, false, true };

	(void)state;
	handshake_run(&old, &tls_12);
	handshake_run(&new, &tls_13);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	recorder_clear(&tls_12);
	recorder_clear(&tls_13);
	return 0;
}

static enum error_code
check(enum key_use use, const struct key *key, enum scheme scheme, const void *data,
    size_t len)
{
	struct keystore_key stored = { .key = *key, .use = use };
	struct bytes message = { data, len };
	struct error err = { 0 };
	int rc = keyuse_check(&stored, scheme, &message, &err);

	assert_int_equal(rc, err.code == ERROR_NONE ? 0 : -1);
	return err.code;
}

static enum error_code
check_recorded(enum key_use use, const struct recorder *recorder, const char *name)
{
	const struct recorded *r = recorder_find(recorder, name);

	return check(use, &r->key, r->scheme, r->data, r->len);
}

static const struct key *
any_key(void)
{
	return &recorder_find(&tls_13, "server")->key;
}

static void
tls_signs_handshakes(void **state)
{
	(void)state;
	assert_int_equal(check_recorded(KEY_USE_TLS, &tls_12, "server"), ERROR_NONE);
	assert_int_equal(check_recorded(KEY_USE_TLS, &tls_12, "client"), ERROR_NONE);
	assert_int_equal(check_recorded(KEY_USE_TLS, &tls_13, "server"), ERROR_NONE);
	assert_int_equal(check_recorded(KEY_USE_TLS, &tls_13, "client"), ERROR_NONE);
}

static void
tls_signs_its_own_request_and_no_other(void **state)
{
	const struct recorded *server = recorder_find(&tls_13, "server");
	const struct recorded *client = recorder_find(&tls_13, "client");
	X509_REQ *req = X509_REQ_new();
	unsigned char *tbs = NULL;
	int len;

	(void)state;
	X509_REQ_set_pubkey(req, tls_13.keys[0]);
	assert_true((len = i2d_re_X509_REQ_tbs(req, &tbs)) > 0);
	assert_int_equal(
	    check(KEY_USE_TLS, &server->key, server->scheme, tbs, (size_t)len),
	    ERROR_NONE);
	assert_int_equal(
	    check(KEY_USE_TLS, &client->key, client->scheme, tbs, (size_t)len),
	    ERROR_FORBIDDEN);
	assert_int_equal(
	    check(KEY_USE_CA, &server->key, server->scheme, tbs, (size_t)len),
	    ERROR_FORBIDDEN);
	OPENSSL_free(tbs);
	X509_REQ_free(req);
}

static void
tls_signs_nothing_else(void **state)
{
	const enum scheme scheme = SCHEME_ECDSA_SECP256R1_SHA256;

	(void)state;
	assert_int_equal(
	    check(KEY_USE_TLS, any_key(), scheme, "hello", 5), ERROR_FORBIDDEN);
	assert_int_equal(check(KEY_USE_TLS, any_key(), scheme, NULL, 0), ERROR_FORBIDDEN);
}

static void
ca_signs_nothing_for_a_client(void **state)
{
	const enum scheme scheme = SCHEME_ECDSA_SECP256R1_SHA256;

	(void)state;
	assert_int_equal(check_recorded(KEY_USE_CA, &tls_12, "server"), ERROR_FORBIDDEN);
	assert_int_equal(check_recorded(KEY_USE_CA, &tls_12, "client"), ERROR_FORBIDDEN);
	assert_int_equal(check_recorded(KEY_USE_CA, &tls_13, "server"), ERROR_FORBIDDEN);
	assert_int_equal(
	    check(KEY_USE_CA, any_key(), scheme, "hello", 5), ERROR_FORBIDDEN);
}

static void
tls_rsa_kex_signs_what_tls_signs(void **state)
{
	const enum scheme scheme = SCHEME_ECDSA_SECP256R1_SHA256;
	const enum key_use use = KEY_USE_TLS_RSA_KEX;

	(void)state;
	assert_int_equal(check_recorded(use, &tls_12, "server"), ERROR_NONE);
	assert_int_equal(check_recorded(use, &tls_12, "client"), ERROR_NONE);
	assert_int_equal(check_recorded(use, &tls_13, "server"), ERROR_NONE);
	assert_int_equal(check_recorded(use, &tls_13, "client"), ERROR_NONE);
	assert_int_equal(check(use, any_key(), scheme, "hello", 5), ERROR_FORBIDDEN);
	assert_int_equal(check(use, any_key(), scheme, NULL, 0), ERROR_FORBIDDEN);
}

static void
tls_rsa_kex_alone_decrypts(void **state)
{
	static const enum key_use others[] = { KEY_USE_TLS, KEY_USE_CA, KEY_USE_SIGN };
	struct keystore_key key = { .key = *any_key(), .use = KEY_USE_TLS_RSA_KEX };

	(void)state;
	assert_int_equal(keyuse_check_decrypt(&key, NULL), 0);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct error err = { 0 };

		key.use = others[i];
		assert_int_equal(keyuse_check_decrypt(&key, &err), -1);
		assert_int_equal(err.code, ERROR_FORBIDDEN);
		assert_non_null(strstr(err.text, key_use_name(others[i])));
	}
}

static void
sign_signs_whatever_it_is_given(void **state)
{
	const enum scheme scheme = SCHEME_ECDSA_SECP256R1_SHA256;

	(void)state;
	assert_int_equal(check_recorded(KEY_USE_SIGN, &tls_12, "client"), ERROR_NONE);
	assert_int_equal(check_recorded(KEY_USE_SIGN, &tls_13, "server"), ERROR_NONE);
	assert_int_equal(check(KEY_USE_SIGN, any_key(), scheme, "hello", 5), ERROR_NONE);
	assert_int_equal(check(KEY_USE_SIGN, any_key(), scheme, NULL, 0), ERROR_NONE);
}

static void
no_use_takes_the_scheme_of_another_type(void **state)
{
	static const enum key_use uses[] = { KEY_USE_TLS, KEY_USE_CA, KEY_USE_SIGN,
		KEY_USE_TLS_RSA_KEX };
	const struct recorded *r = recorder_find(&tls_13, "server");

	(void)state;
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		assert_int_equal(check(uses[i], &r->key, SCHEME_ED25519, r->data, r->len),
		    ERROR_UNSUPPORTED);
		assert_int_equal(
		    check(uses[i], &r->key, SCHEME_RSA_PSS_RSAE_SHA256, r->data, r->len),
		    ERROR_UNSUPPORTED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tls_signs_handshakes),
		cmocka_unit_test(tls_signs_its_own_request_and_no_other),
		cmocka_unit_test(tls_signs_nothing_else),
		cmocka_unit_test(ca_signs_nothing_for_a_client),
		cmocka_unit_test(tls_rsa_kex_signs_what_tls_signs),
		cmocka_unit_test(tls_rsa_kex_alone_decrypts),
		cmocka_unit_test(sign_signs_whatever_it_is_given),
		cmocka_unit_test(no_use_takes_the_scheme_of_another_type),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* test_blocked.c - key block, unblock and blocked, and the list of rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "tests/cli/run.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define KEY                                                                              \
	"{\"spki_sha256\":\"" HASH                                                       \
	"\",\"reason\":\"leaked\",\"created\":\"2026-01-31T23:59:59Z\"}"

static const struct route routes[] = {
	{ "PUT /v1/blocked-keys/spki:" HASH " ", 201, JSON, KEY, NULL },
	{ "PUT /v1/blocked-keys/spki:", 200, JSON, KEY, NULL },
	{ "DELETE /v1/blocked-keys/spki:" HASH " ", 204, "text/plain", "", NULL },
	{ "GET /v1/blocked-keys?limit=1000 ", 200, JSON, "{\"blocked_keys\":[" KEY "]}",
	    "</v1/blocked-keys?limit=1000&cursor=" HASH ">; rel=\"next\"" },
	{ "GET /v1/blocked-keys?limit=1000&cursor=" HASH " ", 200, JSON,
	    "{\"blocked_keys\":[{\"spki_sha256\":\"ff\",\"reason\":\"second\","
	    "\"created\":\"2026-02-01T00:00:00Z\"}]}",
	    NULL },
	{ "GET /v1/rules ", 200, JSON,
	    "{\"rules\":[{\"rule\":\"csr-version\",\"refuses\":\"any version but "
	    "0\",\"source\":\"RFC 2986 section 4.1\"}]}",
	    NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

static int
set_up(void **state)
{
	return run_new(state, routes);
}

static int
tear_down(void **state)
{
	struct run *run = *state;

	unlink(run_path(run, "key"));
	return run_free(state);
}

static void
blocks_a_hash(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "key", "block", "spki:" HASH, "--reason", "leaked", NULL);
	assert_int_equal(run->status, 0);
	assert_true(fake_server_saw(run->server, "{\"reason\":\"leaked\"}"));
	assert_non_null(strstr(run->out, "spki sha256  " HASH "\nreason       leaked\n"));
	assert_non_null(strstr(run->out, "until they are revoked"));
}

static void
unblocks_and_lists_all_pages(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "key", "unblock", "spki:" HASH, NULL);
	assert_int_equal(run->status, 0);
	assert_string_equal(run->out, "unblocked key spki:" HASH "\n");
	run_keyhold(run, "key", "blocked", NULL);
	assert_int_equal(run->status, 0);
	assert_non_null(strstr(run->out, HASH "  2026-01-31T23:59:59Z  leaked\n"));
	assert_non_null(strstr(run->out, "second\n"));
	run_keyhold(run, "key", "blocked", "--json", NULL);
	assert_non_null(strstr(run->out, "\"reason\": \"second\""));
}

/* What is in a file: each with the same key. */
static void
write_kind(int kind, const char *path, EVP_PKEY *key)
{
	FILE *file = fopen(path, "w");
	X509 *cert = X509_new();
	X509_REQ *req = X509_REQ_new();

	assert_non_null(file);
	X509_set_pubkey(cert, key);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 60);
	X509_REQ_set_pubkey(req, key);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_true(X509_REQ_sign(req, key, EVP_sha256()) > 0);
	switch (kind) {
	case 0:
		PEM_write_X509(file, cert);
		break;
	case 1:
		PEM_write_X509_REQ(file, req);
		break;
	case 2:
		PEM_write_X509_REQ_NEW(file, req);
		break;
	case 3:
		PEM_write_PUBKEY(file, key);
		break;
	case 4:
		i2d_X509_fp(file, cert);
		break;
	case 5:
		i2d_X509_REQ_fp(file, req);
		break;
	default:
		i2d_PUBKEY_fp(file, key);
	}
	fclose(file);
	X509_free(cert);
	X509_REQ_free(req);
}

static void
block_in_file(struct run *run, int kind)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	unsigned char *der = NULL, hash[32];
	char wanted[120] = "PUT /v1/blocked-keys/spki:", path[256];
	int len = i2d_PUBKEY(key, &der);

	EVP_Digest(der, (size_t)len, hash, NULL, EVP_sha256(), NULL);
	hex_encode(wanted + strlen(wanted), hash, sizeof(hash));
	snprintf(path, sizeof(path), "%s", run_path(run, "key"));
	write_kind(kind, path, key);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	run_keyhold(run, "key", "block", path, "--reason", "leaked", NULL);
	if (run->status != 0)
		fail_msg("kind %d: %s", kind, run->errors);
	if (!fake_server_saw(run->server, wanted))
		fail_msg("kind %d: not %s", kind, wanted);
}

static void
blocks_the_key_in_a_file_of_any_kind(void **state)
{
	for (int kind = 0; kind < 7; kind++)
		block_in_file(*state, kind);
}

static void
says_what_is_no_key(void **state)
{
	struct run *run = *state;
	char path[256];

	run_keyhold(run, "key", "block", "spki:12", "--reason", "x", NULL);
	assert_int_equal(run->status, 2);
	assert_non_null(strstr(run->errors, "64 hex digits"));
	run_keyhold(run, "key", "block", "spki:" HASH, NULL);
	assert_int_equal(run->status, 2);
	assert_non_null(strstr(run->errors, "--reason"));
	snprintf(path, sizeof(path), "%s", run_path(run, "key"));
	run_write(path, "hello\n", 6);
	run_keyhold(run, "key", "block", path, "--reason", "x", NULL);
	assert_int_equal(run->status, 4);
	assert_non_null(strstr(run->errors, "is neither a certificate, nor a certificate "
					    "request, nor a public key"));
	run_keyhold(run, "key", "unblock", "/nonexistent", NULL);
	assert_int_equal(run->status, 4);
	run_keyhold(run, "key", "unblock",
	    "spki:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	    NULL);
	assert_int_equal(run->status, 1);
	assert_non_null(strstr(run->errors, "See: keyhold key blocked"));
}

static void
lists_the_rules(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "rules", NULL);
	assert_int_equal(run->status, 0);
	assert_non_null(
	    strstr(run->out, "csr-version  RFC 2986 section 4.1  any version but 0\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(blocks_a_hash),
		TEST(unblocks_and_lists_all_pages),
		TEST(blocks_the_key_in_a_file_of_any_kind),
		TEST(says_what_is_no_key),
		TEST(lists_the_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

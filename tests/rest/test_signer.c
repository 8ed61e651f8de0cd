/* test_signer.c - signatures by a key of the daemon's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rest/signer.h"
#include "tests/support/fake_server.h"

/* RFC 8410 section 10.1. */
static const char pem[] = "-----BEGIN PUBLIC KEY-----\n"
			  "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
			  "-----END PUBLIC KEY-----\n";
#define HASH "a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f"

static struct error err;
static unsigned char sig[SIGNER_SIGNATURE_MAX];
static size_t sig_len;

static int status;
static const char *body;

static enum fake_action
answer(void *ctx, struct fake_request *req)
{
	(void)ctx;
	fake_reply(req, status,
	    status == 200 ? "application/octet-stream" : "application/problem+json",
	    body);
	return FAKE_KEEP;
}

/* One signature of a daemon that answers so. */
static int
sign(int with_status, const char *with_body)
{
	struct fake_server *server = fake_server_start(answer, NULL);
	const struct client_options options = { .sockets = fake_server_socket(server),
		.connect_timeout_ms = 5000,
		.answer_timeout_ms = 5000 };
	const struct bytes message = { (const unsigned char *)"message", 7 };
	struct signer signer;
	struct rest rest;
	int rc;

	status = with_status;
	body = with_body;
	rest_init(&rest, 0);
	assert_int_equal(rest_connect(&rest, &options, &err), 0);
	assert_int_equal(
	    signer_init(&signer, &rest,
		(struct bytes){ (const unsigned char *)pem, strlen(pem) }, &err),
	    0);
	rc = signer_sign(&signer, "ed25519", &message, sig, &sig_len, &err);
	assert_true(fake_server_saw(server, "/sign?scheme=ed25519 HTTP/1.1"));
	assert_true(fake_server_saw(server, signer.hash));
	assert_true(fake_server_saw(server, "message"));
	signer_clear(&signer);
	rest_clear(&rest);
	fake_server_stop(server);
	return rc;
}

static void
a_message_is_signed_by_the_key_of_this_hash(void **state)
{
	(void)state;
	assert_int_equal(sign(200, "signature"), 0);
	assert_int_equal(sig_len, 9);
	assert_memory_equal(sig, "signature", 9);
}

static void
a_refusal_is_told(void **state)
{
	(void)state;
	assert_int_equal(sign(403, "{\"title\":\"Forbidden\",\"detail\":\"key web signs "
				   "TLS only\"}"),
	    -1);
	assert_int_equal(err.code, ERROR_FORBIDDEN);
	assert_string_equal(err.text, "key web signs TLS only");
}

static void
what_is_no_signature_is_refused(void **state)
{
	char large[SIGNER_SIGNATURE_MAX + 2];

	(void)state;
	assert_int_equal(sign(200, ""), -1);
	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	assert_int_equal(sign(200, large), -1);
}

static void
the_hash_is_that_of_the_public_key(void **state)
{
	struct signer signer;
	struct rest rest;

	(void)state;
	rest_init(&rest, 0);
	assert_int_equal(
	    signer_init(&signer, &rest,
		(struct bytes){ (const unsigned char *)pem, strlen(pem) }, &err),
	    0);
	assert_int_equal(signer.spki.len, 44);
	assert_string_equal(signer.hash, HASH);
	signer_clear(&signer);
	assert_int_equal(signer_init(&signer, &rest,
			     (struct bytes){ (const unsigned char *)pem, 40 }, &err),
	    -1);
	signer_clear(&signer);
	rest_clear(&rest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_signed_by_the_key_of_this_hash),
		cmocka_unit_test(a_refusal_is_told),
		cmocka_unit_test(what_is_no_signature_is_refused),
		cmocka_unit_test(the_hash_is_that_of_the_public_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

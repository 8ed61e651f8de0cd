/* test_backend.c - what comes of a certificate when the signature goes wrong, or the
 * process goes away while it is made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "evp/builtin.h"
#include "store/certificate_copy.h"
#include "store/idempotency.h"
#include "tests/ca/support.h"
#include "tests/evp/software.h"

enum conduct {
	HONEST,
	LYING, /* one bit of the signature is another */
	OTHER, /* a good signature, of something else */
	DYING, /* the process ends before there is a signature */
};

static struct {
	struct house house;
	struct software_backend software;
	struct builtin *builtin;
	enum conduct conduct;
	int serial_to;                  /* a pipe */
	char serial[STORE_SERIAL_SIZE]; /* of what was to be signed last */
} scene;

/* version and serialNumber begin every TBSCertificate of ours, whose length takes two
 * octets. */
static void
note_serial(const struct bytes *tbs)
{
	const unsigned char *at = tbs->data + 4;

	assert_memory_equal(at, "\xa0\x03\x02\x01\x02\x02\x14", 7);
	hex_encode(scene.serial, at + 7, 20);
}

static int
sign(void *ctx, const struct key *key, enum scheme scheme, const struct bytes *message,
    unsigned char sig[static SIGNATURE_MAX_BYTES], size_t *sig_len, struct error *err)
{
	struct bytes part = *message;
	int rc;

	note_serial(message);
	if (scene.conduct == DYING) {
		if (write(scene.serial_to, scene.serial, sizeof(scene.serial)) < 0)
			abort();
		_exit(7);
	}
	if (scene.conduct == OTHER)
		part.len--;
	rc = software_backend.sign(ctx, key, scheme, &part, sig, sig_len, err);
	if (scene.conduct == LYING)
		sig[*sig_len - 1] ^= 1;
	return rc;
}

static const struct key_backend backend = { .sign = sign };

static int
setup(void **state)
{
	struct key key;
	EVP_PKEY *pkey;

	(void)state;
	software_make(NULL);
	key = software_describe(KEY_EC_P384, "internal");
	if (builtin_new(&backend, &scene.software, &scene.builtin, NULL) != 0 ||
	    builtin_pkey(scene.builtin, &key, &pkey, NULL) != 0)
		return -1;
	house_open(&scene.house, builtin_libctx(scene.builtin));
	house_add_issuers(&scene.house, pkey);
	return 0;
}

static int
teardown(void **state)
{
	house_close(&scene.house);
	builtin_free(scene.builtin);
	return software_free(state);
}

static int
issue(struct error *err)
{
	EVP_PKEY *key = ec_key("P-256");
	struct issue_result result;
	struct violations v = { 0 };
	struct buffer csr;
	struct issue_request request = { .issuer = "internal",
		.profile = "server",
		.actor = "uid:0",
		.idempotency_key = scene.conduct == DYING ? "k" : NULL };
	int rc;

	simple_request(key, "DNS:localhost", &csr);
	request.csr = buf_bytes(&csr);
	rc = authority_issue(scene.house.authority, &request, &result, &v, err);
	assert_int_equal(result.certificate.len > 0, rc == 0);
	issue_result_clear(&result);
	buf_free(&csr);
	EVP_PKEY_free(key);
	return rc;
}

static int64_t
audit_entries(void)
{
	int64_t entries = -1;

	assert_int_equal(store_audit_verify(scene.house.store, &entries, NULL), 0);
	return entries;
}

static void
assert_reserved_only(void)
{
	struct certificate_copy copy;
	struct error err = { 0 };

	assert_int_equal(strlen(scene.serial), 40);
	assert_int_equal(
	    store_certificate_copy(scene.house.store, scene.serial, &copy, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	certificate_copy_clear(&copy);
	assert_int_equal(
	    store_certificate_reserve(scene.house.store, scene.serial, "internal", &err),
	    -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
}

static void
refuses_a_signature(enum conduct conduct)
{
	struct error err = { 0 };
	int64_t before = audit_entries();

	scene.conduct = conduct;
	assert_int_equal(issue(&err), -1);
	scene.conduct = HONEST;
	assert_int_equal(err.code, ERROR_TOKEN);
	assert_reserved_only();
	assert_int_equal(audit_entries(), before);
	assert_int_equal(issue(&err), 0);
}

static void
hands_out_nothing_with_a_spoilt_signature(void **state)
{
	(void)state;
	refuses_a_signature(LYING);
}

static void
hands_out_nothing_with_the_signature_of_something_else(void **state)
{
	(void)state;
	refuses_a_signature(OTHER);
}

static const struct idempotency entry = { "uid:0", "k", { 1 } };

static enum idempotency_state
begin(void)
{
	char serial[STORE_SERIAL_SIZE];
	enum idempotency_state state;

	assert_int_equal(
	    store_idempotency_begin(scene.house.store, &entry, &state, serial, NULL), 0);
	return state;
}

/* In a process of its own, which opens the database as the daemon does. */
static void
die_while_signing(int to)
{
	struct error err;

	house_enter(&scene.house);
	scene.conduct = DYING;
	scene.serial_to = to;
	begin();
	issue(&err);
	_exit(1);
}

static void
a_crash_leaves_a_reserved_serial_and_no_certificate(void **state)
{
	int64_t before = audit_entries();
	int fds[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	house_leave(&scene.house);
	if ((pid = fork()) == 0)
		die_while_signing(fds[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	house_enter(&scene.house);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_int_equal(
	    read(fds[0], scene.serial, sizeof(scene.serial)), sizeof(scene.serial));
	assert_reserved_only();
	assert_int_equal(audit_entries(), before);
	/* And whoever asked may ask again. */
	assert_int_equal(begin(), IDEMPOTENCY_NEW);
	close(fds[0]);
	close(fds[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hands_out_nothing_with_a_spoilt_signature),
		cmocka_unit_test(hands_out_nothing_with_the_signature_of_something_else),
		cmocka_unit_test(a_crash_leaves_a_reserved_serial_and_no_certificate),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* test_rotate.c - key rotate, keys that were replaced, and cert issue --new-key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/cli/run.h"

#define OLD "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define NEW "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define KEY_OF(name, type, use, hash, replaced)                                          \
	"{\"name\":\"" name "\",\"type\":\"" type "\",\"use\":\"" use                    \
	"\",\"spki_sha256\":\"" hash                                                     \
	"\",\"created\":\"2026-01-31T23:59:59Z\",\"replaced\":" replaced "}"
#define REPLACED "\"2026-02-28T23:59:59Z\""
#define CSR                                                                              \
	"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"
#define SIGNED                                                                           \
	"{\"serial\":\"4f2a\",\"not_after\":\"2026-06-30T00:00:00Z\",\"chain\":\"new "   \
	"certificate\\n\"}"

static const struct route routes[] = {
	{ "GET /v1/keys/web ", 200, JSON, KEY_OF("web", "rsa-2048", "tls", OLD, "null"),
	    NULL },
	{ "GET /v1/keys/root ", 200, JSON, KEY_OF("root", "ec-p256", "ca", OLD, "null"),
	    NULL },
	{ "GET /v1/keys/kex ", 200, JSON,
	    KEY_OF("kex", "rsa-2048", "tls-rsa-kex", OLD, "null"), NULL },
	{ "POST /v1/keys/kex/rotate ", 201, JSON,
	    KEY_OF("kex", "rsa-2048", "tls-rsa-kex", NEW, "null"), NULL },
	{ "GET /v1/keys/signer ", 200, JSON,
	    KEY_OF("signer", "ec-p256", "sign", OLD, "null"), NULL },
	{ "GET /v1/keys/busy ", 200, JSON, KEY_OF("busy", "ec-p256", "tls", OLD, "null"),
	    NULL },
	{ "GET /v1/keys/spki:" OLD " ", 200, JSON,
	    KEY_OF("web", "rsa-2048", "tls", OLD, REPLACED), NULL },
	{ "GET /v1/keys ", 200, JSON,
	    "{\"keys\":[" KEY_OF("root", "ec-p256", "ca", NEW, "null") "," KEY_OF("web",
		"ec-p256", "tls", NEW, REPLACED) "," KEY_OF("web", "rsa-2048", "tls", OLD,
		"null") "," KEY_OF("busy", "ec-p256", "tls", OLD, "null") "]}",
	    NULL },
	{ "POST /v1/keys ", 201, JSON, KEY_OF("fresh", "ec-p256", "tls", NEW, "null"),
	    NULL },
	{ "POST /v1/keys/web/rotate ", 201, JSON,
	    KEY_OF("web", "ec-p256", "tls", NEW, "null"), NULL },
	{ "POST /v1/keys/signer/rotate ", 201, JSON,
	    KEY_OF("signer", "ec-p256", "sign", NEW, "null"), NULL },
	{ "POST /v1/keys/root/rotate ", 403, PROBLEM,
	    "{\"title\":\"Forbidden\",\"detail\":\"key root has use ca: an issuer's key "
	    "is changed by making a new issuer\"}",
	    NULL },
	{ "POST /v1/keys/busy/rotate ", 503, PROBLEM,
	    "{\"title\":\"Token\",\"detail\":\"the token went away\"}", NULL },
	{ "DELETE /v1/keys/spki:" OLD " ", 204, "text/plain", "", NULL },
	/* By name it would be the next key, if the name rotates once more. */
	{ "GET /v1/keys/web/reference ", 200, PEM, "newer reference\n", NULL },
	{ "GET /v1/keys/spki:" NEW "/reference ", 200, PEM, "new reference\n", NULL },
	{ "POST /v1/keys/spki:" NEW "/csr ", 200, PEM, CSR, NULL },
	{ "GET /v1/keys/spki:" OLD "/reference ", 200, PEM, "new reference\n", NULL },
	{ "POST /v1/keys/spki:" OLD "/csr ", 200, PEM, CSR, NULL },
	{ "POST /v1/issuers/internal/certificates ", 201, JSON, SIGNED, NULL },
	{ "POST /v1/issuers/strict/certificates ", 422, PROBLEM,
	    "{\"title\":\"Refused\",\"detail\":\"1 rule is broken\",\"violations\":["
	    "{\"rule\":\"san\",\"detail\":\"no name\"}]}",
	    NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

struct place {
	struct run run;
	char directory[300], crt[320], key[320], pem[320];
};

/* tls/web.crt and tls/web.key as an earlier cert issue left them. */
static int
set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	run_start(&p->run, routes);
	snprintf(p->directory, sizeof(p->directory), "%s", run_path(&p->run, "tls"));
	snprintf(p->crt, sizeof(p->crt), "%s/web.crt", p->directory);
	snprintf(p->key, sizeof(p->key), "%s/web.key", p->directory);
	snprintf(p->pem, sizeof(p->pem), "%s/web.pem", p->directory);
	assert_int_equal(mkdir(p->directory, 0700), 0);
	run_write(p->crt, "old certificate\n", strlen("old certificate\n"));
	run_write(p->key, "old reference\n", strlen("old reference\n"));
	assert_int_equal(chmod(p->key, 0640), 0);
	*state = p;
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const names[] = { "tls/web.crt", "tls/web.key", "tls/web.pem",
		"tls/fresh.crt", "tls/fresh.key" };
	struct place *p = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(run_path(&p->run, names[i]));
	/* Fails when a temporary file was left. */
	assert_int_equal(rmdir(p->directory), 0);
	run_stop(&p->run);
	free(p);
	return 0;
}

static void
assert_files(const struct place *p, const char *crt, const char *key)
{
	assert_string_equal(run_read(p->crt), crt);
	assert_string_equal(run_read(p->key), key);
}

/* option may be NULL. */
static void
issue(struct place *p, const char *name, const char *option)
{
	run_keyhold(&p->run, "cert", "issue", name, "--ca", "internal", "--san", "a",
	    "--out", p->directory, option, NULL);
}

static void
rotates_and_says_what_comes_next(void **state)
{
	struct place *p = *state;
	struct run *run = &p->run;

	run_keyhold(run, "key", "rotate", "web", NULL);
	assert_int_equal(run->status, 0);
	assert_true(
	    fake_server_saw(run->server, "\r\n\r\n{\"spki_sha256\":\"" OLD "\"}"));
	assert_non_null(strstr(run->out, "spki sha256  " NEW "\n"));
	assert_non_null(strstr(run->out, "Next: keyhold cert issue web --ca ISSUER"));
	assert_non_null(strstr(run->out, "  keyhold key delete spki:" OLD "\n"));
	run_keyhold(run, "key", "rotate", "web", "--type", "ec-p256", NULL);
	assert_true(fake_server_saw(
	    run->server, "\r\n\r\n{\"type\":\"ec-p256\",\"spki_sha256\":\"" OLD "\"}"));
	run_keyhold(run, "key", "rotate", "kex", NULL);
	assert_non_null(strstr(run->out, "Next: keyhold cert issue kex --ca ISSUER"));
	run_keyhold(run, "key", "rotate", "signer", NULL);
	assert_int_equal(run->status, 0);
	assert_null(strstr(run->out, "cert issue"));
	run_keyhold(run, "key", "rotate", "web", "--json", NULL);
	assert_non_null(strstr(run->out, "\"spki_sha256\": \"" NEW "\""));
	assert_null(strstr(run->out, OLD));
}

static void
rotates_only_what_has_a_name(void **state)
{
	struct place *p = *state;
	struct run *run = &p->run;

	run_keyhold(run, "key", "rotate", "spki:" OLD, NULL);
	assert_int_equal(run->status, 2);
	run_keyhold(run, "key", "rotate", "web", "--type", "dsa", NULL);
	assert_int_equal(run->status, 2);
	assert_int_equal(fake_server_connections(run->server), 0);
	run_keyhold(run, "key", "rotate", "absent", NULL);
	assert_int_equal(run->status, 1);
	assert_non_null(strstr(run->errors, "See: keyhold key list"));
	run_keyhold(run, "key", "rotate", "root", NULL);
	assert_int_equal(run->status, 1);
	assert_non_null(strstr(run->errors, "by making a new issuer"));
}

static void
lists_what_was_replaced_as_such(void **state)
{
	struct place *p = *state;
	struct run *run = &p->run;

	run_keyhold(run, "key", "list", NULL);
	assert_non_null(
	    strstr(run->out, "2026-01-31T23:59:59Z                        " OLD "\n"));
	assert_non_null(
	    strstr(run->out, "2026-01-31T23:59:59Z  2026-02-28T23:59:59Z  " NEW "\n"));
	run_keyhold(run, "key", "show", "spki:" OLD, NULL);
	assert_non_null(strstr(run->out, "replaced     2026-02-28T23:59:59Z\n"));
	run_keyhold(run, "key", "show", "web", NULL);
	assert_null(strstr(run->out, "replaced"));
}

static void
deletes_what_was_replaced_by_its_hash(void **state)
{
	struct place *p = *state;
	struct run *run = &p->run;

	run->typed = "web\n";
	run_keyhold(run, "key", "delete", "spki:" OLD, NULL);
	assert_int_equal(run->status, 0);
	assert_non_null(strstr(run->out, "replaced     2026-02-28T23:59:59Z\n"));
	assert_true(fake_server_saw(run->server, "DELETE /v1/keys/spki:" OLD " "));
	assert_true(
	    fake_server_saw(run->server, "\r\n\r\n{\"spki_sha256\":\"" OLD "\"}"));
}

static void
issues_for_a_new_key(void **state)
{
	struct place *p = *state;
	struct run *run = &p->run;
	struct stat st;

	run_keyhold(run, "cert", "issue", "web", "--ca", "internal", "--san", "a",
	    "--out", p->directory, "--new-key", "--type", "ec-p256", NULL);
	assert_string_equal(run->errors, "");
	assert_int_equal(run->status, 0);
	assert_true(fake_server_saw(run->server, "POST /v1/keys/web/rotate "));
	assert_true(fake_server_saw(
	    run->server, "\r\n\r\n{\"type\":\"ec-p256\",\"spki_sha256\":\"" OLD "\"}"));
	assert_files(p, "new certificate\n", "new reference\n");
	assert_int_equal(stat(p->key, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_non_null(strstr(run->out, "key web: made in the token\n"));
	assert_non_null(strstr(run->out, "Reload what uses them"));
	assert_non_null(strstr(run->out, "  keyhold key delete spki:" OLD "\n"));
}

#define REFERENCE                                                                        \
	"-----BEGIN KEYHOLD KEY REFERENCE-----\nAAAA\n-----END KEYHOLD KEY "             \
	"REFERENCE-----\n"

static void
writes_both_in_one_file(void **state)
{
	struct place *p = *state;
	struct stat st;

	issue(p, "web", "--pem");
	assert_int_equal(p->run.status, 0);
	assert_string_equal(run_read(p->pem), "new certificate\nnew reference\n");
	assert_int_equal(stat(p->pem, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_non_null(strstr(p->run.out, "web.pem  both in one file"));
	assert_files(p, "new certificate\n", "new reference\n");
}

static void
renews_the_one_file_that_is_there(void **state)
{
	struct place *p = *state;

	run_write(p->pem, "old\n" REFERENCE, strlen("old\n" REFERENCE));
	issue(p, "web", NULL);
	assert_int_equal(p->run.status, 0);
	assert_string_equal(run_read(p->pem), "new certificate\nnew reference\n");
	run_write(p->pem, "old\n" REFERENCE, strlen("old\n" REFERENCE));
	issue(p, "web", "--new-key");
	assert_int_equal(p->run.status, 0);
	assert_string_equal(run_read(p->pem), "new certificate\nnew reference\n");
}

static void
leaves_a_pem_of_somebody_else(void **state)
{
	static const char key[] = "-----BEGIN PRIVATE KEY-----\n";
	struct place *p = *state;

	run_write(p->pem, key, strlen(key));
	issue(p, "web", NULL);
	assert_int_equal(p->run.status, 0);
	assert_string_equal(run_read(p->pem), key);
	run_write(p->crt, "old", 3);
	issue(p, "web", "--pem");
	assert_int_equal(p->run.status, 4);
	assert_non_null(strstr(p->run.errors, "web.pem holds a private key"));
	assert_string_equal(run_read(p->pem), key);
	assert_string_equal(run_read(p->crt), "old");
}

/* As after: chgrp postgres web.key. */
static void
keeps_whose_the_files_are(void **state)
{
	struct place *p = *state;
	struct stat st;

	if (geteuid() != 0) {
		print_message("skipped: only root can give files away\n");
		skip();
	}
	assert_int_equal(chown(p->key, 1234, 5678), 0);
	assert_int_equal(chmod(p->key, 0440), 0);
	assert_int_equal(chown(p->crt, 1234, 5678), 0);
	issue(p, "web", "--new-key");
	assert_int_equal(p->run.status, 0);
	assert_string_equal(p->run.errors, "");
	assert_files(p, "new certificate\n", "new reference\n");
	assert_int_equal(stat(p->key, &st), 0);
	assert_int_equal(st.st_uid, 1234);
	assert_int_equal(st.st_gid, 5678);
	assert_int_equal(st.st_mode & 07777, 0440);
	assert_int_equal(stat(p->crt, &st), 0);
	assert_int_equal(st.st_gid, 5678);
}

static void
makes_the_key_that_was_not_there(void **state)
{
	struct place *p = *state;
	struct run *run = &p->run;

	issue(p, "fresh", "--new-key");
	assert_int_equal(run->status, 0);
	assert_true(fake_server_saw(run->server, "POST /v1/keys "));
	assert_false(fake_server_saw(run->server, "/rotate "));
	assert_null(strstr(run->out, "The old key"));
}

static void
leaves_the_files_when_the_key_does_not_rotate(void **state)
{
	struct place *p = *state;
	struct run *run = &p->run;

	issue(p, "busy", "--new-key");
	assert_int_equal(run->status, 3);
	assert_null(strstr(run->errors, "successor"));
	issue(p, "root", "--new-key");
	assert_int_equal(run->status, 1);
	assert_non_null(strstr(run->errors, "key root exists, and its use is ca"));
	assert_false(fake_server_saw(run->server, "POST /v1/keys/root"));
	assert_files(p, "old certificate\n", "old reference\n");
}

static void
leaves_the_files_when_the_certificate_is_refused(void **state)
{
	struct place *p = *state;
	struct run *run = &p->run;

	run_keyhold(run, "cert", "issue", "web", "--ca", "strict", "--san", "a", "--out",
	    p->directory, "--new-key", NULL);
	assert_int_equal(run->status, 1);
	assert_non_null(strstr(run->errors,
	    "  The files are as they were, and the old key goes on serving them.\n"
	    "  The key web has its successor: try again without --new-key"));
	assert_files(p, "old certificate\n", "old reference\n");
}

static void
wants_the_files_first(void **state)
{
	struct place *p = *state;
	struct run *run = &p->run;

	assert_int_equal(unlink(p->crt), 0);
	assert_int_equal(mkdir(p->crt, 0700), 0);
	issue(p, "web", "--new-key");
	assert_int_equal(run->status, 4);
	assert_int_equal(fake_server_connections(run->server), 0);
	assert_string_equal(run_read(p->key), "old reference\n");
	assert_int_equal(rmdir(p->crt), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rotates_and_says_what_comes_next),
		TEST(rotates_only_what_has_a_name),
		TEST(lists_what_was_replaced_as_such),
		TEST(deletes_what_was_replaced_by_its_hash),
		TEST(issues_for_a_new_key),
		TEST(writes_both_in_one_file),
		TEST(renews_the_one_file_that_is_there),
		TEST(leaves_a_pem_of_somebody_else),
		TEST(keeps_whose_the_files_are),
		TEST(makes_the_key_that_was_not_there),
		TEST(leaves_the_files_when_the_key_does_not_rotate),
		TEST(leaves_the_files_when_the_certificate_is_refused),
		TEST(wants_the_files_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

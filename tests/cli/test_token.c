/* test_token.c - keyhold token, and a token to come with. */
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

#define SECRET "kh1.deploy.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define TOKEN                                                                            \
	"\"name\":\"deploy\",\"status\":\"valid\",\"created\":\"2026-01-31T23:59:59Z\"," \
	"\"expires\":\"2026-05-01T23:59:59Z\""

static const struct route routes[] = {
	{ "POST /v1/tokens ", 201, JSON, "{" TOKEN ",\"token\":\"" SECRET "\"}", NULL },
	{ "GET /v1/tokens ", 200, JSON,
	    "{\"tokens\":[{" TOKEN "},{\"name\":\"old\",\"status\":\"revoked\","
	    "\"created\":\"2026-01-01T00:00:00Z\",\"expires\":\"2026-02-01T00:00:00Z\","
	    "\"revoked\":\"2026-01-02T00:00:00Z\"}]}",
	    NULL },
	{ "DELETE /v1/tokens/deploy ", 204, "text/plain", "", NULL },
	{ "GET /v1/keys ", 401, PROBLEM,
	    "{\"title\":\"Unauthorized\",\"status\":401,\"detail\":\"no such token\"}",
	    NULL },
	{ "GET /v1/rules ", 429, PROBLEM,
	    "{\"title\":\"Too many\",\"status\":429,\"detail\":\"wait 60 s\"}", NULL },
	{ "GET /v1/token ", 200, JSON,
	    "{\"tokens\":[{\"name\":\"default\",\"state\":\"works\","
	    "\"label\":\"keyhold\",\"serial\":\"1\",\"manufacturer\":\"SoftHSM\","
	    "\"model\":"
	    "\"v2\",\"module\":\"m.so\",\"sessions\":{\"lent\":1,\"max\":16},"
	    "\"rsa_key_exchange\":true,\"lists_mechanisms\":true,\"key_types\":[{"
	    "\"type\":"
	    "\"ec-p256\",\"makes\":true,\"schemes\":[\"ecdsa_secp256r1_sha256\"]},{"
	    "\"type\":"
	    "\"ed25519\",\"makes\":false,\"why\":\"this token has no CKM_EDDSA\","
	    "\"schemes\":[]}],\"mechanisms\":[]},{\"name\":\"second\",\"state\":\"away\","
	    "\"why\":\"no token with label x\",\"label\":\"x\",\"serial\":\"2\","
	    "\"key_types\":[]}]}",
	    NULL },
	{ "POST /v1/token/check ", 200, JSON,
	    "{\"works\":false,\"results\":[{\"subject\":\"token\",\"step\":\"login\","
	    "\"outcome\":"
	    "\"works\",\"why\":\"\",\"means\":\"\"},{\"subject\":\"ec-p256\",\"step\":"
	    "\"sign\","
	    "\"outcome\":\"fails\",\"why\":\"CKR_X\",\"means\":\"no signatures\"}]}",
	    NULL },
	{ "POST /v1/token/check?token=second ", 200, JSON,
	    "{\"works\":true,\"results\":[]}", NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

static int
set_up(void **state)
{
	unsetenv("KEYHOLD_TOKEN_FILE");
	return run_new(state, routes);
}

static int
tear_down(void **state)
{
	unlink(run_path(*state, "token"));
	unsetenv("KEYHOLD_TOKEN_FILE");
	return run_free(state);
}

static char *
token_path(struct run *run)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s", run_path(run, "token"));
	return path;
}

static void
prints_a_new_token_alone(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "token", "create", "deploy", NULL);
	assert_int_equal(run->status, 0);
	assert_string_equal(run->out, SECRET "\n");
	assert_non_null(strstr(run->errors, "good until 2026-05-01T23:59:59Z"));
	assert_true(fake_server_saw(run->server, "{\"name\":\"deploy\"}"));
	run_keyhold(run, "token", "create", "deploy", "--days", "30", NULL);
	assert_true(fake_server_saw(run->server, "\"expires_in_seconds\":2592000"));
	run_keyhold(run, "token", "create", "deploy", "--json", NULL);
	assert_non_null(strstr(run->out, "\"token\": \"" SECRET "\""));
}

static void
writes_a_token_to_a_private_file(void **state)
{
	struct run *run = *state;
	char *path = token_path(run);
	struct stat st;

	run_write(path, "old\n", 4);
	assert_int_equal(chmod(path, 0644), 0);
	run_keyhold(run, "token", "create", "deploy", "--out", path, NULL);
	assert_int_equal(run->status, 0);
	assert_string_equal(run_read(path), SECRET "\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_null(strstr(run->out, "kh1."));
	assert_null(strstr(run->errors, "kh1."));
	run_keyhold(run, "token", "create", "deploy", "--json", "--out", path, NULL);
	assert_non_null(strstr(run->out, "\"expires\""));
	assert_null(strstr(run->out, "kh1."));
}

static void
makes_no_token_for_a_file_that_must_stay(void **state)
{
	static const char key[] = "-----BEGIN PRIVATE KEY-----\n";
	struct run *run = *state;
	char *path = token_path(run);

	run_write(path, key, strlen(key));
	run_keyhold(run, "token", "create", "deploy", "--out", path, NULL);
	assert_int_equal(run->status, 4);
	assert_false(fake_server_saw(run->server, "POST"));
	assert_string_equal(run_read(path), key);
	run_keyhold(run, "token", "create", "deploy", "--out", "/nonexistent/x", NULL);
	assert_int_equal(run->status, 4);
	assert_non_null(strstr(run->errors, "keyhold token revoke deploy"));
	run_keyhold(run, "token", "create", "Deploy", NULL);
	assert_int_equal(run->status, 2);
	run_keyhold(run, "token", "create", "deploy", "--days", "0", NULL);
	assert_int_equal(run->status, 2);
}

static void
lists_and_revokes(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "token", "list", NULL);
	assert_int_equal(run->status, 0);
	assert_non_null(strstr(run->out, "deploy  valid "));
	assert_non_null(strstr(run->out, "2026-01-02T00:00:00Z"));
	run_keyhold(run, "token", "revoke", "deploy", NULL);
	assert_int_equal(run->status, 0);
	assert_string_equal(run->out, "revoked token deploy\n");
	run_keyhold(run, "token", "revoke", "absent", NULL);
	assert_int_equal(run->status, 1);
	assert_non_null(strstr(run->errors, "See: keyhold token list"));
	run_keyhold(run, "token", "revoke", "../keys", NULL);
	assert_int_equal(run->status, 2);
}

static void
comes_with_the_token_of_a_file(void **state)
{
	struct run *run = *state;
	char *path = token_path(run);

	run_write(path, SECRET "\n", strlen(SECRET) + 1);
	assert_int_equal(chmod(path, 0600), 0);
	run_keyhold(run, "token", "list", NULL);
	assert_false(fake_server_saw(run->server, "Authorization"));
	run_keyhold(run, "token", "list", "--token-file", path, NULL);
	assert_int_equal(run->status, 0);
	assert_true(
	    fake_server_saw(run->server, "\r\nAuthorization: Bearer " SECRET "\r\n"));
	setenv("KEYHOLD_TOKEN_FILE", path, 1);
	run_keyhold(run, "key", "list", NULL);
	assert_int_equal(run->status, 1);
	assert_non_null(strstr(run->errors, "no such token"));
	assert_non_null(strstr(run->errors, path));
	run_keyhold(run, "rules", NULL);
	assert_int_equal(run->status, 3);
	assert_non_null(strstr(run->errors, "Try again"));
}

static void
reads_no_token_that_others_can(void **state)
{
	struct run *run = *state;
	char *path = token_path(run);

	run_keyhold(run, "token", "list", "--token-file", path, NULL);
	assert_int_equal(run->status, 4);
	run_write(path, SECRET "\n", strlen(SECRET) + 1);
	assert_int_equal(chmod(path, 0640), 0);
	run_keyhold(run, "token", "list", "--token-file", path, NULL);
	assert_int_equal(run->status, 4);
	assert_non_null(strstr(run->errors, "chmod 600"));
	assert_false(fake_server_saw(run->server, "GET"));
	assert_int_equal(chmod(path, 0600), 0);
	run_write(path, "kh1.a b\n", 8);
	run_keyhold(run, "token", "list", "--token-file", path, NULL);
	assert_int_not_equal(run->status, 0);
	assert_false(fake_server_saw(run->server, "GET"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void
shows_what_the_token_can_do(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "token", "show", NULL);
	assert_int_equal(run->status, 0);
	assert_non_null(strstr(run->out, "manufacturer  SoftHSM\n"));
	assert_non_null(strstr(run->out, "sessions      1 of 16 in use\n"));
	assert_non_null(strstr(run->out, "ec-p256  yes    ecdsa_secp256r1_sha256"));
	assert_non_null(strstr(run->out, "ed25519  no"));
	assert_non_null(strstr(run->out, "this token has no CKM_EDDSA\n"));
	assert_non_null(strstr(run->out, "no token with label x\n"));
}

static void
shows_one_token_by_its_name(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "token", "show", "second", NULL);
	assert_int_equal(run->status, 0);
	assert_non_null(strstr(run->out, "away\n"));
	assert_null(strstr(run->out, "SoftHSM"));
	run_keyhold(run, "token", "show", "third", NULL);
	assert_int_not_equal(run->status, 0);
	assert_non_null(strstr(run->errors, "no token is named third"));
	run_keyhold(run, "token", "check", "second", NULL);
	assert_int_equal(run->status, 0);
}

static void
a_check_that_finds_a_failure_is_one(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "token", "check", "--type", "ec-p256", NULL);
	assert_int_equal(run->status, 1);
	assert_non_null(
	    strstr(run->out, "ec-p256  sign   fails    CKR_X: no signatures\n"));
	assert_non_null(strstr(run->errors, "fails at what it says"));
	run_keyhold(run, "token", "check", "--type", "rsa-1024", NULL);
	assert_int_equal(run->status, 2);
}

static void
help_tells_the_two_kinds_of_token_apart(void **state)
{
	struct run *run = *state;
	const char *hardware, *bearer;

	run_keyhold(run, "help", "token", NULL);
	hardware =
	    strstr(run->out, "the PKCS#11 token, where the keys are:\n  token show");
	bearer =
	    strstr(run->out, "bearer tokens, which clients come with:\n  token create");
	assert_non_null(hardware);
	assert_non_null(bearer);
	assert_true(hardware < bearer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(prints_a_new_token_alone),
		TEST(writes_a_token_to_a_private_file),
		TEST(makes_no_token_for_a_file_that_must_stay),
		TEST(lists_and_revokes),
		TEST(comes_with_the_token_of_a_file),
		TEST(reads_no_token_that_others_can),
		TEST(shows_what_the_token_can_do),
		TEST(shows_one_token_by_its_name),
		TEST(a_check_that_finds_a_failure_is_one),
		TEST(help_tells_the_two_kinds_of_token_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_key.c - status, key and ca commands, and what is said when the daemon refuses. */
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

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define WEB                                                                              \
	"{\"name\":\"web\",\"type\":\"ec-p256\",\"use\":\"tls\",\"spki_sha256\":\"" HASH \
	"\",\"created\":\"2026-01-31T23:59:59Z\",\"schemes\":[\"ecdsa_secp256r1_"        \
	"sha256\"]}"
#define ROOT                                                                             \
	"{\"name\":\"root\",\"state\":\"active\",\"subject\":\"CN=root\",\"key\":"       \
	"\"root\",\"serial\":\"01\","                                                    \
	"\"not_before\":\"2026-01-01T00:00:00Z\",\"not_after\":\"2036-01-01T00:00:"      \
	"00Z\"}"
#define REFERENCE                                                                        \
	"-----BEGIN KEYHOLD KEY REFERENCE-----\nAAAA\n-----END KEYHOLD KEY "             \
	"REFERENCE-----\n"
#define OLD_KEY "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"

static const struct route routes[] = {
	{ "GET /readyz ", 200, JSON,
	    "{\"status\":\"ready\",\"tokens\":[{\"name\":\"default\",\"label\":"
	    "\"keyhold\",\"serial\":\"0a\",\"state\":\"works\"}],\"keys\":3,"
	    "\"debian_weak_keys\":7,"
	    "\"version\":\"0.1.0\"}",
	    NULL },
	{ "POST /v1/keys ", 201, JSON, WEB, NULL },
	{ "GET /v1/keys ", 200, JSON, "{\"keys\":[" WEB "]}", NULL },
	{ "GET /v1/keys/web ", 200, JSON, WEB, NULL },
	{ "GET /v1/keys/broken ", 200, JSON, "not json", NULL },
	{ "GET /v1/keys/busy ", 503, PROBLEM,
	    "{\"title\":\"Busy\",\"detail\":\"all sessions are in use\"}", NULL },
	{ "GET /v1/keys/secret ", 403, PROBLEM,
	    "{\"title\":\"Forbidden\",\"detail\":\"you may not read key secret\"}",
	    NULL },
	{ "GET /v1/keys/web/public ", 200, PEM, "-----BEGIN PUBLIC KEY-----\n", NULL },
	{ "GET /v1/keys/web/reference ", 200, PEM, REFERENCE, NULL },
	{ "POST /v1/keys/web/csr ", 200, PEM, "-----BEGIN CERTIFICATE REQUEST-----\n",
	    NULL },
	{ "POST /v1/keys/web/adopt ", 201, JSON, WEB, NULL },
	{ "POST /v1/keys/taken/adopt ", 409, PROBLEM,
	    "{\"title\":\"Conflict\",\"detail\":\"key taken is in use already\"}", NULL },
	{ "DELETE /v1/keys/web ", 204, "text/plain", "", NULL },
	{ "POST /v1/issuers ", 201, JSON, ROOT, NULL },
	{ "GET /v1/issuers ", 200, JSON, "{\"issuers\":[" ROOT "]}", NULL },
	{ "GET /v1/issuers/root ", 200, JSON, ROOT, NULL },
	{ "GET /v1/issuers/root/chain ", 200, PEM, "chain\n", NULL },
	{ "GET /v1/issuers/root/certificate ", 200, PEM, "certificate\n", NULL },
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

	unlink(run_path(run, "web.key"));
	return run_free(state);
}

static void
shows_the_status(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "status", NULL);
	assert_int_equal(run->status, 0);
	assert_non_null(strstr(run->out, "status        ready\nsocket        /tmp/"));
	assert_non_null(strstr(run->out, "\nkeys          3\nweak keys     7\n"));
	assert_string_equal(run->errors, "");
}

static void
says_how_to_start_a_daemon_that_is_not_there(void **state)
{
	struct run run = { .server = NULL };

	(void)state;
	run_keyhold(&run, "status", "--socket", "/nonexistent/a", NULL);
	assert_int_equal(run.status, 3);
	assert_string_equal(run.errors,
	    "keyhold: cannot reach keyholdd at /nonexistent/a: No such file or "
	    "directory\n"
	    "  Start one with: keyholdd --dev DIR, or name its socket with --socket or "
	    "KEYHOLD_SOCKET\n");
	if (access("/run/keyhold/keyhold.sock", F_OK) != 0) {
		run_keyhold(
		    &run, "status", "--socket", "/run/keyhold/keyhold.sock", NULL);
		assert_int_equal(run.status, 3);
		assert_non_null(strstr(run.errors, "  Is keyholdd running? systemctl "
						   "status keyhold\n  To try it out: "));
	}
	free(run.out);
	free(run.errors);
}

static void
finds_the_socket_in_the_environment(void **state)
{
	struct run *run = *state, other = { .server = NULL };

	setenv("KEYHOLD_SOCKET", fake_server_socket(run->server), 1);
	run_keyhold(&other, "status", NULL);
	assert_int_equal(other.status, 0);
	run_keyhold(&other, "status", "--socket", "/nonexistent/a", NULL);
	assert_int_equal(other.status, 3);
	unsetenv("KEYHOLD_SOCKET");
	free(other.out);
	free(other.errors);
}

static void
creates_a_key_and_says_what_comes_next(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "key", "create", "web", "--use", "tls", NULL);
	assert_int_equal(run->status, 0);
	assert_true(fake_server_saw(
	    run->server, "{\"name\":\"web\",\"type\":\"ec-p256\",\"use\":\"tls\"}"));
	assert_non_null(strstr(run->out, "spki sha256  " HASH "\n"));
	assert_non_null(strstr(run->out, "Next: keyhold cert issue web --ca"));
}

static void
creates_an_rsa_key_for_rsa_key_exchange(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "key", "create", "web", "--use", "tls-rsa-kex", NULL);
	assert_int_equal(run->status, 0);
	assert_true(fake_server_saw(run->server,
	    "{\"name\":\"web\",\"type\":\"rsa-2048\",\"use\":\"tls-rsa-kex\"}"));
	assert_non_null(strstr(run->out, "Next: keyhold cert issue web --ca"));
	run_keyhold(run, "key", "create", "web", "--use", "tls-rsa-kex", "--type",
	    "rsa-3072", NULL);
	assert_true(fake_server_saw(run->server,
	    "{\"name\":\"web\",\"type\":\"rsa-3072\",\"use\":\"tls-rsa-kex\"}"));
}

static void
does_not_send_a_name_that_is_none(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "key", "create", "Web", "--use", "tls", NULL);
	assert_int_equal(run->status, 2);
	assert_non_null(strstr(run->errors, "\"Web\" is not a name"));
	assert_int_equal(fake_server_connections(run->server), 0);
}

static void
lists_and_shows_keys(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "key", "list", NULL);
	assert_int_equal(run->status, 0);
	assert_non_null(
	    strstr(run->out, "NAME  TYPE     USE  CREATED               REPLACED  SPKI"));
	assert_non_null(strstr(
	    run->out, "web   ec-p256  tls  2026-01-31T23:59:59Z            " HASH));
	run_keyhold(run, "key", "show", "web", NULL);
	assert_non_null(strstr(run->out, "schemes      ecdsa_secp256r1_sha256\n"));
	run_keyhold(run, "key", "list", "--json", NULL);
	assert_non_null(
	    strstr(run->out, "{\n  \"keys\": [\n    {\n      \"name\": \"web\","));
}

static void
prints_pem_as_it_is(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "key", "public", "web", NULL);
	assert_string_equal(run->out, "-----BEGIN PUBLIC KEY-----\n");
	run_keyhold(run, "key", "reference", "web", NULL);
	assert_string_equal(run->out, REFERENCE);
	run_keyhold(run, "ca", "chain", "root", NULL);
	assert_string_equal(run->out, "chain\n");
	run_keyhold(run, "ca", "certificate", "root", "--out", "-", NULL);
	assert_string_equal(run->out, "certificate\n");
}

static void
sends_the_names_of_a_request(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "key", "csr", "web", "--subject", "/CN=a", "--san", "a", "--san",
	    "ip:::1", NULL);
	assert_int_equal(run->status, 0);
	assert_true(fake_server_saw(
	    run->server, "{\"subject\":\"/CN=a\",\"sans\":[\"a\",\"ip:::1\"]}"));
	run_keyhold(run, "key", "csr", "web", NULL);
	assert_true(fake_server_saw(run->server, "\r\n\r\n{\"sans\":[]}"));
}

static void
adopts_a_key(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "key", "adopt", "web", "--use", "tls", NULL);
	assert_int_equal(run->status, 0);
	assert_true(fake_server_saw(run->server, "{\"use\":\"tls\"}"));
	run_keyhold(
	    run, "key", "adopt", "web", "--use", "tls", "--type", "rsa-pss-2048", NULL);
	assert_int_equal(run->status, 0);
	assert_true(
	    fake_server_saw(run->server, "{\"use\":\"tls\",\"type\":\"rsa-pss-2048\"}"));
	run_keyhold(run, "key", "adopt", "taken", "--use", "tls", NULL);
	assert_int_equal(run->status, 1);
	run_keyhold(run, "key", "adopt", "absent", "--use", "tls", NULL);
	assert_int_equal(run->status, 1);
	assert_non_null(strstr(run->errors, "NAME is the CKA_LABEL"));
	assert_null(strstr(run->errors, "key list"));
}

static void
says_where_to_see_what_is_there_already(void **state)
{
	static const struct route taken[] = {
		{ "POST /v1/keys ", 409, PROBLEM,
		    "{\"title\":\"Conflict\",\"detail\":\"there is a key named web "
		    "already\"}",
		    NULL },
		{ "POST /v1/issuers ", 409, PROBLEM,
		    "{\"title\":\"Conflict\",\"detail\":\"there is an issuer named root "
		    "already\"}",
		    NULL },
		{ NULL, 0, NULL, NULL, NULL },
	};
	struct run *run = *state;

	run->routes = taken;
	run_keyhold(run, "key", "create", "web", "--use", "tls", NULL);
	assert_string_equal(run->errors, "keyhold: there is a key named web already\n"
					 "  See: keyhold key list\n");
	run_keyhold(run, "ca", "create", "root", NULL);
	assert_string_equal(run->errors,
	    "keyhold: there is an issuer named root already\n"
	    "  See: keyhold ca list\n");
}

static void
writes_a_reference_with_its_mode(void **state)
{
	struct run *run = *state;
	struct stat st;
	char path[256];

	snprintf(path, sizeof(path), "%s", run_path(run, "web.key"));
	run_keyhold(run, "key", "reference", "web", "--out", path, NULL);
	assert_int_equal(run->status, 0);
	assert_string_equal(run->out, "");
	assert_string_equal(run_read(path), REFERENCE);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	/* A reference may be replaced. */
	run_keyhold(run, "key", "reference", "web", "--out", path, NULL);
	assert_int_equal(run->status, 0);
}

static void
does_not_overwrite_a_private_key(void **state)
{
	struct run *run = *state;
	char path[256];

	snprintf(path, sizeof(path), "%s", run_path(run, "web.key"));
	run_write(path, OLD_KEY, strlen(OLD_KEY));
	run_keyhold(run, "key", "reference", "web", "--out", path, NULL);
	assert_int_equal(run->status, 4);
	assert_non_null(strstr(run->errors, "web.key holds a private key\n"));
	assert_non_null(strstr(run->errors, "no copy may exist"));
	assert_string_equal(run_read(path), OLD_KEY);
	run_keyhold(run, "key", "reference", "web", "--out", path, "--force", NULL);
	assert_int_equal(run->status, 0);
	assert_string_equal(run_read(path), REFERENCE);
}

static void
does_not_replace_what_is_no_file(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "key", "csr", "web", "--out", "/dev/null", NULL);
	assert_int_equal(run->status, 4);
	assert_non_null(strstr(run->errors, "/dev/null: not a regular file"));
	run_keyhold(run, "key", "csr", "web", "--out", "/nonexistent/x", NULL);
	assert_int_equal(run->status, 4);
}

static void
deletes_only_what_was_confirmed(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "key", "delete", "web", NULL);
	assert_int_equal(run->status, 2);
	assert_non_null(strstr(run->errors, "needs --yes"));
	assert_false(fake_server_saw(run->server, "DELETE "));
	run_keyhold(run, "key", "delete", "web", "--yes", NULL);
	assert_int_equal(run->status, 0);
	assert_string_equal(run->out, "deleted key web\n");
	assert_true(fake_server_saw(run->server, "DELETE /v1/keys/web HTTP/1.1"));
	assert_true(
	    fake_server_saw(run->server, "\r\n\r\n{\"spki_sha256\":\"" HASH "\"}"));
}

static void
asks_for_the_name_of_a_key_to_delete(void **state)
{
	struct run *run = *state;

	run->typed = "y\n";
	run_keyhold(run, "key", "delete", "web", NULL);
	assert_int_equal(run->status, 2);
	assert_non_null(strstr(run->out, "spki sha256  " HASH));
	assert_non_null(strstr(run->errors, "not confirmed; the key is still there"));
	assert_false(fake_server_saw(run->server, "DELETE "));
	run->typed = "web\n";
	run_keyhold(run, "key", "delete", "web", NULL);
	assert_int_equal(run->status, 0);
	assert_true(fake_server_saw(run->server, "DELETE /v1/keys/web"));
}

static void
says_where_to_look_for_an_unknown_name(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "key", "show", "absent", NULL);
	assert_int_equal(run->status, 1);
	assert_string_equal(
	    run->errors, "keyhold: there is nothing here\n  See: keyhold key list\n");
	run_keyhold(run, "ca", "show", "absent", NULL);
	assert_non_null(strstr(run->errors, "See: keyhold ca list"));
	run_keyhold(run, "cert", "show", "01", NULL);
	assert_non_null(strstr(run->errors, "See: keyhold cert list"));
}

static void
gives_each_failure_its_status(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "key", "show", "secret", NULL);
	assert_int_equal(run->status, 1);
	assert_string_equal(run->errors, "keyhold: you may not read key secret\n");
	run_keyhold(run, "key", "show", "busy", NULL);
	assert_int_equal(run->status, 3);
	assert_non_null(strstr(run->errors, "all sessions are in use\n  Try again"));
	run_keyhold(run, "key", "show", "broken", NULL);
	assert_int_equal(run->status, 3);
	run_keyhold(run, "key", "shwo", "web", NULL);
	assert_int_equal(run->status, 2);
	run_keyhold(run, "key", "show", NULL);
	assert_int_equal(run->status, 2);
	assert_non_null(strstr(run->errors, "  usage: keyhold key show KEY\n"));
}

static void
names_the_request_for_who_looks_in_the_log(void **state)
{
	struct run *run = *state;

	run->request_id = "3f9c1a2e-1c4";
	run_keyhold(run, "key", "show", "secret", NULL);
	assert_string_equal(run->errors, "keyhold: you may not read key secret\n"
					 "  request 3f9c1a2e-1c4\n");
	run_keyhold(run, "key", "show", "web", NULL);
	assert_string_equal(run->errors, "");
}

static void
prints_the_problem_document_with_json(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "--json", "key", "show", "secret", NULL);
	assert_int_equal(run->status, 1);
	assert_non_null(strstr(run->out, "\"detail\": \"you may not read key secret\""));
	assert_string_equal(run->errors, "keyhold: you may not read key secret\n");
}

static void
creates_a_root_and_an_intermediate(void **state)
{
	struct run *run = *state;

	run_keyhold(
	    run, "ca", "create", "root", "--subject", "/C=CN/CN=example root", NULL);
	assert_int_equal(run->status, 0);
	assert_true(fake_server_saw(run->server,
	    "{\"name\":\"root\",\"subject\":\"/C=CN/CN=example root\","
	    "\"key_type\":\"ec-p256\"}"));
	assert_non_null(
	    strstr(run->out, "Next: keyhold ca create internal --issuer root"));
	run_keyhold(run, "ca", "create", "internal", "--issuer", "root", "--path-len",
	    "1", "--type", "rsa-3072", NULL);
	assert_int_equal(run->status, 0);
	assert_true(fake_server_saw(run->server,
	    "{\"name\":\"internal\",\"issuer\":\"root\",\"key_type\":\"rsa-3072\","
	    "\"path_len\":1}"));
	assert_non_null(strstr(run->out, "Next: keyhold cert issue web --ca internal"));
	run_keyhold(run, "ca", "create", "root", "--days", "1", NULL);
	assert_true(fake_server_saw(run->server, "\"validity_seconds\":86400}"));
	run_keyhold(run, "ca", "create", "x", "--days", "ten", NULL);
	assert_int_equal(run->status, 2);
	run_keyhold(run, "ca", "create", "x", "--days", "0", NULL);
	assert_int_equal(run->status, 2);
}

static void
lists_and_shows_issuers(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "ca", "list", NULL);
	assert_non_null(strstr(
	    run->out, "NAME  STATE   ISSUER  KEY   NOT AFTER             SUBJECT\n"));
	assert_non_null(strstr(
	    run->out, "root  active          root  2036-01-01T00:00:00Z  CN=root\n"));
	run_keyhold(run, "ca", "show", "root", NULL);
	assert_non_null(strstr(run->out, "not after       2036-01-01T00:00:00Z\n"));
	assert_null(strstr(run->out, "issuer"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(shows_the_status),
		TEST(says_how_to_start_a_daemon_that_is_not_there),
		TEST(finds_the_socket_in_the_environment),
		TEST(creates_a_key_and_says_what_comes_next),
		TEST(creates_an_rsa_key_for_rsa_key_exchange),
		TEST(does_not_send_a_name_that_is_none),
		TEST(lists_and_shows_keys),
		TEST(prints_pem_as_it_is),
		TEST(sends_the_names_of_a_request),
		TEST(adopts_a_key),
		TEST(says_where_to_see_what_is_there_already),
		TEST(writes_a_reference_with_its_mode),
		TEST(does_not_overwrite_a_private_key),
		TEST(does_not_replace_what_is_no_file),
		TEST(deletes_only_what_was_confirmed),
		TEST(asks_for_the_name_of_a_key_to_delete),
		TEST(says_where_to_look_for_an_unknown_name),
		TEST(gives_each_failure_its_status),
		TEST(names_the_request_for_who_looks_in_the_log),
		TEST(prints_the_problem_document_with_json),
		TEST(creates_a_root_and_an_intermediate),
		TEST(lists_and_shows_issuers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

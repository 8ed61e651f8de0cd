/* test_cert.c - signing, issuing and showing certificates. */
#include <limits.h>
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

#define CSR                                                                              \
	"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"
#define OLD_KEY "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"
#define CERTIFICATE                                                                      \
	"{\"serial\":\"4f2a\",\"issuer\":\"internal\",\"status\":\"valid\","             \
	"\"profile\":\"server\",\"subject\":\"CN=localhost\",\"names\":[\"dns:"          \
	"localhost\"],"                                                                  \
	"\"not_after\":\"2026-06-30T00:00:00Z\""
#define SIGNED                                                                           \
	CERTIFICATE ",\"chain\":\"leaf\\nintermediate\\n\",\"warnings\":[\"subject C "   \
		    "was not copied\"]}"
#define WEB_HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OLD_HASH "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define KEY_OF(name, type, use, hash)                                                    \
	"{\"name\":\"" name "\",\"type\":\"" type "\",\"use\":\"" use                    \
	"\",\"replaced\":null,\"spki_sha256\":\"" hash "\"}"

static const struct route routes[] = {
	{ "POST /v1/issuers/internal/certificates ", 201, JSON, SIGNED, NULL },
	{ "POST /v1/issuers/strict/certificates ", 422, PROBLEM,
	    "{\"title\":\"Refused\",\"detail\":\"the request breaks 2 "
	    "rules\",\"violations\":["
	    "{\"rule\":\"key-size\",\"field\":\"public key\",\"detail\":\"1024 bits\","
	    "\"source\":\"BR 6.1.5\"},"
	    "{\"rule\":\"san\",\"detail\":\"no name\\u001b[2J\"}]}",
	    NULL },
	{ "POST /v1/issuers/picky/certificates ", 422, PROBLEM,
	    "{\"title\":\"Refused\",\"detail\":\"1 broken rules, first san\","
	    "\"violations\":[{\"rule\":\"san\",\"detail\":\"no name\"}]}",
	    NULL },
	{ "POST /v1/issuers/short/certificates ", 422, PROBLEM,
	    "{\"title\":\"Refused\",\"violations\":["
	    "{\"rule\":\"validity-range\",\"field\":\"validity_seconds\","
	    "\"detail\":\"86400000; the profile server allows 1 to 34387200\"},"
	    "{\"rule\":\"validity-beyond-issuer\",\"field\":\"validity_seconds\","
	    "\"detail\":\"the issuer expires 86401 seconds earlier\"}]}",
	    NULL },
	{ "POST /v1/issuers/plain/certificates ", 404, PROBLEM,
	    "{\"title\":\"Not Found\",\"detail\":\"no profile foo\"}", NULL },
	{ "POST /v1/issuers/absent/certificates ", 404, PROBLEM,
	    "{\"title\":\"Not Found\",\"detail\":\"no issuer absent\"}", NULL },
	{ "POST /v1/keys ", 201, JSON, KEY_OF("web", "ec-p256", "tls", WEB_HASH), NULL },
	{ "GET /v1/keys/old ", 200, JSON, KEY_OF("old", "rsa-2048", "tls", OLD_HASH),
	    NULL },
	{ "GET /v1/keys/root ", 200, JSON, KEY_OF("root", "ec-p256", "ca", WEB_HASH),
	    NULL },
	{ "GET /v1/keys/broken ", 503, PROBLEM,
	    "{\"title\":\"Service Unavailable\",\"detail\":\"away for now\"}", NULL },
	{ "GET /v1/keys/spki:" WEB_HASH "/reference ", 200, PEM, "reference\n", NULL },
	{ "GET /v1/keys/spki:" OLD_HASH "/reference ", 200, PEM, "reference\n", NULL },
	{ "POST /v1/keys/spki:" WEB_HASH "/csr ", 200, PEM, CSR, NULL },
	{ "POST /v1/keys/spki:" OLD_HASH "/csr ", 200, PEM, CSR, NULL },
	{ "GET /v1/certificates/4f2a ", 200, JSON, CERTIFICATE "}", NULL },
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
	static const char *const names[] = { "a.csr", "a.pem", "tls/web.crt",
		"tls/web.key", "tls/old.crt", "tls/old.key" };
	struct run *run = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(run_path(run, names[i]));
	rmdir(run_path(run, "tls"));
	return run_free(state);
}

/* DIR/name, in memory of its own. */
static char *
path_of(struct run *run, const char *name)
{
	char *path = strdup(run_path(run, name));

	assert_non_null(path);
	return path;
}

static void
signs_a_pem_request(void **state)
{
	struct run *run = *state;
	char *csr = path_of(run, "a.csr");

	run_write(csr, CSR, strlen(CSR));
	run_keyhold(run, "cert", "sign", csr, "--ca", "internal", "--days", "90", NULL);
	assert_int_equal(run->status, 0);
	assert_string_equal(run->out, "leaf\nintermediate\n");
	assert_string_equal(run->errors, "keyhold: warning: subject C was not copied\n");
	assert_true(fake_server_saw(
	    run->server, "\"profile\":\"server\",\"validity_seconds\":7776000}"));
	free(csr);
}

static void
signs_a_der_request(void **state)
{
	static const unsigned char der[60] = { 0x30, 0x3a };
	struct run *run = *state;
	char *csr = path_of(run, "a.csr");

	run_write(csr, der, sizeof(der));
	run_keyhold(run, "cert", "sign", csr, "--ca", "internal", NULL);
	assert_int_equal(run->status, 0);
	assert_true(fake_server_saw(run->server,
	    "{\"csr\":\"-----BEGIN CERTIFICATE REQUEST-----\\n"
	    "MDoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\\n"
	    "AAAAAAAAAAAAAAAA\\n-----END CERTIFICATE REQUEST-----\\n\""));
	free(csr);
}

static void
writes_the_chain_and_prints_json(void **state)
{
	struct run *run = *state;
	char *csr = path_of(run, "a.csr"), *pem = path_of(run, "a.pem");

	run_write(csr, CSR, strlen(CSR));
	run_keyhold(
	    run, "cert", "sign", csr, "--ca", "internal", "--out", pem, "--json", NULL);
	assert_int_equal(run->status, 0);
	assert_string_equal(run_read(pem), "leaf\nintermediate\n");
	assert_non_null(strstr(run->out, "\"serial\": \"4f2a\""));
	free(csr);
	free(pem);
}

static void
does_not_send_what_is_no_request(void **state)
{
	struct run *run = *state;
	char *csr = path_of(run, "a.csr");

	run_write(csr, OLD_KEY, strlen(OLD_KEY));
	run_keyhold(run, "cert", "sign", csr, "--ca", "internal", NULL);
	assert_int_equal(run->status, 4);
	assert_non_null(strstr(run->errors, "holds a private key; it was not sent"));
	run_write(csr, "hello\n", 6);
	run_keyhold(run, "cert", "sign", csr, "--ca", "internal", NULL);
	assert_int_equal(run->status, 4);
	run_write(csr, "", 0);
	run_keyhold(run, "cert", "sign", csr, "--ca", "internal", NULL);
	assert_int_equal(run->status, 4);
	run_write(csr, "-----BEGIN \xff", 12);
	run_keyhold(run, "cert", "sign", csr, "--ca", "internal", NULL);
	assert_int_equal(run->status, 4);
	run_keyhold(run, "cert", "sign", "/nonexistent.csr", "--ca", "internal", NULL);
	assert_int_equal(run->status, 4);
	assert_int_equal(fake_server_connections(run->server), 0);
	free(csr);
}

static void
prints_every_violation(void **state)
{
	struct run *run = *state;
	char *csr = path_of(run, "a.csr");

	run_write(csr, CSR, strlen(CSR));
	run_keyhold(run, "cert", "sign", csr, "--ca", "strict", NULL);
	assert_int_equal(run->status, 1);
	assert_string_equal(run->out, "");
	assert_string_equal(run->errors, "keyhold: refused: 2 rules are broken\n"
					 "  key-size  public key: 1024 bits (BR 6.1.5)\n"
					 "  san  no name?[2J\n"
					 "  What each rule refuses: keyhold rules\n");
	run_keyhold(run, "cert", "sign", csr, "--ca", "picky", NULL);
	assert_string_equal(run->errors, "keyhold: refused: 1 rule is broken\n"
					 "  san  no name\n"
					 "  What each rule refuses: keyhold rules\n");
	free(csr);
}

static void
calls_standard_input_by_its_name(void **state)
{
	struct run *run = *state;

	assert_non_null(freopen("/dev/null", "r", stdin));
	run_keyhold(run, "cert", "sign", "-", "--ca", "internal", NULL);
	assert_int_equal(run->status, 4);
	assert_non_null(
	    strstr(run->errors, "standard input is not a certificate request"));
}

static void
speaks_of_days_when_asked_for_days(void **state)
{
	struct run *run = *state;
	char *csr = path_of(run, "a.csr");

	run_write(csr, CSR, strlen(CSR));
	run_keyhold(run, "cert", "sign", csr, "--ca", "short", "--days", "1000", NULL);
	assert_string_equal(run->errors, "keyhold: refused: 2 rules are broken\n"
					 "  validity-range  --days 1000, of 86400 "
					 "seconds each: 86400000; the profile server "
					 "allows 1 to 34387200\n"
					 "  validity-beyond-issuer  --days 1000, of "
					 "86400 seconds each: the issuer expires 86401 "
					 "seconds earlier\n"
					 "  What each rule refuses: keyhold rules\n");
	run_keyhold(run, "cert", "sign", csr, "--ca", "short", NULL);
	assert_non_null(strstr(run->errors, "validity_seconds: 86400000; the profile"));
	free(csr);
}

static void
says_where_the_profiles_are(void **state)
{
	struct run *run = *state;
	char *csr = path_of(run, "a.csr");

	run_write(csr, CSR, strlen(CSR));
	run_keyhold(run, "cert", "sign", csr, "--ca", "plain", "--profile", "foo", NULL);
	assert_int_equal(run->status, 1);
	assert_string_equal(
	    run->errors, "keyhold: no profile foo\n  See: keyhold profile list\n");
	run_keyhold(run, "cert", "sign", csr, "--ca", "absent", NULL);
	assert_string_equal(
	    run->errors, "keyhold: no issuer absent\n  See: keyhold ca list\n");
	free(csr);
}

static void
wants_at_least_one_day(void **state)
{
	struct run *run = *state;
	char *csr = path_of(run, "a.csr"), *tls = path_of(run, "tls");

	run_write(csr, CSR, strlen(CSR));
	run_keyhold(run, "cert", "sign", csr, "--ca", "internal", "--days", "0", NULL);
	assert_int_equal(run->status, 2);
	run_keyhold(run, "cert", "issue", "web", "--ca", "internal", "--san", "a",
	    "--out", tls, "--days", "0", NULL);
	assert_int_equal(run->status, 2);
	assert_non_null(strstr(run->errors, "--days: 0 is not between 1 and 36500"));
	assert_int_equal(fake_server_connections(run->server), 0);
	free(csr);
	free(tls);
}

static void
issues_with_a_new_key(void **state)
{
	struct run *run = *state;
	char *tls = path_of(run, "tls"), *key = path_of(run, "tls/web.key");
	struct stat st;

	run_keyhold(run, "cert", "issue", "web", "--ca", "internal", "--san", "localhost",
	    "--san", "127.0.0.1", "--out", tls, NULL);
	assert_string_equal(run->errors, "keyhold: warning: subject C was not copied\n");
	assert_int_equal(run->status, 0);
	assert_true(fake_server_saw(
	    run->server, "{\"name\":\"web\",\"type\":\"ec-p256\",\"use\":\"tls\"}"));
	assert_true(
	    fake_server_saw(run->server, "{\"sans\":[\"localhost\",\"127.0.0.1\"]}"));
	assert_string_equal(run_read(key), "reference\n");
	assert_int_equal(stat(key, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_string_equal(
	    run_read(run_path(run, "tls/web.crt")), "leaf\nintermediate\n");
	assert_int_equal(stat(run_path(run, "tls/web.crt"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_non_null(strstr(run->out, "it is not a private key"));
	assert_non_null(strstr(run->out, "ssl_certificate_key"));
	assert_non_null(strstr(run->out, "valid until 2026-06-30T00:00:00Z"));
	free(tls);
	free(key);
}

static void
issues_with_the_key_that_is_there(void **state)
{
	struct run *run = *state;
	char *tls = path_of(run, "tls");

	run_keyhold(run, "cert", "issue", "old", "--ca", "internal", "--san", "a",
	    "--out", tls, NULL);
	assert_int_equal(run->status, 0);
	assert_false(fake_server_saw(run->server, "POST /v1/keys "));
	assert_non_null(strstr(run->out, "key old: was already in the token"));
	free(tls);
}

/* Only a 404 says that there is no key of that name. */
static void
makes_no_key_when_it_cannot_tell_whether_there_is_one(void **state)
{
	struct run *run = *state;
	char *tls = path_of(run, "tls");

	run_keyhold(run, "cert", "issue", "broken", "--ca", "internal", "--san", "a",
	    "--out", tls, NULL);
	assert_int_equal(run->status, 3);
	assert_non_null(strstr(run->errors, "keyhold: away for now\n"));
	assert_false(fake_server_saw(run->server, "POST "));
	free(tls);
}

static void
issues_for_rsa_key_exchange(void **state)
{
	struct run *run = *state;
	char *tls = path_of(run, "tls");

	run_keyhold(run, "cert", "issue", "web", "--ca", "internal", "--san", "a",
	    "--out", tls, "--use", "tls-rsa-kex", NULL);
	assert_int_equal(run->status, 0);
	assert_true(fake_server_saw(run->server,
	    "{\"name\":\"web\",\"type\":\"rsa-2048\",\"use\":\"tls-rsa-kex\"}"));
	free(tls);
}

static void
does_not_issue_for_a_key_of_another_kind(void **state)
{
	struct run *run = *state;
	char *tls = path_of(run, "tls");

	run_keyhold(run, "cert", "issue", "root", "--ca", "internal", "--san", "a",
	    "--out", tls, NULL);
	assert_int_equal(run->status, 1);
	assert_non_null(strstr(run->errors, "key root exists, and its use is ca"));
	assert_non_null(strstr(run->errors, "choose another NAME"));
	run_keyhold(run, "cert", "issue", "old", "--ca", "internal", "--san", "a",
	    "--out", tls, "--type", "ed25519", NULL);
	assert_int_equal(run->status, 1);
	assert_non_null(
	    strstr(run->errors, "key old exists, and it is rsa-2048, not ed25519"));
	run_keyhold(run, "cert", "issue", "old", "--ca", "internal", "--san", "a",
	    "--out", tls, "--use", "tls-rsa-kex", NULL);
	assert_int_equal(run->status, 1);
	assert_non_null(
	    strstr(run->errors, "key old exists, and its use is tls, not tls-rsa-kex"));
	assert_false(fake_server_saw(run->server, "POST "));
	free(tls);
}

static void
does_not_issue_over_a_private_key(void **state)
{
	struct run *run = *state;
	char *tls = path_of(run, "tls"), *key = path_of(run, "tls/web.key");

	assert_int_equal(mkdir(tls, 0700), 0);
	run_write(key, OLD_KEY, strlen(OLD_KEY));
	run_keyhold(run, "cert", "issue", "web", "--ca", "internal", "--san", "a",
	    "--out", tls, NULL);
	assert_int_equal(run->status, 4);
	assert_non_null(strstr(run->errors, "holds a private key"));
	assert_non_null(strstr(run->errors, "--force"));
	assert_string_equal(run_read(key), OLD_KEY);
	assert_int_equal(fake_server_connections(run->server), 0);
	run_keyhold(run, "cert", "issue", "web", "--ca", "internal", "--san", "a",
	    "--out", tls, "--force", NULL);
	assert_int_equal(run->status, 0);
	assert_string_equal(run_read(key), "reference\n");
	free(tls);
	free(key);
}

static void
says_that_the_new_key_stays_when_signing_fails(void **state)
{
	struct run *run = *state;
	char *tls = path_of(run, "tls");

	run_keyhold(run, "cert", "issue", "web", "--ca", "strict", "--san", "a", "--out",
	    tls, NULL);
	assert_int_equal(run->status, 1);
	assert_non_null(strstr(run->errors, "The key web was made, and will be used"));
	assert_null(run_read(run_path(run, "tls/web.crt")));
	assert_null(run_read(run_path(run, "tls/web.key")));
	free(tls);
}

static void
says_where_a_certificate_is_that_could_not_be_printed(void **state)
{
	static const struct route signs_without_chain[] = {
		{ "POST /v1/issuers/internal/certificates ", 201, JSON, CERTIFICATE "}",
		    NULL },
		{ NULL, 0, NULL, NULL, NULL },
	};
	struct run *run = *state;
	char *csr = path_of(run, "a.csr");

	run->routes = signs_without_chain;
	run_write(csr, CSR, strlen(CSR));
	run_keyhold(run, "cert", "sign", csr, "--ca", "internal", NULL);
	assert_int_equal(run->status, 3);
	assert_non_null(
	    strstr(run->errors, "sent no chain\n  It was issued all the same: "
				"keyhold cert show 4f2a --pem\n"));
	free(csr);
}

static void
shows_a_certificate(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "cert", "show", "4F:2A", NULL);
	assert_int_equal(run->status, 0);
	assert_non_null(strstr(run->out, "names       dns:localhost\n"));
	run_keyhold(run, "cert", "show", "4f2a", "--pem", NULL);
	assert_true(fake_server_saw(run->server, "Accept: application/x-pem-file"));
	run_keyhold(run, "cert", "show", "xyz", NULL);
	assert_int_equal(run->status, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(signs_a_pem_request),
		TEST(signs_a_der_request),
		TEST(writes_the_chain_and_prints_json),
		TEST(does_not_send_what_is_no_request),
		TEST(prints_every_violation),
		TEST(calls_standard_input_by_its_name),
		TEST(speaks_of_days_when_asked_for_days),
		TEST(says_where_the_profiles_are),
		TEST(wants_at_least_one_day),
		TEST(issues_with_a_new_key),
		TEST(issues_with_the_key_that_is_there),
		TEST(makes_no_key_when_it_cannot_tell_whether_there_is_one),
		TEST(issues_for_rsa_key_exchange),
		TEST(does_not_issue_for_a_key_of_another_kind),
		TEST(does_not_issue_over_a_private_key),
		TEST(says_that_the_new_key_stays_when_signing_fails),
		TEST(says_where_a_certificate_is_that_could_not_be_printed),
		TEST(shows_a_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

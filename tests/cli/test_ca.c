/* test_ca.c - the life of a CA, and CAs that another CA signs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/cli/run.h"

#define ISSUER(name, state, rest)                                                        \
	"{\"name\":\"" name "\",\"state\":\"" state "\",\"subject\":\"CN=x\"" rest "}"

static const struct route routes[] = {
	{ "POST /v1/issuers ", 201, JSON, ISSUER("internal", "pending", ""), NULL },
	{ "PATCH /v1/issuers/internal ", 200, JSON, ISSUER("internal", "retiring", ""),
	    NULL },
	{ "POST /v1/issuers/internal/rotate ", 201, JSON,
	    ISSUER("internal-2", "active", ",\"issuer\":\"root\""), NULL },
	{ "GET /v1/issuers/internal/csr ", 200, PEM, "request\n", NULL },
	{ "GET /v1/issuers/internal/chain?via=root ", 200, PEM, "via\n", NULL },
	{ "PUT /v1/issuers/internal/certificate ", 200, JSON,
	    ISSUER("internal", "active", ",\"warnings\":[\"no keyUsage\\u001b\"]"),
	    NULL },
	{ "PUT /v1/issuers/other/certificate ", 422, PROBLEM,
	    "{\"title\":\"Refused\",\"detail\":\"1 rule is broken\",\"violations\":["
	    "{\"rule\":\"issuer-certificate-ca\",\"detail\":\"no CA\"}]}",
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
	unlink(run_path(*state, "ca.pem"));
	return run_free(state);
}

static const char *
put(struct run *run, const char *content, size_t len)
{
	const char *path = run_path(run, "ca.pem");

	run_write(path, content, len);
	return path;
}

static void
asks_for_constraints_and_urls(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "ca", "create", "internal", "--issuer", "root", "--permit",
	    "dns:a", "--permit", "ip:10.0.0.0/8", "--exclude", "dns:b.a", "--crl-url",
	    "http://c/", "--crl-shards", "4", NULL);
	assert_int_equal(run->status, 0);
	assert_true(fake_server_saw(run->server,
	    "\"name_constraints\":{\"permitted\":[\"dns:a\",\"ip:10.0.0.0/8\"],"
	    "\"excluded\":[\"dns:b.a\"]},\"crl_url\":\"http://c/\",\"crl_shards\":4}"));
	run_keyhold(run, "ca", "create", "internal", "--external", NULL);
	assert_true(fake_server_saw(run->server, "\"external\":true}"));
	assert_non_null(strstr(run->out, "Next: keyhold ca csr internal"));
	run_keyhold(run, "ca", "create", "internal", "--crl-shards", "129", NULL);
	assert_int_equal(run->status, 2);
}

static void
changes_state_and_urls(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "ca", "set", "internal", "--ocsp-url", "", NULL);
	assert_true(fake_server_saw(run->server, "\r\n\r\n{\"ocsp_url\":\"\"}"));
	assert_non_null(strstr(run->out, "state"));
	run_keyhold(run, "ca", "retire", "internal", "--successor", "x", NULL);
	assert_true(fake_server_saw(
	    run->server, "\r\n\r\n{\"state\":\"retiring\",\"successor\":\"x\"}"));
	run_keyhold(run, "ca", "retire", "internal", "--finally", NULL);
	assert_true(fake_server_saw(run->server, "\r\n\r\n{\"state\":\"retired\"}"));
	run_keyhold(run, "ca", "activate", "internal", NULL);
	assert_true(fake_server_saw(run->server, "\r\n\r\n{\"state\":\"active\"}"));
	run_keyhold(run, "ca", "set", "internal", NULL);
	assert_int_equal(run->status, 2);
	assert_non_null(strstr(run->errors, "--crl-url"));
}

static void
rotates_and_says_what_comes_next(void **state)
{
	struct run *run = *state;

	run_keyhold(run, "ca", "rotate", "internal", NULL);
	assert_true(fake_server_saw(run->server, "\r\n\r\n{}"));
	assert_non_null(strstr(run->out, "internal-2"));
	assert_non_null(strstr(run->out, "Next: internal retires"));
	run_keyhold(run, "ca", "rotate", "internal", "--name", "b", "--type", "ec-p384",
	    "--days", "2", NULL);
	assert_true(fake_server_saw(run->server,
	    "{\"name\":\"b\",\"key_type\":\"ec-p384\",\"validity_seconds\":172800}"));
	run_keyhold(run, "ca", "chain", "internal", "--via", "root", NULL);
	assert_string_equal(run->out, "via\n");
}

static void
installs_pem_and_der_with_their_types(void **state)
{
	struct run *run = *state;
	const char *path = put(run, "-----BEGIN CERTIFICATE-----\n", 28);

	run_keyhold(run, "ca", "csr", "internal", NULL);
	assert_string_equal(run->out, "request\n");
	run_keyhold(run, "ca", "install", "internal", "--certificate", path, NULL);
	assert_int_equal(run->status, 0);
	assert_true(
	    fake_server_saw(run->server, "application/pem-certificate-chain\r\n"));
	/* Whatever the daemon says moves no cursor. */
	assert_non_null(strstr(run->errors, "warning: no keyUsage?"));
	path = put(run, "0\x03\x02\x01\x00", 5);
	run_keyhold(run, "ca", "install", "internal", "--certificate", path, NULL);
	assert_true(fake_server_saw(run->server, "application/pkix-cert\r\n"));
	run_keyhold(run, "ca", "install", "other", "--certificate", path, NULL);
	assert_int_equal(run->status, 1);
	assert_non_null(strstr(run->errors, "issuer-certificate-ca"));
	run_keyhold(run, "ca", "install", "internal", NULL);
	assert_int_equal(run->status, 2);
}

static void
imports_with_the_key_of_another_name(void **state)
{
	struct run *run = *state;
	const char *path = put(run, "pem\n", 4);

	run_keyhold(
	    run, "ca", "import", "internal", "--certificate", path, "--key", "k", NULL);
	assert_true(fake_server_saw(run->server,
	    "{\"name\":\"internal\",\"key\":\"k\",\"certificate\":\"pem\\n\"}"));
	assert_non_null(strstr(run->out, "--ca internal"));
}

static void
says_how_the_key_of_a_ca_gets_into_use(void **state)
{
	static const struct route absent[] = {
		{ "POST /v1/issuers ", 404, "application/problem+json",
		    "{\"title\":\"Not found\",\"detail\":\"no key named old\"}", NULL },
		{ NULL, 0, NULL, NULL, NULL },
	};
	struct run *run = *state;
	const char *path = put(run, "pem\n", 4);

	run->routes = absent;
	run_keyhold(run, "ca", "import", "old", "--certificate", path, NULL);
	assert_int_equal(run->status, 1);
	assert_string_equal(run->errors,
	    "keyhold: no key named old\n"
	    "  One that is on the token is taken into use first: "
	    "keyhold key adopt NAME --use ca\n"
	    "  See: keyhold key list\n");
}

static void
sends_no_private_key(void **state)
{
	static const char both[] = "pem\n-----BEGIN PRIVATE KEY-----\n";
	struct run *run = *state;
	const char *path = put(run, both, strlen(both));

	run_keyhold(run, "ca", "import", "internal", "--certificate", path, NULL);
	assert_int_equal(run->status, 4);
	assert_non_null(strstr(run->errors, "it was not sent"));
	run_keyhold(run, "ca", "install", "internal", "--certificate", path, NULL);
	assert_int_equal(run->status, 4);
	run_keyhold(
	    run, "ca", "install", "internal", "--certificate", "/nonexistent", NULL);
	assert_int_equal(run->status, 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(asks_for_constraints_and_urls),
		TEST(changes_state_and_urls),
		TEST(rotates_and_says_what_comes_next),
		TEST(installs_pem_and_der_with_their_types),
		TEST(imports_with_the_key_of_another_name),
		TEST(says_how_the_key_of_a_ca_gets_into_use),
		TEST(sends_no_private_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_trust.c - the roots of the house in the store of a system below another root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <cmocka.h>

#include "tests/cli/run.h"

#define CHAIN "application/pem-certificate-chain"

static char bundle[16384];
static const struct route routes[] = {
	{ "GET /v1/trust/bundle ", 200, CHAIN, bundle, NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

struct system_root {
	struct run run;
	char root[64], anchors[128];
};

/* Appends a self-signed certificate to the bundle. */
static void
add_certificate(const char *cn, const char *constraints)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_EXTENSION *extension =
	    X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, constraints);
	BIO *out = BIO_new(BIO_s_mem());
	size_t len = strlen(bundle);
	int n;

	X509_set_version(cert, X509_VERSION_3);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
	    (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	ASN1_TIME_set_string(X509_getm_notBefore(cert), "20260101000000Z");
	ASN1_TIME_set_string(X509_getm_notAfter(cert), "20360101000000Z");
	X509_set_pubkey(cert, key);
	X509_add_ext(cert, extension, -1);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509(out, cert), 1);
	n = BIO_read(out, bundle + len, (int)(sizeof(bundle) - len - 1));
	assert_true(n > 0);
	bundle[len + (size_t)n] = '\0';
	BIO_free(out);
	X509_EXTENSION_free(extension);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static int
set_up(void **state)
{
	struct system_root *s = calloc(1, sizeof(*s));
	char command[256];

	bundle[0] = '\0';
	add_certificate("first root", "critical,CA:TRUE");
	run_start(&s->run, routes);
	snprintf(s->root, sizeof(s->root), "/tmp/trust.XXXXXX");
	assert_non_null(mkdtemp(s->root));
	snprintf(s->anchors, sizeof(s->anchors), "%s/usr/local/share/ca-certificates",
	    s->root);
	snprintf(command, sizeof(command), "mkdir -p %s", s->anchors);
	assert_int_equal(system(command), 0);
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct system_root *s = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", s->root);
	assert_int_equal(system(command), 0);
	run_stop(&s->run);
	free(s);
	return 0;
}

static int
trust(struct system_root *s, const char *what)
{
	run_keyhold(&s->run, "trust", what, "--root", s->root, NULL);
	return s->run.status;
}

static void
installs_once_and_shows_what_it_did(void **state)
{
	struct system_root *s = *state;

	assert_int_equal(trust(s, "install"), 0);
	assert_non_null(
	    strstr(s->run.out, "first root  2036-01-01T00:00:00Z  installed  "));
	assert_non_null(strstr(s->run.out, "run update-ca-certificates there"));
	assert_int_equal(trust(s, "install"), 0);
	assert_non_null(strstr(s->run.out, "  there already  "));
	assert_int_equal(trust(s, "show"), 0);
	assert_non_null(strstr(s->run.out, s->anchors));
	assert_null(strstr(s->run.out, "Nothing was run"));
}

static void
adds_the_next_root_and_removes_one_that_retired(void **state)
{
	struct system_root *s = *state;
	size_t first = strlen(bundle);

	assert_int_equal(trust(s, "install"), 0);
	add_certificate("next root", "critical,CA:TRUE");
	assert_int_equal(trust(s, "install"), 0);
	assert_non_null(strstr(s->run.out, "first root  2036-01-01T00:00:00Z  there"));
	assert_non_null(
	    strstr(s->run.out, "next root   2036-01-01T00:00:00Z  installed"));
	memmove(bundle, bundle + first, strlen(bundle + first) + 1);
	assert_int_equal(trust(s, "install"), 0);
	assert_non_null(strstr(s->run.out, "first root  2036-01-01T00:00:00Z  removed"));
	assert_int_equal(trust(s, "show"), 0);
	assert_null(strstr(s->run.out, "first root"));
	assert_non_null(strstr(s->run.out, "next root"));
}

static void
removes_only_what_it_installed(void **state)
{
	struct system_root *s = *state;
	char other[256];

	snprintf(other, sizeof(other), "%s/keyhold-00112233445566aa.crt", s->anchors);
	run_write(other, bundle, strlen(bundle));
	assert_int_equal(trust(s, "install"), 0);
	assert_int_equal(trust(s, "uninstall"), 0);
	assert_non_null(strstr(s->run.out, "first root  2036-01-01T00:00:00Z  removed"));
	assert_non_null(strstr(s->run.out, "changed by somebody, left alone"));
	assert_int_equal(access(other, F_OK), 0);
}

static void
leaves_a_root_alone_that_somebody_changed(void **state)
{
	struct system_root *s = *state;
	char path[512], *end;
	const char *text;

	assert_int_equal(trust(s, "install"), 0);
	assert_non_null(text = strstr(s->run.out, s->anchors));
	snprintf(path, sizeof(path), "%s", text);
	assert_non_null(end = strchr(path, '\n'));
	*end = '\0';
	run_write(path, "mine", 4);
	add_certificate("next root", "critical,CA:TRUE");
	assert_int_equal(trust(s, "install"), 1);
	assert_non_null(strstr(s->run.out, "changed by somebody, left alone"));
	assert_non_null(strstr(s->run.out, "next root  2036-01-01T00:00:00Z  installed"));
	assert_non_null(strstr(s->run.errors, "a root was not installed"));
	assert_string_equal(run_read(path), "mine");
	unlink(path);
	assert_int_equal(trust(s, "install"), 0);
	assert_null(strstr(s->run.out, "changed"));
}

/* Those of an image mean what they mean in it. */
static void
does_not_follow_links_out_of_the_root(void **state)
{
	struct system_root *s = *state;
	char command[512];

	snprintf(command, sizeof(command),
	    "cd %s && mkdir -p out opt/certs && rm -r usr/local/share && "
	    "ln -s %s/out usr/local/share && mkdir out/ca-certificates",
	    s->root, s->root);
	assert_int_equal(system(command), 0);
	assert_int_equal(trust(s, "install"), 4);
	assert_non_null(strstr(s->run.errors, "no store of roots that is known"));
	snprintf(command, sizeof(command),
	    "cd %s && mkdir opt/certs/ca-certificates && rm usr/local/share && "
	    "ln -s /../opt/certs usr/local/share",
	    s->root);
	assert_int_equal(system(command), 0);
	assert_int_equal(trust(s, "install"), 0);
	snprintf(command, sizeof(command), "ls %s/opt/certs/ca-certificates/keyhold-*",
	    s->root);
	assert_int_equal(system(command), 0);
	assert_int_equal(trust(s, "uninstall"), 0);
	assert_int_not_equal(system(command), 0);
}

static void
refuses_a_root_that_is_none(void **state)
{
	struct system_root *s = *state;

	run_keyhold(&s->run, "trust", "show", "--root", "", NULL);
	assert_int_equal(s->run.status, 2);
	assert_non_null(strstr(s->run.errors, "--root"));
	run_keyhold(&s->run, "trust", "show", "--root", "/nonexistent", NULL);
	assert_int_equal(s->run.status, 4);
	assert_non_null(strstr(s->run.errors, "/nonexistent: No such file"));
}

static void
installs_no_leaf_and_nothing_else_with_it(void **state)
{
	struct system_root *s = *state;

	add_certificate("leaf", "CA:FALSE");
	assert_int_equal(trust(s, "install"), 1);
	assert_non_null(strstr(s->run.errors, "leaf in the bundle is no root"));
	assert_int_equal(trust(s, "show"), 0);
	assert_string_equal(s->run.out, "none\n");
}

static void
takes_nothing_away_for_an_answer_without_roots(void **state)
{
	struct system_root *s = *state;

	assert_int_equal(trust(s, "install"), 0);
	snprintf(bundle, sizeof(bundle), "nothing");
	assert_int_equal(trust(s, "install"), 1);
	assert_non_null(strstr(s->run.errors, "no certificate in it"));
	assert_int_equal(trust(s, "show"), 0);
	assert_non_null(strstr(s->run.out, "first root"));
}

static void
knows_stores_by_their_directories(void **state)
{
	struct system_root *s = *state;
	char command[512];

	snprintf(command, sizeof(command), "mkdir -p %s/etc/pki/trust/anchors", s->root);
	assert_int_equal(system(command), 0);
	run_keyhold(&s->run, "trust", "show", "--json", "--root", s->root, NULL);
	assert_non_null(strstr(s->run.out, "\"system\": \"SUSE\""));
	snprintf(command, sizeof(command), "mkdir -p %s/etc/pki/ca-trust/source/anchors",
	    s->root);
	assert_int_equal(system(command), 0);
	assert_int_equal(trust(s, "install"), 0);
	assert_non_null(strstr(s->run.out, "run update-ca-trust there"));
	run_keyhold(&s->run, "trust", "show", "--root", "/dev", NULL);
	assert_int_equal(s->run.status, 4);
	assert_non_null(strstr(s->run.errors, "no store of roots that is known"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(installs_once_and_shows_what_it_did),
		TEST(adds_the_next_root_and_removes_one_that_retired),
		TEST(removes_only_what_it_installed),
		TEST(leaves_a_root_alone_that_somebody_changed),
		TEST(does_not_follow_links_out_of_the_root),
		TEST(refuses_a_root_that_is_none),
		TEST(installs_no_leaf_and_nothing_else_with_it),
		TEST(takes_nothing_away_for_an_answer_without_roots),
		TEST(knows_stores_by_their_directories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

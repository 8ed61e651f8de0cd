/* test_authority_install.c - issuers that another authority signed, or that existed. */
#include "ca/authority.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/x509v3.h>

#include "ca/authority_crl.h"
#include "ca/spki.h"
#include "store/blocked_keys.h"
#include "tests/ca/outside.h"
#include "tests/ca/support.h"

static const struct making good = { "house", "critical,CA:TRUE,pathlen:0",
	"critical,keyCertSign,cRLSign", false, false, -60, DAY };

struct outside {
	EVP_PKEY *root_key, *key; /* key is the house's */
	X509 *root;
};

static struct outside
open_outside(struct house *house)
{
	static const struct making root = { "outside", "critical,CA:TRUE",
		"critical,keyCertSign,cRLSign", false, false, -DAY, 10 * DAY };
	struct outside o = { ec_key("P-256"), ec_key("P-256"), NULL };

	o.root = outside_make(o.root_key, NULL, o.root_key, &root);
	house_add_key(house, "house", o.key);
	return o;
}

static void
close_outside(struct outside *o)
{
	X509_free(o->root);
	EVP_PKEY_free(o->root_key);
}

static void
request(struct house *house, const struct outside *o)
{
	const struct issuer_spec spec = { .name = "house",
		.subject = "/CN=house",
		.path_len = 0,
		.external = true,
		.key = o->key,
		.actor = "uid:0" };
	struct violations v = { 0 };
	struct error err = { 0 };

	if (authority_create_issuer(house->authority, &spec, &v, &err) != 0)
		fail_msg("%s", err.text);
}

static int
install(struct house *house, const struct buffer *pem, struct warnings *w,
    struct violations *v, struct error *err)
{
	const struct issuer_spec spec = { .name = "house", .actor = "uid:0" };

	*w = (struct warnings){ 0 };
	*v = (struct violations){ 0 };
	*err = (struct error){ 0 };
	return authority_install_certificate(
	    house->authority, &spec, buf_bytes(pem), w, v, err);
}

static int
issue(struct house *house, struct issue_result *result, struct error *err)
{
	struct issue_request wanted = {
		.issuer = "house", .profile = "server", .actor = "uid:0"
	};
	EVP_PKEY *key = ec_key("P-256");
	struct violations v = { 0 };
	struct buffer csr;
	int rc;

	simple_request(key, "DNS:localhost", &csr);
	wanted.csr = buf_bytes(&csr);
	rc = authority_issue(house->authority, &wanted, result, &v, err);
	buf_free(&csr);
	EVP_PKEY_free(key);
	return rc;
}

static void
asks_another_authority(void **state)
{
	struct house *house = *state;
	struct outside o = open_outside(house);
	const struct issuer_info *info;
	struct issue_result result;
	struct error err = { 0 };
	const unsigned char *p;
	X509_REQ *req;
	STACK_OF(X509_EXTENSION) * extensions;
	BASIC_CONSTRAINTS *bc;

	request(house, &o);
	house_reopen(house);
	assert_int_equal(
	    authority_find_issuer(house->authority, "house", &info, NULL), 0);
	assert_int_equal(info->state, ISSUER_PENDING);
	assert_true(info->external);
	assert_string_equal(info->subject, "CN=house");
	assert_int_equal(info->certificate.len, 0);
	p = info->request.data;
	assert_non_null(req = d2i_X509_REQ(NULL, &p, (long)info->request.len));
	assert_int_equal(X509_REQ_verify(req, o.key), 1);
	extensions = X509_REQ_get_extensions(req);
	bc = X509V3_get_d2i(extensions, NID_basic_constraints, NULL, NULL);
	assert_true(bc->ca);
	assert_int_equal(ASN1_INTEGER_get(bc->pathlen), 0);
	assert_int_equal(issue(house, &result, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_non_null(strstr(err.text, "pending"));
	BASIC_CONSTRAINTS_free(bc);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	X509_REQ_free(req);
	close_outside(&o);
}

static void
count_wake(void *ctx)
{
	*(int *)ctx += 1;
}

static void
installs_the_answer_and_hands_out_the_whole_chain(void **state)
{
	struct house *house = *state;
	struct outside o = open_outside(house);
	X509 *cert = outside_make(o.key, o.root, o.root_key, &good);
	const struct issuer_info *info;
	struct issue_result result;
	struct buffer pem, chain;
	struct warnings w;
	struct violations v;
	struct error err;
	int woken = 0;

	buf_init(&pem, 0);
	buf_init(&chain, 0);
	request(house, &o);
	outside_append(cert, &pem);
	outside_append(o.root, &pem);
	authority_on_change(house->authority, count_wake, &woken);
	if (install(house, &pem, &w, &v, &err) != 0)
		fail_msg("%s", err.text);
	/* Its first CRL is due. */
	assert_int_equal(woken, 1);
	assert_int_equal(w.count, 0);
	house_reopen(house);
	assert_int_equal(
	    authority_find_issuer(house->authority, "house", &info, NULL), 0);
	assert_int_equal(info->state, ISSUER_ACTIVE);
	assert_true(info->external);
	assert_int_equal(
	    authority_chain(house->authority, "house", true, &chain, NULL), 0);
	assert_int_equal(count_certificates(buf_string(&chain)), 2);
	assert_int_equal(issue(house, &result, &err), 0);
	assert_int_equal(count_certificates(buf_string(&result.chain)), 2);
	issue_result_clear(&result);
	/* A renewed one takes its place; without its chain that is said. */
	buf_reset(&pem);
	outside_append(cert, &pem);
	assert_int_equal(install(house, &pem, &w, &v, &err), 0);
	assert_int_equal(w.count, 1);
	buf_free(&pem);
	buf_free(&chain);
	X509_free(cert);
	close_outside(&o);
}

static void
installs_only_what_was_asked_for(void **state)
{
	struct house *house = *state;
	struct outside o = open_outside(house);
	EVP_PKEY *stranger = ec_key("P-256");
	struct buffer pem;
	struct warnings w;
	struct violations v;
	struct error err;
	X509 *cert;

	buf_init(&pem, 0);
	request(house, &o);
	cert = outside_make(stranger, o.root, o.root_key, &good);
	buf_reset(&pem);
	outside_append(cert, &pem);
	assert_int_equal(install(house, &pem, &w, &v, &err), -1);
	assert_int_equal(err.code, ERROR_REFUSED);
	assert_true(breaks(&v, RULE_ISSUER_CERTIFICATE_KEY));
	X509_free(cert);
	/* Signed by somebody who only has the root's name. */
	cert = outside_make(o.key, o.root, stranger, &good);
	buf_reset(&pem);
	outside_append(cert, &pem);
	outside_append(o.root, &pem);
	assert_int_equal(install(house, &pem, &w, &v, &err), -1);
	assert_true(breaks(&v, RULE_ISSUER_CERTIFICATE_CHAIN));
	X509_free(cert);
	buf_free(&pem);
	EVP_PKEY_free(stranger);
	close_outside(&o);
}

static void
installs_nothing_under_an_outside_chain_that_no_client_takes(void **state)
{
	static const struct {
		struct making root;
		const char *why;
	} roots[] = {
		{ { "outside", "CA:TRUE,pathlen:0", "keyCertSign", false, false, -DAY,
		      10 * DAY },
		    "number 2 has a path length of 0" },
		{ { "outside", "CA:TRUE", "keyCertSign", false, false, -2 * DAY, -DAY },
		    "number 2 has expired" },
		{ { "outside", "CA:FALSE", "keyCertSign", false, false, -DAY, DAY },
		    "number 2 is no authority's" },
	};
	struct house *house = *state;
	struct outside o = open_outside(house);
	struct buffer pem;
	struct warnings w;
	struct violations v;
	struct error err;

	buf_init(&pem, 0);
	request(house, &o);
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		X509 *root = outside_make(o.root_key, NULL, o.root_key, &roots[i].root);
		X509 *cert = outside_make(o.key, root, o.root_key, &good);

		buf_reset(&pem);
		outside_append(cert, &pem);
		outside_append(root, &pem);
		assert_int_equal(install(house, &pem, &w, &v, &err), -1);
		assert_int_equal(err.code, ERROR_REFUSED);
		assert_int_equal(v.count, 1);
		assert_true(breaks(&v, RULE_ISSUER_CERTIFICATE_CHAIN));
		assert_non_null(strstr(v.items[0].detail, roots[i].why));
		X509_free(cert);
		X509_free(root);
	}
	buf_free(&pem);
	close_outside(&o);
}

static void
keeps_the_path_length_of_each_authority_above(void **state)
{
	static const struct making root = { "outside", "CA:TRUE,pathlen:1", "keyCertSign",
		false, false, -DAY, 10 * DAY };
	static const struct making free = { "house", "CA:TRUE", "keyCertSign,cRLSign",
		false, false, -60, 9 * DAY };
	struct house *house = *state;
	struct outside o = open_outside(house);
	X509 *top = outside_make(o.root_key, NULL, o.root_key, &root);
	X509 *cert = outside_make(o.key, top, o.root_key, &free);
	const struct issuer_spec below = { .name = "below",
		.parent = "house",
		.subject = "/CN=below",
		.path_len = -1,
		.validity_s = DAY,
		.key = ec_key("P-256"),
		.actor = "uid:0" };
	struct issue_result result;
	struct buffer pem;
	struct warnings w;
	struct violations v;
	struct error err;

	buf_init(&pem, 0);
	request(house, &o);
	outside_append(cert, &pem);
	outside_append(top, &pem);
	assert_int_equal(install(house, &pem, &w, &v, &err), 0);
	assert_int_equal(issue(house, &result, &err), 0);
	issue_result_clear(&result);
	house_add_key(house, "below", below.key);
	assert_int_equal(authority_create_issuer(house->authority, &below, &v, &err), -1);
	assert_int_equal(err.code, ERROR_REFUSED);
	assert_true(breaks(&v, RULE_ISSUER_PATH_LENGTH));
	buf_free(&pem);
	X509_free(cert);
	X509_free(top);
	close_outside(&o);
}

static void
installs_nothing_for_a_key_that_was_blocked_meanwhile(void **state)
{
	static const struct audit_event event = {
		.actor = "uid:0", .action = "key.blocked", .object = "spki"
	};
	struct blocked_key_row row = { .reason = "stolen", .created = 1 };
	struct house *house = *state;
	struct outside o = open_outside(house);
	X509 *cert = outside_make(o.key, o.root, o.root_key, &good);
	struct buffer pem;
	struct warnings w;
	struct violations v;
	struct error err;
	bool added;

	buf_init(&pem, 0);
	request(house, &o);
	outside_append(cert, &pem);
	outside_append(o.root, &pem);
	assert_int_equal(spki_sha256(NULL, o.key, row.spki_sha256, NULL), 0);
	assert_int_equal(
	    store_blocked_key_put(house->store, &row, &event, &added, NULL), 0);
	assert_int_equal(install(house, &pem, &w, &v, &err), -1);
	assert_true(breaks(&v, RULE_CSR_KEY_BLOCKED));
	buf_free(&pem);
	X509_free(cert);
	close_outside(&o);
}

static void
installs_nothing_for_issuers_of_its_own(void **state)
{
	struct house *house = *state;
	const struct issuer_info *info;
	struct warnings w = { 0 };
	const struct issuer_spec spec = { .name = "internal", .actor = "uid:0" };
	struct violations v = { 0 };
	struct error err = { 0 };

	assert_int_equal(
	    authority_find_issuer(house->authority, "internal", &info, NULL), 0);
	assert_int_equal(authority_install_certificate(
			     house->authority, &spec, info->certificate, &w, &v, &err),
	    -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
}

static int
import(struct house *house, const struct outside *o, const struct buffer *pem,
    struct warnings *w, struct violations *v, struct error *err)
{
	const struct issuer_spec spec = {
		.name = "house", .key = o->key, .actor = "uid:0"
	};

	*w = (struct warnings){ 0 };
	*v = (struct violations){ 0 };
	return authority_import_issuer(
	    house->authority, &spec, buf_bytes(pem), w, v, err);
}

/* As "openssl req -x509" makes it: without keyUsage. */
static void
takes_an_existing_root_and_warns_of_what_strict_clients_miss(void **state)
{
	static const struct making genuine = { "house", "critical,CA:TRUE", NULL, false,
		false, -DAY, 100 * DAY };
	struct house *house = *state;
	struct outside o = open_outside(house);
	X509 *cert = outside_make(o.key, NULL, o.key, &genuine);
	const struct issuer_info *info;
	struct issue_result result;
	struct buffer pem;
	struct warnings w;
	struct violations v;
	struct error err = { 0 };

	buf_init(&pem, 0);
	outside_append(cert, &pem);
	assert_int_equal(import(house, &o, &pem, &w, &v, &err), 0);
	assert_int_equal(w.count, 1);
	assert_non_null(strstr(w.items[0], "keyUsage"));
	assert_int_equal(
	    authority_find_issuer(house->authority, "house", &info, NULL), 0);
	assert_false(info->external);
	assert_string_equal(info->serial, "1267");
	assert_int_equal(issue(house, &result, &err), 0);
	assert_int_equal(count_certificates(buf_string(&result.chain)), 1);
	issue_result_clear(&result);
	/* Once is enough. */
	assert_int_equal(import(house, &o, &pem, &w, &v, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	buf_free(&pem);
	X509_free(cert);
	close_outside(&o);
}

static void
takes_no_certificate_of_version_1(void **state)
{
	static const struct making old = { "house", NULL, NULL, false, true, -DAY, DAY };
	struct house *house = *state;
	struct outside o = open_outside(house);
	X509 *cert = outside_make(o.key, NULL, o.key, &old);
	struct buffer pem;
	struct warnings w;
	struct violations v;
	struct error err = { 0 };

	buf_init(&pem, 0);
	outside_append(cert, &pem);
	assert_int_equal(import(house, &o, &pem, &w, &v, &err), -1);
	assert_true(breaks(&v, RULE_ISSUER_CERTIFICATE_CA));
	buf_free(&pem);
	X509_free(cert);
	close_outside(&o);
}

#define HOUSE_TEST(name)                                                                 \
	cmocka_unit_test_setup_teardown(name, house_setup, house_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(asks_another_authority),
		HOUSE_TEST(installs_the_answer_and_hands_out_the_whole_chain),
		HOUSE_TEST(installs_only_what_was_asked_for),
		HOUSE_TEST(installs_nothing_under_an_outside_chain_that_no_client_takes),
		HOUSE_TEST(keeps_the_path_length_of_each_authority_above),
		HOUSE_TEST(installs_nothing_for_a_key_that_was_blocked_meanwhile),
		HOUSE_TEST(installs_nothing_for_issuers_of_its_own),
		HOUSE_TEST(takes_an_existing_root_and_warns_of_what_strict_clients_miss),
		HOUSE_TEST(takes_no_certificate_of_version_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

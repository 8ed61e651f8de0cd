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
#include "ca/bundle.h"
#include "ca/certtext.h"
#include "ca/spki.h"
#include "store/blocked_keys.h"
#include "tests/ca/support.h"

#define DAY 86400

/* What an authority elsewhere may get wrong. */
struct making {
	const char *subject, *basic, *usage;
	bool no_key_id, version_1;
	long from_s, until_s;
};

static const struct making good = { "/CN=house", "critical,CA:TRUE,pathlen:0",
	"critical,keyCertSign,cRLSign", false, false, -60, DAY };

static void
extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	assert_non_null(ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value));
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

static X509_NAME *
name_of(const char *text)
{
	X509_NAME *name = X509_NAME_new();

	X509_NAME_add_entry_by_txt(
	    name, "CN", MBSTRING_ASC, (const unsigned char *)text + 4, -1, -1, 0);
	return name;
}

/* issuer NULL: self-signed. */
static X509 *
make(EVP_PKEY *key, X509 *issuer, EVP_PKEY *signer, const struct making *m)
{
	X509 *cert = X509_new();
	X509_NAME *name = name_of(m->subject);

	X509_set_version(cert, m->version_1 ? X509_VERSION_1 : X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 4711);
	X509_gmtime_adj(X509_getm_notBefore(cert), m->from_s);
	X509_gmtime_adj(X509_getm_notAfter(cert), m->until_s);
	X509_set_subject_name(cert, name);
	X509_set_issuer_name(cert, issuer != NULL ? X509_get_subject_name(issuer) : name);
	X509_set_pubkey(cert, key);
	if (!m->version_1) {
		extend(cert, issuer != NULL ? issuer : cert, NID_basic_constraints,
		    m->basic);
		if (m->usage != NULL)
			extend(cert, cert, NID_key_usage, m->usage);
		if (!m->no_key_id)
			extend(cert, cert, NID_subject_key_identifier, "hash");
	}
	assert_true(X509_sign(cert, signer, EVP_sha256()) > 0);
	X509_NAME_free(name);
	return cert;
}

static void
append(X509 *cert, struct buffer *pem)
{
	struct buffer der;

	buf_init(&der, 0);
	assert_int_equal(certtext_der(cert, &der, NULL), 0);
	certtext_pem(buf_bytes(&der), pem);
	buf_free(&der);
}

struct outside {
	EVP_PKEY *root_key, *key; /* key is the house's */
	X509 *root;
};

static struct outside
open_outside(struct house *house)
{
	static const struct making root = { "/CN=outside", "critical,CA:TRUE",
		"critical,keyCertSign,cRLSign", false, false, -DAY, 10 * DAY };
	struct outside o = { ec_key("P-256"), ec_key("P-256"), NULL };

	o.root = make(o.root_key, NULL, o.root_key, &root);
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
	*w = (struct warnings){ 0 };
	*v = (struct violations){ 0 };
	*err = (struct error){ 0 };
	return authority_install_certificate(
	    house->authority, "house", buf_bytes(pem), "uid:0", w, v, err);
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
	X509 *cert = make(o.key, o.root, o.root_key, &good);
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
	append(cert, &pem);
	append(o.root, &pem);
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
	append(cert, &pem);
	assert_int_equal(install(house, &pem, &w, &v, &err), 0);
	assert_int_equal(w.count, 1);
	buf_free(&pem);
	buf_free(&chain);
	X509_free(cert);
	close_outside(&o);
}

static const struct {
	struct making making;
	enum rule rule;
} wrong[] = {
	{ { "/CN=other", "CA:TRUE", "keyCertSign,cRLSign", false, false, -60, DAY },
	    RULE_ISSUER_CERTIFICATE_SUBJECT },
	{ { "/CN=house", "CA:FALSE", "keyCertSign,cRLSign", false, false, -60, DAY },
	    RULE_ISSUER_CERTIFICATE_CA },
	{ { "/CN=house", NULL, NULL, false, true, -60, DAY },
	    RULE_ISSUER_CERTIFICATE_CA },
	{ { "/CN=house", "CA:TRUE", "keyCertSign", false, false, -60, DAY },
	    RULE_ISSUER_CERTIFICATE_KEY_USAGE },
	{ { "/CN=house", "CA:TRUE", "keyCertSign,cRLSign", true, false, -60, DAY },
	    RULE_ISSUER_CERTIFICATE_KEY_ID },
	{ { "/CN=house", "CA:TRUE", "keyCertSign,cRLSign", false, false, -DAY, -60 },
	    RULE_ISSUER_CERTIFICATE_VALIDITY },
	{ { "/CN=house", "CA:TRUE", "keyCertSign,cRLSign", false, false, 600, DAY },
	    RULE_ISSUER_CERTIFICATE_VALIDITY },
};

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
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		cert = make(o.key, o.root, o.root_key, &wrong[i].making);
		buf_reset(&pem);
		append(cert, &pem);
		assert_int_equal(install(house, &pem, &w, &v, &err), -1);
		assert_int_equal(err.code, ERROR_REFUSED);
		if (!breaks(&v, wrong[i].rule))
			fail_msg("case %zu: %s", i, v.items[0].rule);
		X509_free(cert);
	}
	cert = make(stranger, o.root, o.root_key, &good);
	buf_reset(&pem);
	append(cert, &pem);
	assert_int_equal(install(house, &pem, &w, &v, &err), -1);
	assert_true(breaks(&v, RULE_ISSUER_CERTIFICATE_KEY));
	X509_free(cert);
	/* Signed by somebody who only has the root's name. */
	cert = make(o.key, o.root, stranger, &good);
	buf_reset(&pem);
	append(cert, &pem);
	append(o.root, &pem);
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
		{ { "/CN=outside", "CA:TRUE,pathlen:0", "keyCertSign", false, false, -DAY,
		      10 * DAY },
		    "number 2 has a path length of 0" },
		{ { "/CN=outside", "CA:TRUE", "keyCertSign", false, false, -2 * DAY,
		      -DAY },
		    "number 2 has expired" },
		{ { "/CN=outside", "CA:FALSE", "keyCertSign", false, false, -DAY, DAY },
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
		X509 *root = make(o.root_key, NULL, o.root_key, &roots[i].root);
		X509 *cert = make(o.key, root, o.root_key, &good);

		buf_reset(&pem);
		append(cert, &pem);
		append(root, &pem);
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
installs_nothing_for_a_key_that_was_blocked_meanwhile(void **state)
{
	static const struct audit_event event = { "uid:0", "key.blocked", "spki", NULL };
	struct blocked_key_row row = { .reason = "stolen", .created = 1 };
	struct house *house = *state;
	struct outside o = open_outside(house);
	X509 *cert = make(o.key, o.root, o.root_key, &good);
	struct buffer pem;
	struct warnings w;
	struct violations v;
	struct error err;
	bool added;

	buf_init(&pem, 0);
	request(house, &o);
	append(cert, &pem);
	append(o.root, &pem);
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
	struct violations v = { 0 };
	struct error err = { 0 };

	assert_int_equal(
	    authority_find_issuer(house->authority, "internal", &info, NULL), 0);
	assert_int_equal(authority_install_certificate(house->authority, "internal",
			     info->certificate, "uid:0", &w, &v, &err),
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
	static const struct making genuine = { "/CN=house", "critical,CA:TRUE", NULL,
		false, false, -DAY, 100 * DAY };
	struct house *house = *state;
	struct outside o = open_outside(house);
	X509 *cert = make(o.key, NULL, o.key, &genuine);
	const struct issuer_info *info;
	struct issue_result result;
	struct buffer pem;
	struct warnings w;
	struct violations v;
	struct error err = { 0 };

	buf_init(&pem, 0);
	append(cert, &pem);
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
	static const struct making old = { "/CN=house", NULL, NULL, false, true, -DAY,
		DAY };
	struct house *house = *state;
	struct outside o = open_outside(house);
	X509 *cert = make(o.key, NULL, o.key, &old);
	struct buffer pem;
	struct warnings w;
	struct violations v;
	struct error err = { 0 };

	buf_init(&pem, 0);
	append(cert, &pem);
	assert_int_equal(import(house, &o, &pem, &w, &v, &err), -1);
	assert_true(breaks(&v, RULE_ISSUER_CERTIFICATE_CA));
	buf_free(&pem);
	X509_free(cert);
	close_outside(&o);
}

static void
refuses_what_is_no_certificate(void **state)
{
	static const char *const bodies[] = { "", "hello",
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\n", "0\x03\x02\x01",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		const struct bytes body = { (const unsigned char *)bodies[i],
			strlen(bodies[i]) };
		struct error err = { 0 };
		struct bundle bundle;

		assert_int_equal(bundle_read(NULL, body, &bundle, &err), -1);
		assert_int_equal(err.code, ERROR_BAD_REQUEST);
		bundle_clear(&bundle);
	}
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
		HOUSE_TEST(installs_nothing_for_a_key_that_was_blocked_meanwhile),
		HOUSE_TEST(installs_nothing_for_issuers_of_its_own),
		HOUSE_TEST(takes_an_existing_root_and_warns_of_what_strict_clients_miss),
		HOUSE_TEST(takes_no_certificate_of_version_1),
		cmocka_unit_test(refuses_what_is_no_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

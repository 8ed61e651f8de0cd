/* test_client_certificate.c - which certificates of clients hold, and what they name. */
#include "ca/client_certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/x509v3.h>

#include "ca/anchors.h"
#include "ca/certtext.h"
#include "tests/ca/crls.h"

#define SUPERSEDED 4

/* A trusted root and a chain to it. */
struct visit {
	X509_STORE *anchors;
	struct buffer leaf, internal;
	char serial[STORE_SERIAL_SIZE];
	struct client_chain chain;
};

static void
trust(struct visit *visit, struct house *house, const char *issuer)
{
	struct buffer pem;
	const struct issuer_info *info;

	buf_init(&pem, 0);
	assert_int_equal(authority_find_issuer(house->authority, issuer, &info, NULL), 0);
	certtext_pem(info->certificate, &pem);
	assert_int_equal(
	    anchors_read(NULL, buf_bytes(&pem), "ca.pem", &visit->anchors, NULL), 0);
	buf_free(&pem);
}

static void
show(struct visit *visit)
{
	visit->chain.certificates[0] = buf_bytes(&visit->leaf);
	visit->chain.certificates[1] = buf_bytes(&visit->internal);
	visit->chain.count = visit->internal.len > 0 ? 2 : 1;
}

/* A client that internal certified, for the names. */
static void
visit_open(struct visit *visit, struct house *house, const char *profile, const char *san)
{
	EVP_PKEY *key = ec_key("P-256");
	const struct issuer_info *info;
	struct issue_result result;
	struct violations v;
	struct buffer csr;

	*visit = (struct visit){ 0 };
	simple_request(key, san, &csr);
	assert_int_equal(house_issue(house, &csr, profile, &result, &v, NULL), 0);
	buf_append(&visit->leaf, result.certificate.data, result.certificate.len);
	memcpy(visit->serial, result.serial, sizeof(visit->serial));
	assert_int_equal(
	    authority_find_issuer(house->authority, "internal", &info, NULL), 0);
	buf_append(&visit->internal, info->certificate.data, info->certificate.len);
	show(visit);
	trust(visit, house, "root");
	issue_result_clear(&result);
	buf_free(&csr);
	EVP_PKEY_free(key);
}

static void
visit_close(struct visit *visit)
{
	X509_STORE_free(visit->anchors);
	buf_free(&visit->leaf);
	buf_free(&visit->internal);
}

static int
verify(struct house *house, const struct visit *visit, struct client_certificate **client,
    enum client_fault *fault, struct error *err)
{
	*client = NULL;
	return client_certificate_verify(
	    house->authority, visit->anchors, &visit->chain, client, fault, err);
}

static void
names_its_owner(void **state)
{
	struct client_certificate *client;
	enum client_fault fault;
	const char *const *names;
	struct visit visit;
	size_t count;

	visit_open(&visit, *state, "client", "DNS:CI.example,IP:10.0.0.1,DNS:b.example");
	assert_int_equal(verify(*state, &visit, &client, &fault, NULL), 0);
	names = client_certificate_names(client, &count);
	assert_int_equal(count, 3);
	assert_string_equal(names[0], "dns:ci.example");
	assert_string_equal(names[1], "ip:10.0.0.1");
	assert_string_equal(names[2], "dns:b.example");
	assert_string_equal(client_certificate_actor(client), "cert:dns:ci.example");
	assert_int_equal(client_certificate_check(client, NULL), 0);
	client_certificate_free(client);
	visit_close(&visit);
}

static void
an_intermediate_can_be_the_anchor(void **state)
{
	struct client_certificate *client;
	enum client_fault fault;
	struct visit visit;

	visit_open(&visit, *state, "client", "DNS:ci.example");
	X509_STORE_free(visit.anchors);
	trust(&visit, *state, "internal");
	visit.chain.count = 1;
	assert_int_equal(verify(*state, &visit, &client, &fault, NULL), 0);
	client_certificate_free(client);
	visit_close(&visit);
}

/* Self-signed, by nobody here. */
static X509 *
outside_certificate(EVP_PKEY *key, const char *cn, const char *san)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san);

	assert_non_null(ext);
	assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
	assert_int_equal(X509_NAME_add_entry_by_txt(
			     name, "CN", MBSTRING_ASC, (const void *)cn, -1, -1, 0),
	    1);
	assert_int_equal(X509_set_issuer_name(cert, name), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 7), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), -60));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 60));
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	X509_EXTENSION_free(ext);
	return cert;
}

/* What names are in a certificate that nobody here made. */
static size_t
count_names(const char *cn, const char *san, const char *const **names,
    struct client_certificate **client, struct house *house, struct error *err)
{
	EVP_PKEY *key = ec_key("P-256");
	X509 *cert = outside_certificate(key, cn, san);
	struct visit visit = { .anchors = X509_STORE_new() };
	enum client_fault fault;
	size_t count = 0;

	assert_int_equal(certtext_der(cert, &visit.leaf, NULL), 0);
	show(&visit);
	assert_int_equal(X509_STORE_add_cert(visit.anchors, cert), 1);
	if (verify(house, &visit, client, &fault, err) == 0)
		*names = client_certificate_names(*client, &count);
	visit_close(&visit);
	X509_free(cert);
	EVP_PKEY_free(key);
	return count;
}

static void
names_what_a_rule_can_name(void **state)
{
	struct client_certificate *client;
	const char *const *names;

	assert_int_equal(count_names("c,i \xc3", "URI:spiffe://a/B,email:a@b.c", &names,
			     &client, *state, NULL),
	    3);
	assert_string_equal(names[0], "uri:spiffe://a/B");
	assert_string_equal(names[1], "email:a@b.c");
	assert_string_equal(names[2], "subject:CN=c\\,i \\C3\\83");
	client_certificate_free(client);
}

/* Else one name would be two, or another's. */
static void
a_name_with_a_blank_is_none(void **state)
{
	struct client_certificate *client;
	const char *const *names;

	assert_int_equal(
	    count_names("ci", "DNS:a dns:b,DNS:c", &names, &client, *state, NULL), 2);
	assert_string_equal(names[0], "dns:c");
	client_certificate_free(client);
}

static void
a_long_name_is_a_hash_in_the_record(void **state)
{
	struct client_certificate *client;
	const char *const *names;
	char san[256] = "URI:spiffe://a/";

	memset(san + strlen(san), 'x', 150);
	assert_int_equal(count_names("ci", san, &names, &client, *state, NULL), 2);
	assert_memory_equal(client_certificate_actor(client), "cert:sha256:", 12);
	assert_int_equal(strlen(client_certificate_actor(client)), 12 + 64);
	client_certificate_free(client);
}

static void
refuses(struct house *house, const struct visit *visit, enum client_fault wanted,
    const char *why)
{
	struct client_certificate *client;
	enum client_fault fault = CLIENT_FAULT_BAD;
	struct error err = { 0 };

	assert_int_equal(verify(house, visit, &client, &fault, &err), -1);
	assert_int_equal(err.code, ERROR_FORBIDDEN);
	assert_non_null(strstr(err.text, why));
	assert_int_equal(fault, wanted);
}

static void
refuses_a_server(void **state)
{
	struct visit visit;

	visit_open(&visit, *state, "server", "DNS:localhost");
	refuses(*state, &visit, CLIENT_FAULT_BAD, "purpose");
	visit_close(&visit);
}

static void
refuses_what_another_authority_signed(void **state)
{
	struct visit visit;

	visit_open(&visit, *state, "client", "DNS:ci.example");
	X509_STORE_free(visit.anchors);
	visit.anchors = X509_STORE_new();
	refuses(*state, &visit, CLIENT_FAULT_UNKNOWN_CA, "issuer certificate");
	visit_close(&visit);
}

static void
refuses_a_chain_with_a_gap_and_none(void **state)
{
	struct visit visit;

	visit_open(&visit, *state, "client", "DNS:ci.example");
	visit.chain.count = 1;
	refuses(*state, &visit, CLIENT_FAULT_UNKNOWN_CA, "issuer certificate");
	visit.chain.count = 0;
	refuses(*state, &visit, CLIENT_FAULT_BAD, "no certificate");
	visit_close(&visit);
}

static void
refuses_what_is_no_certificate(void **state)
{
	struct visit visit;

	visit_open(&visit, *state, "client", "DNS:ci.example");
	visit.chain.certificates[0].len--;
	refuses(*state, &visit, CLIENT_FAULT_BAD, "cannot be read");
	visit_close(&visit);
}

static void
refuses_a_revoked_one(void **state)
{
	struct visit visit;

	visit_open(&visit, *state, "client", "DNS:ci.example");
	house_revoke(*state, visit.serial, SUPERSEDED);
	refuses(*state, &visit, CLIENT_FAULT_REVOKED, visit.serial);
	visit_close(&visit);
}

/* As if somebody else had the issuer's key, or a certificate was lost with a backup. */
static void
refuses_one_that_the_record_does_not_have(void **state)
{
	char sql[128];
	struct visit visit;

	visit_open(&visit, *state, "client", "DNS:ci.example");
	snprintf(sql, sizeof(sql), "DELETE FROM certificates WHERE serial = '%s'",
	    visit.serial);
	house_sql(*state, sql);
	refuses(*state, &visit, CLIENT_FAULT_BAD, "not in the record");
	visit_close(&visit);
}

static void
ends_with_a_revocation(void **state)
{
	struct client_certificate *client;
	enum client_fault fault;
	struct error err = { 0 };
	struct visit visit, other;

	visit_open(&visit, *state, "client", "DNS:ci.example");
	visit_open(&other, *state, "client", "DNS:other.example");
	assert_int_equal(verify(*state, &visit, &client, &fault, NULL), 0);
	house_revoke(*state, other.serial, SUPERSEDED);
	assert_int_equal(client_certificate_check(client, NULL), 0);
	house_revoke(*state, visit.serial, SUPERSEDED);
	assert_int_equal(client_certificate_check(client, &err), -1);
	assert_int_equal(err.code, ERROR_FORBIDDEN);
	assert_int_equal(client_certificate_check(client, NULL), -1);
	client_certificate_free(client);
	visit_close(&visit);
	visit_close(&other);
}

static void
freeing_nothing_is_fine(void **state)
{
	(void)state;
	client_certificate_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_its_owner),
		cmocka_unit_test(an_intermediate_can_be_the_anchor),
		cmocka_unit_test(names_what_a_rule_can_name),
		cmocka_unit_test(a_name_with_a_blank_is_none),
		cmocka_unit_test(a_long_name_is_a_hash_in_the_record),
		cmocka_unit_test(refuses_a_server),
		cmocka_unit_test(refuses_what_another_authority_signed),
		cmocka_unit_test(refuses_a_chain_with_a_gap_and_none),
		cmocka_unit_test(refuses_what_is_no_certificate),
		cmocka_unit_test(refuses_a_revoked_one),
		cmocka_unit_test(refuses_one_that_the_record_does_not_have),
		cmocka_unit_test(ends_with_a_revocation),
		cmocka_unit_test(freeing_nothing_is_fine),
	};

	return cmocka_run_group_tests(tests, house_setup, house_teardown);
}

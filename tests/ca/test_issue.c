/* test_issue.c - certificates, from request to record. */
#include "ca/authority.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "ca/profile.h"
#include "tests/ca/support.h"

#define ACTION_SIZE 64

static void
accepts_what_milvus_sends(struct house *house, const char *profile, const char *purpose)
{
	EVP_PKEY *key = rsa_key(2048);
	struct issue_result result;
	struct violations v;
	struct error err = { 0 };
	struct buffer csr;

	milvus_request(key, &csr);
	if (house_issue(house, &csr, profile, &result, &v, &err) != 0)
		fail_msg("%s", err.text);
	assert_true(
	    house_trusts(house, buf_bytes(&result.certificate), purpose, "localhost"));
	assert_string_equal(buf_string(&result.subject), "CN=localhost");
	assert_string_equal(buf_string(&result.names), "dns:localhost");
	assert_int_equal(result.warnings.count, 4);
	assert_string_equal(result.warnings.items[0], "subject C was not copied");
	assert_string_equal(
	    result.warnings.items[3], "extension keyUsage was not copied");
	issue_result_clear(&result);
	buf_free(&csr);
	EVP_PKEY_free(key);
}

static void
certifies_milvus_under_every_profile(void **state)
{
	accepts_what_milvus_sends(*state, "server", "ssl_server");
	accepts_what_milvus_sends(*state, "client", "ssl_client");
	accepts_what_milvus_sends(*state, "peer", "ssl_server");
	accepts_what_milvus_sends(*state, "peer", "ssl_client");
}

static void
hands_out_the_chain_without_the_root(void **state)
{
	struct house *house = *state;
	EVP_PKEY *key = ec_key("P-256");
	struct issue_result result;
	struct violations v;
	struct error err = { 0 };
	struct buffer csr, chain;

	buf_init(&chain, 0);
	simple_request(key, "DNS:localhost,IP:127.0.0.1", &csr);
	assert_int_equal(house_issue(house, &csr, "server", &result, &v, &err), 0);
	assert_true(house_trusts(
	    house, buf_bytes(&result.certificate), "ssl_server", "localhost"));
	assert_string_equal(buf_string(&result.names), "dns:localhost ip:127.0.0.1");
	assert_string_equal(buf_string(&result.subject), "");
	assert_int_equal(count_certificates(buf_string(&result.chain)), 2);
	assert_int_equal(
	    authority_chain(house->authority, "internal", true, &chain, &err), 0);
	assert_int_equal(count_certificates(buf_string(&chain)), 2);
	buf_reset(&chain);
	assert_int_equal(
	    authority_chain(house->authority, "root", false, &chain, &err), 0);
	assert_int_equal(chain.len, 0);
	buf_free(&chain);
	issue_result_clear(&result);
	buf_free(&csr);
	EVP_PKEY_free(key);
}

/* What the store has of a certificate. */
struct found {
	const struct issue_result *result;
	int calls;
};

static int
compare_row(void *ctx, const struct certificate_row *row)
{
	struct found *found = ctx;

	found->calls++;
	assert_string_equal(row->issuer, "internal");
	assert_string_equal(row->profile, "server");
	assert_string_equal(row->requester, "uid:0");
	assert_string_equal(row->names, buf_string(&found->result->names));
	assert_int_equal(row->not_after, found->result->not_after);
	assert_int_equal(row->certificate.len, found->result->certificate.len);
	return 0;
}

static int
last_action(void *ctx, const struct audit_row *row)
{
	return text_copy(ctx, ACTION_SIZE, row->action);
}

static void
records_what_it_hands_out(void **state)
{
	struct house *house = *state;
	EVP_PKEY *key = ec_key("P-256");
	struct issue_result result;
	struct found found = { &result, 0 };
	char action[ACTION_SIZE] = "";
	struct violations v;
	struct error err = { 0 };
	struct buffer csr;

	simple_request(key, "DNS:localhost", &csr);
	assert_int_equal(house_issue(house, &csr, "server", &result, &v, &err), 0);
	assert_int_equal(strlen(result.serial), 40);
	assert_int_equal(store_certificate_find(
			     house->store, result.serial, compare_row, &found, &err),
	    0);
	assert_int_equal(found.calls, 1);
	store_audit_each(house->store, 0, 1000, last_action, action, &err);
	assert_string_equal(action, "certificate.issued");
	issue_result_clear(&result);
	buf_free(&csr);
	EVP_PKEY_free(key);
}

static int
count_row(void *ctx, int64_t id, const struct certificate_row *row)
{
	(void)id;
	(void)row;
	++*(int *)ctx;
	return 0;
}

static void
dry_run_records_nothing(void **state)
{
	struct house *house = *state;
	EVP_PKEY *key = ec_key("P-256");
	const struct certificate_filter all = { .limit = 1000 };
	struct issue_request request = { .issuer = "internal",
		.profile = "server",
		.actor = "uid:0",
		.dry_run = true };
	struct issue_result result;
	struct violations v = { 0 };
	struct error err = { 0 };
	struct buffer csr;
	int before = 0, after = 0;

	simple_request(key, "DNS:localhost", &csr);
	request.csr = buf_bytes(&csr);
	store_certificate_each(house->store, &all, count_row, &before, &err);
	assert_int_equal(
	    authority_issue(house->authority, &request, &result, &v, &err), 0);
	store_certificate_each(house->store, &all, count_row, &after, &err);
	assert_int_equal(before, after);
	assert_int_equal(result.certificate.len, 0);
	assert_string_equal(result.serial, "");
	assert_string_equal(buf_string(&result.names), "dns:localhost");
	issue_result_clear(&result);
	buf_free(&csr);
	EVP_PKEY_free(key);
}

static void
keeps_an_asked_for_length_and_refuses_an_excessive_one(void **state)
{
	struct house *house = *state;
	EVP_PKEY *key = ec_key("P-256");
	struct issue_request request = { .issuer = "internal",
		.profile = "server",
		.validity_s = 3600,
		.actor = "uid:0",
		.dry_run = true };
	struct issue_result result;
	struct violations v = { 0 };
	struct error err = { 0 };
	struct buffer csr;

	simple_request(key, "DNS:localhost", &csr);
	request.csr = buf_bytes(&csr);
	assert_int_equal(
	    authority_issue(house->authority, &request, &result, &v, &err), 0);
	assert_int_equal(result.not_after - result.not_before, 300 + 3599);
	issue_result_clear(&result);
	request.validity_s = INT64_C(86400) * 399;
	assert_int_equal(
	    authority_issue(house->authority, &request, &result, &v, &err), -1);
	assert_int_equal(err.code, ERROR_REFUSED);
	assert_true(breaks(&v, RULE_VALIDITY_RANGE));
	buf_free(&csr);
	EVP_PKEY_free(key);
}

static void
signs_with_every_type_of_issuer_key(void **state)
{
	struct house *house = *state;
	EVP_PKEY *issuers[] = { rsa_key(2048), ec_key("P-384"), ec_key("P-521"),
		rsa_pss_key(), ed25519_key() };
	EVP_PKEY *key = ed25519_key();
	struct buffer csr;

	simple_request(key, "DNS:localhost", &csr);
	for (size_t i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++) {
		struct issue_result result;
		struct violations v;
		struct error err = { 0 };

		house_close(house);
		house_open(house, NULL);
		house_add_issuers(house, issuers[i]);
		if (house_issue(house, &csr, "server", &result, &v, &err) != 0)
			fail_msg("%s", err.text);
		assert_true(house_trusts(
		    house, buf_bytes(&result.certificate), "ssl_server", "localhost"));
		issue_result_clear(&result);
	}
	buf_free(&csr);
	EVP_PKEY_free(key);
}

/* As the daemon does, so that nothing depends on the machine's openssl.cnf. */
static void
works_in_a_library_context_of_its_own(void **state)
{
	struct house *house = *state;
	OSSL_LIB_CTX *libctx = OSSL_LIB_CTX_new();
	EVP_PKEY *key = ec_key("P-256");
	struct issue_result result;
	struct violations v;
	struct error err = { 0 };
	struct buffer csr;

	house_close(house);
	house_open(house, libctx);
	house_add_issuers(house, EVP_PKEY_Q_keygen(libctx, NULL, "EC", "P-384"));
	house_reopen(house);
	simple_request(key, "DNS:localhost", &csr);
	if (house_issue(house, &csr, "server", &result, &v, &err) != 0)
		fail_msg("%s", err.text);
	assert_true(house_trusts(
	    house, buf_bytes(&result.certificate), "ssl_server", "localhost"));
	issue_result_clear(&result);
	buf_free(&csr);
	EVP_PKEY_free(key);
	house_close(house);
	OSSL_LIB_CTX_free(libctx);
	house_open(house, NULL);
	house_add_issuers(house, ec_key("P-256"));
}

/* What would say more of the holder, or of where to ask, than the authority decided. */
static void
copies_no_extension_and_says_so(void **state)
{
	static const char *const asked[] = { "nameConstraints", "crlDistributionPoints",
		"authorityInfoAccess", "certificatePolicies", "1.2.3.4.5" };
	EVP_PKEY *key = ec_key("P-256");
	X509_REQ *req = request_new(key, "");
	X509_EXTENSIONS *extensions = NULL;
	struct issue_result result;
	const unsigned char *der;
	struct violations v;
	struct buffer csr;
	X509 *cert;

	request_extension(&extensions, "subjectAltName", "DNS:localhost");
	for (size_t i = 0; i < 5; i++)
		request_extension(&extensions, asked[i], "DER:3000");
	request_add(req, extensions);
	request_sign(req, key, "SHA256", &csr);
	assert_int_equal(house_issue(*state, &csr, "server", &result, &v, NULL), 0);
	der = result.certificate.data;
	cert = d2i_X509(NULL, &der, (long)result.certificate.len);
	for (size_t i = 0; i < 5; i++) {
		ASN1_OBJECT *oid = OBJ_txt2obj(asked[i], 0);

		assert_int_equal(X509_get_ext_by_OBJ(cert, oid, -1), -1);
		ASN1_OBJECT_free(oid);
	}
	assert_int_equal(result.warnings.count, 5);
	assert_string_equal(
	    result.warnings.items[4], "extension 1.2.3.4.5 was not copied");
	X509_free(cert);
	issue_result_clear(&result);
	buf_free(&csr);
	EVP_PKEY_free(key);
}

static void
warns_of_a_length_that_public_authorities_do_not_give(void **state)
{
	struct house *house = *state;
	EVP_PKEY *key = ec_key("P-256");
	struct issue_request request = {
		.issuer = "internal",
		.profile = "server",
		.validity_s = profile_find("server")->max_validity_s,
		.actor = "uid:0",
	};
	struct issue_result result;
	struct violations v = { 0 };
	struct buffer csr;

	simple_request(key, "DNS:www.example.com", &csr);
	request.csr = buf_bytes(&csr);
	assert_int_equal(
	    authority_issue(house->authority, &request, &result, &v, NULL), 0);
	assert_int_equal(result.warnings.count, 1);
	assert_non_null(strstr(result.warnings.items[0], "(BR 6.3.2)"));
	issue_result_clear(&result);
	buf_free(&csr);
	EVP_PKEY_free(key);
}

static void
refuses_the_key_of_an_issuer(void **state)
{
	struct house *house = *state;
	struct issue_result result;
	struct violations v;
	struct error err = { 0 };
	struct buffer csr;

	simple_request(house->keys[0], "DNS:localhost", &csr);
	assert_int_equal(house_issue(house, &csr, "server", &result, &v, &err), -1);
	assert_int_equal(err.code, ERROR_REFUSED);
	assert_true(breaks(&v, RULE_CSR_KEY_OF_ISSUER));
	buf_free(&csr);
}

/* The certificate's usage, as OpenSSL's KU_ bits; warned says whether the answer did. */
static uint32_t
usage_granted(struct house *house, EVP_PKEY *key, const char *asked, const char *profile,
    bool *warned)
{
	X509_REQ *req = request_new(key, "/CN=localhost");
	X509_EXTENSIONS *extensions = NULL;
	struct issue_result result;
	struct violations v;
	struct error err = { 0 };
	const unsigned char *p;
	struct buffer csr;
	uint32_t usage;
	X509 *cert;

	request_extension(&extensions, "keyUsage", asked);
	request_add(req, extensions);
	request_sign(req, key, "SHA256", &csr);
	if (house_issue(house, &csr, profile, &result, &v, &err) != 0)
		fail_msg("%s", err.text);
	*warned = result.warnings.count > 0;
	p = result.certificate.data;
	assert_non_null(cert = d2i_X509(NULL, &p, (long)result.certificate.len));
	usage = X509_get_key_usage(cert);
	X509_free(cert);
	issue_result_clear(&result);
	buf_free(&csr);
	return usage;
}

static void
key_encipherment_is_for_rsa_servers_that_ask(void **state)
{
	static const uint32_t sign = KU_DIGITAL_SIGNATURE,
			      both = sign | KU_KEY_ENCIPHERMENT;
	static const char asked[] = "critical,digitalSignature,keyEncipherment";
	EVP_PKEY *rsa = rsa_key(2048), *ec = ec_key("P-256");
	bool warned;

	assert_int_equal(usage_granted(*state, rsa, asked, "server", &warned), both);
	assert_false(warned);
	assert_int_equal(usage_granted(*state, rsa, asked, "peer", &warned), both);
	assert_false(warned);
	assert_int_equal(usage_granted(*state, rsa, asked, "client", &warned), sign);
	assert_true(warned);
	assert_int_equal(usage_granted(*state, ec, asked, "server", &warned), sign);
	assert_true(warned);
	assert_int_equal(
	    usage_granted(*state, rsa, "digitalSignature", "server", &warned), sign);
	assert_false(warned);
	assert_int_equal(
	    usage_granted(*state, rsa, "keyEncipherment,decipherOnly", "server", &warned),
	    both);
	assert_true(warned);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
}

static void
rejects_unknown_issuers_profiles_and_garbage(void **state)
{
	struct house *house = *state;
	EVP_PKEY *key = ec_key("P-256");
	struct issue_request request = {
		.issuer = "nobody", .profile = "server", .actor = "uid:0"
	};
	struct issue_result result;
	struct violations v = { 0 };
	struct error err = { 0 };
	struct buffer csr;

	simple_request(key, "DNS:localhost", &csr);
	request.csr = buf_bytes(&csr);
	assert_int_equal(
	    authority_issue(house->authority, &request, &result, &v, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(house_issue(house, &csr, "code-signing", &result, &v, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	buf_reset(&csr);
	buf_text(&csr, "garbage");
	assert_int_equal(house_issue(house, &csr, "server", &result, &v, &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
	buf_free(&csr);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certifies_milvus_under_every_profile),
		cmocka_unit_test(hands_out_the_chain_without_the_root),
		cmocka_unit_test(records_what_it_hands_out),
		cmocka_unit_test(dry_run_records_nothing),
		cmocka_unit_test(keeps_an_asked_for_length_and_refuses_an_excessive_one),
		cmocka_unit_test(signs_with_every_type_of_issuer_key),
		cmocka_unit_test(works_in_a_library_context_of_its_own),
		cmocka_unit_test(copies_no_extension_and_says_so),
		cmocka_unit_test(warns_of_a_length_that_public_authorities_do_not_give),
		cmocka_unit_test(refuses_the_key_of_an_issuer),
		cmocka_unit_test(key_encipherment_is_for_rsa_servers_that_ask),
		cmocka_unit_test(rejects_unknown_issuers_profiles_and_garbage),
	};

	return cmocka_run_group_tests(tests, house_setup, house_teardown);
}

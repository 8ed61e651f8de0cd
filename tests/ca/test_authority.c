/* test_authority.c - issuers and certificates, from request to record. */
#include "ca/authority.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/ca/support.h"

static struct house house;

static int
setup(void **state)
{
	(void)state;
	house_open(&house, NULL);
	house_add_issuers(&house, ec_key("P-256"));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	house_close(&house);
	return 0;
}

static int
issue(const struct buffer *csr, const char *profile, struct issue_result *result,
    struct violations *v, struct error *err)
{
	const struct issue_request request = {
		.issuer = "internal",
		.profile = profile,
		.csr = buf_bytes(csr),
		.actor = "uid:0",
	};

	*v = (struct violations){ 0 };
	return authority_issue(house.authority, &request, result, v, err);
}

static X509 *
read_certificate(struct bytes der)
{
	const unsigned char *p = der.data;
	X509 *cert = d2i_X509(NULL, &p, (long)der.len);

	assert_non_null(cert);
	return cert;
}

static X509 *
issuer_certificate(const char *name)
{
	const struct issuer_info *info;

	assert_int_equal(authority_find_issuer(house.authority, name, &info, NULL), 0);
	return read_certificate(info->certificate);
}

/* As a careful TLS peer would: -x509_strict, the purpose and the host name. */
static void
verify(struct bytes der, const char *purpose, const char *host)
{
	X509 *leaf = read_certificate(der), *root = issuer_certificate("root");
	X509 *internal = issuer_certificate("internal");
	X509_STORE *trusted = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *untrusted = sk_X509_new_null();
	X509_VERIFY_PARAM *param;

	X509_STORE_add_cert(trusted, root);
	sk_X509_push(untrusted, internal);
	assert_int_equal(X509_STORE_CTX_init(ctx, trusted, leaf, untrusted), 1);
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
	X509_VERIFY_PARAM_set1_host(param, host, 0);
	assert_int_equal(X509_STORE_CTX_set_default(ctx, purpose), 1);
	if (X509_verify_cert(ctx) != 1)
		fail_msg(
		    "%s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(trusted);
	sk_X509_free(untrusted);
	X509_free(leaf);
	X509_free(root);
	X509_free(internal);
}

static void
accepts_what_milvus_sends(const char *profile, const char *purpose)
{
	EVP_PKEY *key = rsa_key(2048);
	struct issue_result result;
	struct violations v;
	struct error err = { 0 };
	struct buffer csr;

	milvus_request(key, &csr);
	if (issue(&csr, profile, &result, &v, &err) != 0)
		fail_msg("%s", err.text);
	verify(buf_bytes(&result.certificate), purpose, "localhost");
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
	(void)state;
	accepts_what_milvus_sends("server", "ssl_server");
	accepts_what_milvus_sends("client", "ssl_client");
	accepts_what_milvus_sends("peer", "ssl_server");
	accepts_what_milvus_sends("peer", "ssl_client");
}

static int
count_blocks(const char *pem)
{
	int count = 0;

	while ((pem = strstr(pem, "-----BEGIN CERTIFICATE-----")) != NULL) {
		pem++;
		count++;
	}
	return count;
}

static void
hands_out_the_chain_without_the_root(void **state)
{
	EVP_PKEY *key = ec_key("P-256");
	struct issue_result result;
	struct violations v;
	struct error err = { 0 };
	struct buffer csr, chain;

	(void)state;
	buf_init(&chain, 0);
	simple_request(key, "DNS:localhost,IP:127.0.0.1", &csr);
	assert_int_equal(issue(&csr, "server", &result, &v, &err), 0);
	verify(buf_bytes(&result.certificate), "ssl_server", "localhost");
	assert_string_equal(buf_string(&result.names), "dns:localhost ip:127.0.0.1");
	assert_string_equal(buf_string(&result.subject), "");
	assert_int_equal(count_blocks(buf_string(&result.chain)), 2);
	assert_int_equal(
	    authority_chain(house.authority, "internal", true, &chain, &err), 0);
	assert_int_equal(count_blocks(buf_string(&chain)), 2);
	buf_reset(&chain);
	assert_int_equal(
	    authority_chain(house.authority, "root", false, &chain, &err), 0);
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
	strcpy(ctx, row->action);
	return 0;
}

static void
records_what_it_hands_out(void **state)
{
	EVP_PKEY *key = ec_key("P-256");
	struct issue_result result;
	struct found found = { &result, 0 };
	char action[64] = "";
	struct violations v;
	struct error err = { 0 };
	struct buffer csr;

	(void)state;
	simple_request(key, "DNS:localhost", &csr);
	assert_int_equal(issue(&csr, "server", &result, &v, &err), 0);
	assert_int_equal(strlen(result.serial), 40);
	assert_int_equal(
	    store_certificate_find(house.store, result.serial, compare_row, &found, &err),
	    0);
	assert_int_equal(found.calls, 1);
	store_audit_each(house.store, 0, 1000, last_action, action, &err);
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
	EVP_PKEY *key = ec_key("P-256");
	const struct certificate_filter all = { .limit = 1000 };
	struct issue_request request = { "internal", "server", { 0 }, 0, "uid:0", true };
	struct issue_result result;
	struct violations v = { 0 };
	struct error err = { 0 };
	struct buffer csr;
	int before = 0, after = 0;

	(void)state;
	simple_request(key, "DNS:localhost", &csr);
	request.csr = buf_bytes(&csr);
	store_certificate_each(house.store, &all, count_row, &before, &err);
	assert_int_equal(
	    authority_issue(house.authority, &request, &result, &v, &err), 0);
	store_certificate_each(house.store, &all, count_row, &after, &err);
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
	EVP_PKEY *key = ec_key("P-256");
	struct issue_request request = { "internal", "server", { 0 }, 3600, "uid:0",
		true };
	struct issue_result result;
	struct violations v = { 0 };
	struct error err = { 0 };
	struct buffer csr;

	(void)state;
	simple_request(key, "DNS:localhost", &csr);
	request.csr = buf_bytes(&csr);
	assert_int_equal(
	    authority_issue(house.authority, &request, &result, &v, &err), 0);
	assert_int_equal(result.not_after - result.not_before, 300 + 3599);
	issue_result_clear(&result);
	request.validity_s = INT64_C(86400) * 399;
	assert_int_equal(
	    authority_issue(house.authority, &request, &result, &v, &err), -1);
	assert_int_equal(err.code, ERROR_REFUSED);
	assert_true(breaks(&v, RULE_VALIDITY_RANGE));
	buf_free(&csr);
	EVP_PKEY_free(key);
}

static void
refuses_the_key_of_an_issuer(void **state)
{
	struct issue_result result;
	struct violations v;
	struct error err = { 0 };
	struct buffer csr;

	(void)state;
	simple_request(house.keys[0], "DNS:localhost", &csr);
	assert_int_equal(issue(&csr, "server", &result, &v, &err), -1);
	assert_int_equal(err.code, ERROR_REFUSED);
	assert_true(breaks(&v, RULE_KEY_OF_ISSUER));
	buf_free(&csr);
}

static void
rejects_unknown_issuers_profiles_and_garbage(void **state)
{
	EVP_PKEY *key = ec_key("P-256");
	struct issue_request request = { "nobody", "server", { 0 }, 0, "uid:0", false };
	struct issue_result result;
	struct violations v = { 0 };
	struct error err = { 0 };
	struct buffer csr;

	(void)state;
	simple_request(key, "DNS:localhost", &csr);
	request.csr = buf_bytes(&csr);
	assert_int_equal(
	    authority_issue(house.authority, &request, &result, &v, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(issue(&csr, "code-signing", &result, &v, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	buf_reset(&csr);
	buf_text(&csr, "garbage");
	assert_int_equal(issue(&csr, "server", &result, &v, &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
	buf_free(&csr);
	EVP_PKEY_free(key);
}

static int
create(const char *name, const char *subject, const char *parent, int path_len,
    EVP_PKEY *key, struct violations *v, struct error *err)
{
	const struct issuer_spec spec = { name, subject, parent, 0, path_len, key,
		"uid:0" };

	*v = (struct violations){ 0 };
	return authority_create_issuer(house.authority, &spec, v, err);
}

static void
describes_its_issuers(void **state)
{
	const struct issuer_info *root, *internal;
	unsigned char unknown[32] = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(authority_find_issuer(house.authority, "root", &root, &err), 0);
	assert_int_equal(
	    authority_find_issuer(house.authority, "internal", &internal, &err), 0);
	assert_null(root->parent);
	assert_string_equal(root->subject, "CN=milvus root,O=milvus,C=CN");
	assert_string_equal(internal->parent, "root");
	assert_int_equal(strlen(internal->serial), 40);
	assert_true(internal->not_after <= root->not_after);
	assert_true(authority_uses_key(house.authority, root->spki_sha256));
	assert_false(authority_uses_key(house.authority, unknown));
	assert_int_equal(
	    authority_find_issuer(house.authority, "other", &root, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

static void
refuses_taken_names_keys_and_unknown_parents(void **state)
{
	EVP_PKEY *key = ec_key("P-256");
	struct violations v;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(create("root", "/CN=x", NULL, -1, key, &v, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_int_equal(create("x", "/CN=x", NULL, -1, house.keys[0], &v, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_int_equal(create("x", "/CN=x", "nobody", -1, key, &v, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(create("X", "/CN=x", NULL, -1, key, &v, &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
	assert_int_equal(create("x", "CN=x", NULL, -1, key, &v, &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
	EVP_PKEY_free(key);
}

static void
refuses_an_issuer_without_a_subject_of_its_own(void **state)
{
	EVP_PKEY *key = ec_key("P-256");
	struct violations v;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(create("x", "", NULL, -1, key, &v, &err), -1);
	assert_int_equal(err.code, ERROR_REFUSED);
	assert_true(breaks(&v, RULE_ISSUER_SUBJECT));
	assert_int_equal(
	    create("x", "/C=CN/O=milvus/CN=milvus root", "root", -1, key, &v, &err), -1);
	assert_true(breaks(&v, RULE_ISSUER_SUBJECT));
	EVP_PKEY_free(key);
}

static void
refuses_an_issuer_deeper_than_its_issuer_allows(void **state)
{
	EVP_PKEY *key = ec_key("P-256");
	struct violations v;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(create("x", "/CN=x", "internal", -1, key, &v, &err), -1);
	assert_int_equal(err.code, ERROR_REFUSED);
	assert_true(breaks(&v, RULE_ISSUER_PATH_LENGTH));
	EVP_PKEY_free(key);
}

static void
refuses_a_weak_key_for_an_issuer(void **state)
{
	EVP_PKEY *key = rsa_key(1024);
	struct violations v;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(create("x", "/CN=x", NULL, -1, key, &v, &err), -1);
	assert_true(breaks(&v, RULE_KEY_RSA_SIZE));
	EVP_PKEY_free(key);
}

static int
count_issuer(void *ctx, const struct issuer_info *info)
{
	(void)info;
	++*(int *)ctx;
	return 0;
}

static void
finds_its_issuers_again_after_a_restart(void **state)
{
	EVP_PKEY *key = ec_key("P-256");
	struct issue_result result;
	struct violations v;
	struct error err = { 0 };
	struct buffer csr;
	int count = 0;

	(void)state;
	house_reopen(&house);
	authority_each_issuer(house.authority, count_issuer, &count);
	assert_int_equal(count, 2);
	simple_request(key, "DNS:localhost", &csr);
	assert_int_equal(issue(&csr, "server", &result, &v, &err), 0);
	verify(buf_bytes(&result.certificate), "ssl_server", "localhost");
	issue_result_clear(&result);
	buf_free(&csr);
	EVP_PKEY_free(key);
}

static void
starts_without_its_keys_and_uses_them_when_they_come(void **state)
{
	EVP_PKEY *key = ec_key("P-256");
	struct issue_result result;
	struct violations v;
	struct error err = { 0 };
	struct buffer csr;

	(void)state;
	house.keys_are_away = true;
	house_reopen(&house);
	simple_request(key, "DNS:localhost", &csr);
	assert_int_equal(issue(&csr, "server", &result, &v, &err), -1);
	assert_int_equal(err.code, ERROR_TOKEN);
	assert_non_null(strstr(err.text, "internal"));
	house.keys_are_away = false;
	assert_int_equal(issue(&csr, "server", &result, &v, &err), 0);
	issue_result_clear(&result);
	buf_free(&csr);
	EVP_PKEY_free(key);
}

static void
signs_with_every_type_of_issuer_key(void **state)
{
	EVP_PKEY *issuers[] = { rsa_key(2048), ec_key("P-384"), ec_key("P-521"),
		ed25519_key() };
	EVP_PKEY *key = ed25519_key();
	struct buffer csr;

	(void)state;
	simple_request(key, "DNS:localhost", &csr);
	for (size_t i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++) {
		struct issue_result result;
		struct violations v;
		struct error err = { 0 };

		house_close(&house);
		house_open(&house, NULL);
		house_add_issuers(&house, issuers[i]);
		if (issue(&csr, "server", &result, &v, &err) != 0)
			fail_msg("%s", err.text);
		verify(buf_bytes(&result.certificate), "ssl_server", "localhost");
		issue_result_clear(&result);
	}
	buf_free(&csr);
	EVP_PKEY_free(key);
}

/* As the daemon does, so that nothing depends on the machine's openssl.cnf. */
static void
works_in_a_library_context_of_its_own(void **state)
{
	OSSL_LIB_CTX *libctx = OSSL_LIB_CTX_new();
	EVP_PKEY *key = ec_key("P-256");
	struct issue_result result;
	struct violations v;
	struct error err = { 0 };
	struct buffer csr;

	(void)state;
	house_close(&house);
	house_open(&house, libctx);
	house_add_issuers(&house, EVP_PKEY_Q_keygen(libctx, NULL, "EC", "P-384"));
	house_reopen(&house);
	simple_request(key, "DNS:localhost", &csr);
	if (issue(&csr, "server", &result, &v, &err) != 0)
		fail_msg("%s", err.text);
	verify(buf_bytes(&result.certificate), "ssl_server", "localhost");
	issue_result_clear(&result);
	buf_free(&csr);
	EVP_PKEY_free(key);
	house_close(&house);
	OSSL_LIB_CTX_free(libctx);
	house_open(&house, NULL);
	house_add_issuers(&house, ec_key("P-256"));
}

static void
makes_chains_as_long_as_they_may_be(void **state)
{
	EVP_PKEY *middle = ec_key("P-256"), *lowest = ec_key("P-256");
	struct violations v;
	struct error err = { 0 };
	struct buffer chain;

	(void)state;
	buf_init(&chain, 0);
	house_add_key(&house, "middle", middle);
	house_add_key(&house, "lowest", lowest);
	assert_int_equal(create("middle", "/CN=middle", "root", 1, middle, &v, &err), 0);
	assert_int_equal(
	    create("lowest", "/CN=lowest", "middle", 1, lowest, &v, &err), -1);
	assert_true(breaks(&v, RULE_ISSUER_PATH_LENGTH));
	assert_int_equal(
	    create("lowest", "/CN=lowest", "middle", -1, lowest, &v, &err), 0);
	assert_int_equal(
	    authority_chain(house.authority, "lowest", true, &chain, &err), 0);
	assert_int_equal(count_blocks(buf_string(&chain)), 3);
	buf_free(&chain);
}

static void
refuses_to_open_with_a_certificate_for_another_key(void **state)
{
	static const struct audit_event event = { "test", "issuer.created", "evil",
		NULL };
	const struct key_finder none = { 0 };
	const struct issuer_info *root;
	struct issuer_row row = { .name = "evil", .created = 1 };
	struct authority *authority = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(authority_find_issuer(house.authority, "root", &root, &err), 0);
	row.certificate = root->certificate;
	assert_int_equal(
	    authority_find_issuer(house.authority, "internal", &root, &err), 0);
	memcpy(row.key_spki_sha256, root->spki_sha256, 32);
	if (store_issuer_add(house.store, &row, &event, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(authority_open(NULL, house.store, &none, &authority, &err), -1);
	assert_null(authority);
	assert_non_null(strstr(err.text, "evil"));
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
		cmocka_unit_test(refuses_the_key_of_an_issuer),
		cmocka_unit_test(rejects_unknown_issuers_profiles_and_garbage),
		cmocka_unit_test(describes_its_issuers),
		cmocka_unit_test(refuses_taken_names_keys_and_unknown_parents),
		cmocka_unit_test(refuses_an_issuer_without_a_subject_of_its_own),
		cmocka_unit_test(refuses_an_issuer_deeper_than_its_issuer_allows),
		cmocka_unit_test(refuses_a_weak_key_for_an_issuer),
		cmocka_unit_test(finds_its_issuers_again_after_a_restart),
		cmocka_unit_test(starts_without_its_keys_and_uses_them_when_they_come),
		cmocka_unit_test(signs_with_every_type_of_issuer_key),
		cmocka_unit_test(works_in_a_library_context_of_its_own),
		cmocka_unit_test(makes_chains_as_long_as_they_may_be),
		cmocka_unit_test(refuses_to_open_with_a_certificate_for_another_key),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* test_api_issuers.c - roots and intermediates over the api. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tests/api/fixture.h"

static int
setup(void **state)
{
	if (fixture_open(state) != 0)
		return -1;
	make_issuer(*state, "root", NULL);
	make_issuer(*state, "internal", "root");
	return 0;
}

static X509 *
read_pem(const char *pem)
{
	BIO *in = BIO_new_mem_buf(pem, -1);
	X509 *cert = PEM_read_bio_X509(in, NULL, NULL, NULL);

	BIO_free(in);
	assert_non_null(cert);
	return cert;
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
makes_a_root_as_documented(void **state)
{
	struct fixture *f = *state;
	X509 *cert;

	assert_int_equal(
	    post_json(f, "/v1/issuers",
		"{\"name\":\"milvus\",\"subject\":\"/C=CN/O=milvus/CN=milvus root\","
		"\"validity_seconds\":315360000,\"key_type\":\"rsa-2048\"}"),
	    201);
	assert_string_equal(f->res.location, "/v1/issuers/milvus");
	assert_string_equal(member(f, "name"), "milvus");
	assert_string_equal(member(f, "key"), "milvus");
	assert_false(has_member(f, "issuer"));
	cert = read_pem(member(f, "certificate"));
	assert_int_equal(X509_verify(cert, X509_get0_pubkey(cert)), 1);
	X509_free(cert);
	assert_int_equal(get(f, "/v1/keys/milvus"), 200);
	assert_string_equal(member(f, "use"), "ca");
	assert_string_equal(member(f, "type"), "rsa-2048");
}

static void
shows_an_intermediate_under_its_root(void **state)
{
	struct fixture *f = *state;
	X509 *root, *internal;

	assert_int_equal(get(f, "/v1/issuers/root"), 200);
	root = read_pem(member(f, "certificate"));
	assert_int_equal(get(f, "/v1/issuers/internal"), 200);
	assert_string_equal(member(f, "issuer"), "root");
	assert_string_equal(member(f, "subject"), "CN=internal");
	assert_int_equal(strlen(member(f, "serial")), 40);
	internal = read_pem(member(f, "certificate"));
	assert_int_equal(X509_verify(internal, X509_get0_pubkey(root)), 1);
	assert_int_equal(X509_get_pathlen(internal), 0);
	assert_int_equal(X509_get_pathlen(root), -1);
	X509_free(root);
	X509_free(internal);
}

static void
lists_issuers_without_certificates(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get(f, "/v1/issuers"), 200);
	assert_true(list_size(f, "issuers") >= 2);
	assert_string_equal(list_member(f, "issuers", 0, "name"), "root");
	assert_string_equal(list_member(f, "issuers", 1, "issuer"), "root");
	assert_false(body_has(f, "BEGIN CERTIFICATE"));
}

static void
sends_the_certificate_as_accepted(void **state)
{
	struct fixture *f = *state;
	const unsigned char *p;
	X509 *pem, *der;

	assert_int_equal(get(f, "/v1/issuers/internal/certificate"), 200);
	assert_string_equal(f->res.content_type, PEM);
	pem = read_pem(body_text(f));
	f->accept = DER;
	assert_int_equal(get(f, "/v1/issuers/internal/certificate"), 200);
	assert_string_equal(f->res.content_type, DER);
	p = f->res.body.data;
	assert_non_null(der = d2i_X509(NULL, &p, (long)f->res.body.len));
	assert_ptr_equal(p, f->res.body.data + f->res.body.len);
	assert_int_equal(X509_cmp(pem, der), 0);
	f->accept = "text/html";
	get(f, "/v1/issuers/internal/certificate");
	f->accept = NULL;
	assert_problem(f, 406, "not-acceptable");
	X509_free(pem);
	X509_free(der);
}

static void
sends_the_chain_with_the_root_last(void **state)
{
	struct fixture *f = *state;
	X509 *first;

	assert_int_equal(get(f, "/v1/issuers/internal/chain"), 200);
	assert_string_equal(f->res.content_type, CHAIN);
	assert_int_equal(count_blocks(body_text(f)), 2);
	first = read_pem(body_text(f));
	assert_int_not_equal(X509_verify(first, X509_get0_pubkey(first)), 1);
	X509_free(first);
	assert_int_equal(get(f, "/v1/issuers/root/chain"), 200);
	assert_int_equal(count_blocks(body_text(f)), 1);
}

static void
refuses_a_name_that_is_taken(void **state)
{
	struct fixture *f = *state;

	post_json(f, "/v1/issuers", "{\"name\":\"root\"}");
	assert_problem(f, 409, "conflict");
	post_json(f, "/v1/issuers", "{\"name\":\"internal\",\"issuer\":\"root\"}");
	assert_problem(f, 409, "conflict");
	make_key(f, "served", "ec-p256", "tls");
	post_json(f, "/v1/issuers", "{\"name\":\"served\"}");
	assert_problem(f, 409, "conflict");
	get(f, "/v1/issuers/served");
	assert_problem(f, 404, "not-found");
}

static void
uses_a_ca_key_that_waits_under_its_name(void **state)
{
	struct fixture *f = *state;
	char hash[65];

	make_key(f, "waiting", "ec-p256", "ca");
	snprintf(hash, sizeof(hash), "%s", member(f, "spki_sha256"));
	post_json(f, "/v1/issuers", "{\"name\":\"waiting\",\"key_type\":\"ec-p384\"}");
	assert_problem(f, 409, "conflict");
	make_issuer(f, "waiting", NULL);
	assert_int_equal(get(f, "/v1/keys/waiting"), 200);
	assert_string_equal(member(f, "spki_sha256"), hash);
}

static void
refuses_bad_requests_for_issuers(void **state)
{
	static const char *const bodies[] = { "", "[]", "{}", "{\"name\":7}",
		"{\"name\":\"A\"}", "{\"name\":\"\"}", "{\"name\":\"\\u00ff\"}",
		"{\"name\":\"x\",\"key_type\":\"dsa\"}",
		"{\"name\":\"x\",\"validity_seconds\":0}",
		"{\"name\":\"x\",\"validity_seconds\":\"1\"}",
		"{\"name\":\"x\",\"validity_seconds\":99999999999999}",
		"{\"name\":\"x\",\"path_len\":-1}", "{\"name\":\"x\",\"path_len\":17}",
		"{\"name\":\"x\",\"path_len\":1.5}",
		"{\"name\":\"x\",\"subject\":\"CN=x\"}", "{\"name\":\"x\",\"subject\":7}",
		"{\"name\":\"x\",\"use\":\"ca\"}", "{\"name\":\"x\",\"issuer\":null}" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		post_json(f, "/v1/issuers", bodies[i]);
		assert_problem(f, 400, "bad-request");
	}
	get(f, "/v1/issuers/x");
	assert_problem(f, 404, "not-found");
}

static void
refuses_an_unknown_issuer_before_a_key_is_made(void **state)
{
	struct fixture *f = *state;

	post_json(f, "/v1/issuers", "{\"name\":\"orphan\",\"issuer\":\"nobody\"}");
	assert_problem(f, 404, "not-found");
	get(f, "/v1/keys/orphan");
	assert_problem(f, 404, "not-found");
}

static void
lists_the_rules_that_an_issuer_would_break(void **state)
{
	struct fixture *f = *state;

	/* Longer than the root lasts. */
	post_json(f, "/v1/issuers",
	    "{\"name\":\"late\",\"issuer\":\"root\",\"validity_seconds\":400000000}");
	assert_problem(f, 422, "refused");
	assert_true(list_size(f, "violations") >= 1);
	assert_int_equal(
	    strncmp(list_member(f, "violations", 0, "rule"), "validity-", 9), 0);
	list_member(f, "violations", 0, "field");
	list_member(f, "violations", 0, "detail");
	list_member(f, "violations", 0, "source");
	/* internal may issue to leaves only. */
	post_json(f, "/v1/issuers", "{\"name\":\"deep\",\"issuer\":\"internal\"}");
	assert_problem(f, 422, "refused");
	assert_string_equal(
	    list_member(f, "violations", 0, "rule"), "issuer-path-length");
	get(f, "/v1/issuers/deep");
	assert_problem(f, 404, "not-found");
}

static void
keeps_the_key_of_an_issuer(void **state)
{
	struct fixture *f = *state;
	char body[128];

	assert_int_equal(get(f, "/v1/keys/internal"), 200);
	snprintf(
	    body, sizeof(body), "{\"spki_sha256\":\"%s\"}", member(f, "spki_sha256"));
	send_text(f, "DELETE", "/v1/keys/internal", JSON, body);
	assert_problem(f, 409, "conflict");
	assert_int_equal(get(f, "/v1/keys/internal"), 200);
}

static void
refuses_issuers_that_are_not_there(void **state)
{
	static const char *const parts[] = { "", "/certificate", "/chain" };
	static const char *const names[] = { "nobody", "%ff", "ROOT", "root%2F" };
	struct fixture *f = *state;
	char target[128];

	for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			snprintf(target, sizeof(target), "/v1/issuers/%s%s", names[i],
			    parts[p]);
			get(f, target);
			assert_problem(f, 404, "not-found");
		}
	}
	send_text(f, "DELETE", "/v1/issuers/root", NULL, "");
	assert_problem(f, 405, "method-not-allowed");
	assert_string_equal(f->res.allow, "GET, PATCH");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_a_root_as_documented),
		cmocka_unit_test(shows_an_intermediate_under_its_root),
		cmocka_unit_test(lists_issuers_without_certificates),
		cmocka_unit_test(sends_the_certificate_as_accepted),
		cmocka_unit_test(sends_the_chain_with_the_root_last),
		cmocka_unit_test(refuses_a_name_that_is_taken),
		cmocka_unit_test(uses_a_ca_key_that_waits_under_its_name),
		cmocka_unit_test(refuses_bad_requests_for_issuers),
		cmocka_unit_test(refuses_an_unknown_issuer_before_a_key_is_made),
		cmocka_unit_test(lists_the_rules_that_an_issuer_would_break),
		cmocka_unit_test(keeps_the_key_of_an_issuer),
		cmocka_unit_test(refuses_issuers_that_are_not_there),
	};

	return cmocka_run_group_tests(tests, setup, fixture_close);
}

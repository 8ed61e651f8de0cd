/* test_api_issuer_making.c - issuers rotated, signed elsewhere and imported, over the
 * api. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "pkcs11/session.h"
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

static size_t
on_token(struct fixture *f, const char *label)
{
	struct token *token = f->token->token;
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_ATTRIBUTE match[] = { { CKA_CLASS, &class, sizeof(class) },
		{ CKA_LABEL, (void *)(uintptr_t)label, strlen(label) } };
	CK_OBJECT_HANDLE found[4];
	CK_SESSION_HANDLE session;
	size_t count;

	assert_int_equal(session_take(token->sessions, &session, NULL), 0);
	assert_int_equal(
	    object_find(token->functions, session, match, 2, found, 4, &count, NULL), 0);
	session_give(token->sessions, session);
	return count;
}

static void
keeps_the_certificate_on_the_token(void **state)
{
	struct fixture *f = *state;
	struct token *token = f->token->token;
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_ATTRIBUTE match[] = { { CKA_CLASS, &class, sizeof(class) },
		{ CKA_LABEL, "internal", strlen("internal") } };
	CK_OBJECT_HANDLE found[2];
	CK_SESSION_HANDLE session;
	CK_BBOOL private;
	struct buffer value;
	size_t count;

	buf_init(&value, 0);
	assert_int_equal(session_take(token->sessions, &session, NULL), 0);
	assert_int_equal(
	    object_find(token->functions, session, match, 2, found, 2, &count, NULL), 0);
	assert_int_equal(count, 1);
	assert_int_equal(object_read_bool(token->functions, session, found[0],
			     CKA_PRIVATE, &private, NULL),
	    0);
	assert_false(private);
	assert_int_equal(
	    object_read(token->functions, session, found[0], CKA_VALUE, &value, NULL), 0);
	session_give(token->sessions, session);
	f->accept = DER;
	assert_int_equal(get(f, "/v1/issuers/internal/certificate"), 200);
	f->accept = NULL;
	assert_int_equal(f->res.body.len, value.len);
	assert_memory_equal(f->res.body.data, value.data, value.len);
	buf_free(&value);
}

static CK_RV
refuse(
    CK_SESSION_HANDLE session, CK_ATTRIBUTE *list, CK_ULONG count, CK_OBJECT_HANDLE *made)
{
	(void)session;
	(void)list;
	(void)count;
	(void)made;
	return CKR_TEMPLATE_INCONSISTENT;
}

static void
does_without_a_token_that_keeps_no_certificates(void **state)
{
	struct fixture *f = *state;
	CK_FUNCTION_LIST *real = f->token->token->functions, refusing = *real;

	refusing.C_CreateObject = refuse;
	f->token->token->functions = &refusing;
	log_capture();
	make_issuer(f, "apart", NULL);
	f->token->token->functions = real;
	assert_non_null(strstr(log_captured(), "issuer.certificate-not-on-token"));
	assert_int_equal(on_token(f, "apart"), 0);
	assert_int_equal(get(f, "/v1/issuers/apart"), 200);
}

static void
rotates_with_names_and_urls_that_follow(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    post_json(f, "/v1/issuers",
		"{\"name\":\"web\",\"crl_url\":\"http://web.example/web/crl\","
		"\"ocsp_url\":\"http://ocsp.web/\",\"crl_shards\":4}"),
	    201);
	post_json(f, "/v1/issuers/web/rotate", "{}");
	assert_problem(f, 400, "bad-request");
	get(f, "/v1/keys/web-2");
	assert_problem(f, 404, "not-found");
	assert_int_equal(post_json(f, "/v1/issuers/web/rotate",
			     "{\"ocsp_url\":\"http://ocsp/\",\"key_type\":\"ec-p384\"}"),
	    201);
	assert_string_equal(f->res.location, "/v1/issuers/web-2");
	assert_string_equal(member(f, "crl_url"), "http://web.example/web-2/crl");
	assert_string_equal(member(f, "subject"), "CN=web 2");
	assert_true(body_has(f, "\"crl_shards\":4"));
	assert_int_equal(on_token(f, "web-2"), 1);
	assert_int_equal(get(f, "/v1/keys/web-2"), 200);
	assert_string_equal(member(f, "type"), "ec-p384");
	assert_int_equal(get(f, "/v1/issuers/web"), 200);
	assert_string_equal(member(f, "successor"), "web-2");
	post_json(f, "/v1/issuers/web/rotate", "{}");
	assert_problem(f, 409, "conflict");
	assert_int_equal(get(f, "/v1/issuers/web-2/chain?via=web"), 200);
	assert_string_equal(f->res.content_type, CHAIN);
	get(f, "/v1/issuers/web-2/chain?via=root");
	assert_problem(f, 404, "not-found");
}

/* Nor does a scheme: of an issuer named http. */
static void
takes_no_host_for_the_name_of_an_issuer(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(post_json(f, "/v1/issuers",
			     "{\"name\":\"pki\",\"crl_url\":\"http://pki.a/pki.crl\"}"),
	    201);
	assert_int_equal(post_json(f, "/v1/issuers/pki/rotate", "{}"), 201);
	assert_string_equal(member(f, "crl_url"), "http://pki.a/pki-2.crl");
	assert_int_equal(post_json(f, "/v1/issuers",
			     "{\"name\":\"http\",\"ocsp_url\":\"http://http\"}"),
	    201);
	post_json(f, "/v1/issuers/http/rotate", "{}");
	assert_problem(f, 400, "bad-request");
	assert_string_equal(member(f, "detail"),
	    "say the successor's ocsp_url: the path of http://http does not name issuer "
	    "http");
}

static X509_REQ *
requested(struct fixture *f)
{
	BIO *in;
	X509_REQ *req;

	assert_int_equal(get(f, "/v1/issuers/away/csr"), 200);
	in = BIO_new_mem_buf(body_text(f), -1);
	req = PEM_read_bio_X509_REQ(in, NULL, NULL, NULL);
	BIO_free(in);
	assert_non_null(req);
	return req;
}

static void
waits_for_a_certificate_from_elsewhere(void **state)
{
	struct fixture *f = *state;
	X509_REQ *req;
	EVP_PKEY *key;

	assert_int_equal(post_json(f, "/v1/issuers",
			     "{\"name\":\"away\",\"external\":true,\"path_len\":0}"),
	    201);
	assert_string_equal(member(f, "state"), "pending");
	assert_false(has_member(f, "certificate"));
	assert_false(has_member(f, "serial"));
	req = requested(f);
	assert_non_null(key = public_key(f, "away"));
	assert_int_equal(X509_REQ_verify(req, key), 1);
	f->accept = PKCS10;
	assert_int_equal(get(f, "/v1/issuers/away/csr"), 200);
	f->accept = NULL;
	assert_string_equal(f->res.content_type, PKCS10);
	get(f, "/v1/issuers/away/certificate");
	assert_problem(f, 409, "conflict");
	get(f, "/v1/issuers/away/chain");
	assert_problem(f, 409, "conflict");
	get(f, "/v1/issuers/root/csr");
	assert_problem(f, 404, "not-found");
	send_text(f, "PATCH", "/v1/issuers/away", JSON, "{\"state\":\"active\"}");
	assert_problem(f, 409, "conflict");
	send_text(f, "PUT", "/v1/issuers/away/certificate", JSON, "{}");
	assert_problem(f, 415, "unsupported");
	send_text(f, "PUT", "/v1/issuers/away/certificate", PEM, "nothing");
	assert_problem(f, 400, "bad-request");
	assert_int_equal(get(f, "/v1/issuers/root/certificate"), 200);
	{
		char *pem = strdup(body_text(f));

		send_text(f, "PUT", "/v1/issuers/away/certificate", CHAIN, pem);
		free(pem);
	}
	assert_problem(f, 422, "refused");
	assert_string_equal(
	    list_member(f, "violations", 0, "rule"), "issuer-certificate-key");
	fixture_restart(f);
	assert_int_equal(get(f, "/v1/issuers/away"), 200);
	assert_string_equal(member(f, "state"), "pending");
	EVP_PKEY_free(key);
	X509_REQ_free(req);
}

static void
makes_issuers_with_name_constraints(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    post_json(f, "/v1/issuers",
		"{\"name\":\"team\",\"issuer\":\"root\",\"path_len\":1,"
		"\"name_constraints\":{\"permitted\":[\"dns:team.example\"]}}"),
	    201);
	post_json(f, "/v1/issuers",
	    "{\"name\":\"wider\",\"issuer\":\"team\","
	    "\"name_constraints\":{\"permitted\":[\"dns:example\"]}}");
	assert_problem(f, 422, "refused");
	assert_string_equal(
	    list_member(f, "violations", 0, "rule"), "issuer-name-constraints");
	get(f, "/v1/keys/wider");
	assert_problem(f, 404, "not-found");
}

static void
refuses_what_does_not_go_together(void **state)
{
	static const char *const bodies[] = {
		"{\"name\":\"x\",\"external\":\"yes\"}",
		"{\"name\":\"x\",\"external\":true,\"issuer\":\"root\"}",
		"{\"name\":\"x\",\"key\":\"root\"}",
		"{\"name\":\"x\",\"certificate\":\"x\",\"subject\":\"/CN=x\"}",
		"{\"name\":\"x\",\"certificate\":\"x\",\"key\":\"root\"}",
		"{\"name\":\"x\",\"name_constraints\":[]}",
		"{\"name\":\"x\",\"name_constraints\":{\"allowed\":[]}}",
		"{\"name\":\"x\",\"name_constraints\":{\"permitted\":[\"a.b\"]}}",
		"{\"name\":\"x\",\"name_constraints\":{\"excluded\":\"dns:a\"}}",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		post_json(f, "/v1/issuers", bodies[i]);
		assert_problem(f, 400, "bad-request");
	}
	get(f, "/v1/keys/x");
	assert_problem(f, 404, "not-found");
	make_key(f, "served", "ec-p256", "tls");
	post_json(f, "/v1/issuers",
	    "{\"name\":\"x\",\"certificate\":\"x\",\"key\":\"served\"}");
	assert_problem(f, 409, "conflict");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_certificate_on_the_token),
		cmocka_unit_test(does_without_a_token_that_keeps_no_certificates),
		cmocka_unit_test(rotates_with_names_and_urls_that_follow),
		cmocka_unit_test(takes_no_host_for_the_name_of_an_issuer),
		cmocka_unit_test(waits_for_a_certificate_from_elsewhere),
		cmocka_unit_test(makes_issuers_with_name_constraints),
		cmocka_unit_test(refuses_what_does_not_go_together),
	};

	return cmocka_run_group_tests(tests, setup, fixture_close);
}

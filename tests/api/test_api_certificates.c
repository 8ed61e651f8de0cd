/* test_api_certificates.c - CSRs in, certificates out, and what was issued. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/pem.h"
#include "tests/api/fixture.h"

#define ISSUE "/v1/issuers/internal/certificates"
#define EMPTY_REQUEST                                                                    \
	"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"                                    \
	"-----END CERTIFICATE REQUEST-----\n"

static struct buffer csr_pem, csr_der, csr_base64, csr_json;

/* The key and its requests come from the api itself. */
static int
setup(void **state)
{
	static const char *const labels[] = { "CERTIFICATE REQUEST", NULL };
	struct fixture *f;

	if (fixture_open(state) != 0)
		return -1;
	f = *state;
	make_issuer(f, "root", NULL);
	make_issuer(f, "internal", "root");
	make_key(f, "web", "ec-p256", "tls");
	post_json(f, "/v1/keys/web/csr",
	    "{\"subject\":\"/C=CN/"
	    "CN=localhost\",\"sans\":[\"localhost\",\"127.0.0.1\"]}");
	buf_init(&csr_pem, 0);
	buf_init(&csr_der, 0);
	buf_init(&csr_json, 0);
	buf_append(&csr_pem, f->res.body.data, f->res.body.len);
	if (pem_read(buf_bytes(&csr_pem), labels, &csr_der, NULL) != 0)
		return -1;
	buf_init(&csr_base64, 0);
	base64_encode(&csr_base64, csr_der.data, csr_der.len);
	buf_text(&csr_json, "\"csr\":\"");
	for (const char *p = buf_string(&csr_pem); *p != '\0'; p++)
		buf_printf(&csr_json, *p == '\n' ? "\\n" : "%c", *p);
	buf_text(&csr_json, "\"");
	return 0;
}

static int
teardown(void **state)
{
	buf_free(&csr_pem);
	buf_free(&csr_der);
	buf_free(&csr_base64);
	buf_free(&csr_json);
	return fixture_close(state);
}

static int
issue(struct fixture *f, const char *query, const char *type, const struct buffer *csr)
{
	char target[256];

	snprintf(target, sizeof(target), ISSUE "%s", query);
	return send_bytes(f, "POST", target, type, buf_bytes(csr));
}

/* {"csr":...} and more members. */
static int
issue_json(struct fixture *f, const char *query, const char *more)
{
	struct buffer body;
	int status;

	buf_init(&body, 0);
	buf_printf(&body, "{%s%s}", buf_string(&csr_json), more);
	status = issue(f, query, JSON, &body);
	buf_free(&body);
	return status;
}

static int
read_chain(const char *pem, X509 **leaf)
{
	BIO *in = BIO_new_mem_buf(pem, -1);
	X509 *cert;
	int count = 0;

	*leaf = NULL;
	while ((cert = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
		if (count++ == 0)
			*leaf = cert;
		else
			X509_free(cert);
	}
	BIO_free(in);
	assert_non_null(*leaf);
	return count;
}

/* The serial of the certificate that was just issued. */
static const char *
issued_serial(const struct fixture *f)
{
	assert_int_equal(strncmp(f->res.location, "/v1/certificates/", 17), 0);
	return f->res.location + 17;
}

static void
issues_a_chain_to_der_pem_and_base64(void **state)
{
	const struct {
		const char *type;
		const struct buffer *csr;
	} cases[] = {
		{ PKCS10, &csr_der },
		{ PKCS10, &csr_pem },
		{ "Application/PKCS10; charset=x", &csr_pem },
		{ PEM, &csr_pem },
		{ PKCS10, &csr_base64 },
	};
	struct fixture *f = *state;
	EVP_PKEY *key = public_key(f, "web"), *issuer = public_key(f, "internal");
	X509 *leaf;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
		    issue(f, "?profile=server", cases[i].type, cases[i].csr), 201);
		assert_string_equal(f->res.content_type, CHAIN);
		assert_int_equal(strlen(issued_serial(f)), 40);
		assert_int_equal(read_chain(body_text(f), &leaf), 2);
		assert_int_equal(X509_verify(leaf, issuer), 1);
		assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(leaf), key), 1);
		assert_int_equal(X509_check_host(leaf, "localhost", 0, 0, NULL), 1);
		assert_int_equal(X509_check_ip_asc(leaf, "127.0.0.1", 0), 1);
		X509_free(leaf);
	}
	EVP_PKEY_free(key);
	EVP_PKEY_free(issuer);
}

static void
issues_json_when_that_is_accepted(void **state)
{
	static const char *const texts[] = { "not_before", "not_after", "certificate" };
	struct fixture *f = *state;
	X509 *leaf;

	f->accept = JSON;
	assert_int_equal(issue(f, "?profile=peer", PKCS10, &csr_der), 201);
	f->accept = NULL;
	assert_string_equal(f->res.content_type, JSON);
	assert_string_equal(member(f, "serial"), issued_serial(f));
	assert_string_equal(member(f, "issuer"), "internal");
	assert_string_equal(member(f, "profile"), "peer");
	assert_string_equal(member(f, "subject"), "CN=localhost");
	assert_string_equal(member(f, "status"), "valid");
	assert_string_equal(member(f, "requester"), "uid:0");
	assert_int_equal(list_size(f, "names"), 2);
	assert_true(body_has(f, "\"warnings\":[\"subject C was not copied\"]"));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_true(strlen(member(f, texts[i])) > 0);
	assert_int_equal(read_chain(member(f, "chain"), &leaf), 2);
	X509_free(leaf);
}

static void
sends_what_accept_prefers(void **state)
{
	static const struct {
		const char *accept, *type;
	} cases[] = {
		{ "*/*", CHAIN },
		{ CHAIN, CHAIN },
		{ PEM, PEM },
		{ DER, DER },
		{ CERTS, CERTS "; smime-type=certs-only" },
		{ CERTS "; smime-type=certs-only", CERTS "; smime-type=certs-only" },
		{ "text/html, application/json;q=0.9, */*;q=0.1", JSON },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f->accept = cases[i].accept;
		assert_int_equal(issue(f, "?profile=client", PKCS10, &csr_der), 201);
		assert_string_equal(f->res.content_type, cases[i].type);
	}
	f->accept = NULL;
}

static void
issues_to_a_json_request(void **state)
{
	struct fixture *f = *state;
	X509 *leaf;
	int days, seconds;

	assert_int_equal(
	    issue_json(f, "", ",\"profile\":\"server\",\"validity_seconds\":86400"), 201);
	assert_string_equal(f->res.content_type, CHAIN);
	read_chain(body_text(f), &leaf);
	assert_int_equal(
	    ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(leaf)), 1);
	assert_in_range(days * 86400 + seconds, 86000, 86401);
	X509_free(leaf);
	assert_int_equal(issue_json(f, "?profile=client", ""), 201);
}

/* How many certificates the store has. */
static size_t
count(struct fixture *f)
{
	assert_int_equal(get(f, "/v1/certificates?limit=1000"), 200);
	return list_size(f, "certificates");
}

static void
judges_and_signs_nothing_in_a_dry_run(void **state)
{
	struct fixture *f = *state;
	size_t before;

	assert_int_equal(get(f, "/v1/certificates"), 200);
	before = list_size(f, "certificates");
	assert_int_equal(issue(f, "?profile=server&dry_run=true", PKCS10, &csr_der), 200);
	assert_string_equal(member(f, "status"), "dry-run");
	assert_string_equal(member(f, "subject"), "CN=localhost");
	assert_false(has_member(f, "serial"));
	assert_false(has_member(f, "certificate"));
	assert_int_equal(get(f, "/v1/certificates"), 200);
	assert_int_equal(list_size(f, "certificates"), before);
	assert_int_equal(
	    issue(f, "?profile=server&dry_run=maybe", PKCS10, &csr_der), 400);
	assert_problem(f, 400, "bad-request");
}

static void
refuses_an_unreadable_answer_before_signing(void **state)
{
	struct fixture *f = *state;
	size_t before = count(f);

	f->accept = "text/html";
	issue(f, "?profile=server", PKCS10, &csr_der);
	f->accept = NULL;
	assert_problem(f, 406, "not-acceptable");
	assert_int_equal(count(f), before);
}

static void
refuses_other_media_types(void **state)
{
	static const char *const types[] = { NULL, "", "text/plain", OCTETS,
		"application/pkcs" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		issue(f, "?profile=server", types[i], &csr_der);
		assert_problem(f, 415, "unsupported");
	}
}

static void
refuses_requests_that_name_no_profile_or_an_unknown_one(void **state)
{
	struct fixture *f = *state;

	issue(f, "", PKCS10, &csr_der);
	assert_problem(f, 400, "bad-request");
	issue(f, "?profile=", PKCS10, &csr_der);
	assert_problem(f, 400, "bad-request");
	issue_json(f, "", "");
	assert_problem(f, 400, "bad-request");
	issue_json(f, "?profile=server", ",\"profile\":\"server\"");
	assert_problem(f, 400, "bad-request");
	issue(f, "?profile=server&profile=client", PKCS10, &csr_der);
	assert_problem(f, 400, "bad-request");
	issue(f, "?profile=server&dry_run=yes", PKCS10, &csr_der);
	assert_problem(f, 400, "bad-request");
	issue(f, "?profile=code-signing", PKCS10, &csr_der);
	assert_problem(f, 404, "not-found");
	issue(f, "?profile=intermediate", PKCS10, &csr_der);
	/* For another CA, and internal may issue to leaves only. */
	assert_problem(f, 422, "refused");
	send_bytes(f, "POST", "/v1/issuers/nobody/certificates?profile=server", PKCS10,
	    buf_bytes(&csr_der));
	assert_problem(f, 404, "not-found");
}

static void
refuses_bodies_that_are_not_requests(void **state)
{
	static const char *const json[] = { "", "{}", "[]", "{\"csr\":7}",
		"{\"csr\":\"\"}", "{\"csr\":\"garbage\"}", "{\"csr\":null}" };
	static const char *const texts[] = { "", "garbage", "0", EMPTY_REQUEST, "M",
		"MIIB", "MIIBIDCBxwIBADAU=" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(json) / sizeof(json[0]); i++) {
		send_text(f, "POST", ISSUE "?profile=server", JSON, json[i]);
		assert_problem(f, 400, "bad-request");
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		send_text(f, "POST", ISSUE "?profile=server", PKCS10, texts[i]);
		assert_problem(f, 400, "bad-request");
	}
	issue_json(f, "?profile=server", ",\"subject\":\"/CN=x\"");
	assert_problem(f, 400, "bad-request");
	issue_json(f, "?profile=server", ",\"validity_seconds\":0");
	assert_problem(f, 400, "bad-request");
}

static void
lists_every_rule_that_a_request_breaks(void **state)
{
	static const char *const members[] = { "rule", "field", "detail", "source" };
	struct fixture *f = *state;
	struct buffer csr;
	size_t before = count(f);

	assert_int_equal(post_json(f, "/v1/keys/web/csr",
			     "{\"subject\":\"/CN=a\",\"sans\":[\"dns:*.a.example\","
			     "\"dns:-a.example\",\"email:a@b.example\"]}"),
	    200);
	buf_init(&csr, 0);
	buf_append(&csr, f->res.body.data, f->res.body.len);
	issue(f, "?profile=server", PKCS10, &csr);
	assert_problem(f, 422, "refused");
	assert_true(list_size(f, "violations") >= 3);
	for (size_t i = 0; i < list_size(f, "violations"); i++)
		for (size_t m = 0; m < 4; m++)
			assert_true(
			    strlen(list_member(f, "violations", i, members[m])) > 0);
	assert_true(body_has(f, "\"rule\":\"san-wildcard\""));
	assert_true(body_has(f, "\"rule\":\"san-kind\""));
	issue_json(f, "?profile=server", ",\"validity_seconds\":315360000");
	assert_problem(f, 422, "refused");
	assert_true(body_has(f, "\"rule\":\"validity-range\""));
	assert_int_equal(count(f), before);
	buf_free(&csr);
}

static void
refuses_a_request_whose_signature_was_spoilt(void **state)
{
	struct fixture *f = *state;
	struct buffer csr;

	buf_init(&csr, 0);
	buf_append(&csr, csr_der.data, csr_der.len);
	csr.data[csr.len - 1] ^= 1;
	issue(f, "?profile=server", PKCS10, &csr);
	assert_problem(f, 422, "refused");
	assert_true(body_has(f, "\"rule\":\"csr-signature\""));
	buf_free(&csr);
}

static void
shows_a_certificate_and_its_chain(void **state)
{
	struct fixture *f = *state;
	char target[192], serial[64], chain[8192];
	X509 *leaf;

	assert_int_equal(issue(f, "?profile=server", PKCS10, &csr_der), 201);
	snprintf(target, sizeof(target), "%s", f->res.location);
	snprintf(serial, sizeof(serial), "%s", issued_serial(f));
	snprintf(chain, sizeof(chain), "%s", body_text(f));
	assert_int_equal(get(f, target), 200);
	assert_string_equal(f->res.content_type, JSON);
	assert_string_equal(member(f, "serial"), serial);
	assert_string_equal(member(f, "status"), "valid");
	assert_false(has_member(f, "chain"));
	assert_false(has_member(f, "warnings"));
	f->accept = PEM;
	assert_int_equal(get(f, target), 200);
	assert_string_equal(f->res.content_type, PEM);
	assert_int_equal(read_chain(body_text(f), &leaf), 1);
	X509_free(leaf);
	f->accept = "image/png";
	get(f, target);
	f->accept = NULL;
	assert_problem(f, 406, "not-acceptable");
	snprintf(target, sizeof(target), "/v1/certificates/%s/chain", serial);
	assert_int_equal(get(f, target), 200);
	assert_string_equal(f->res.content_type, CHAIN);
	assert_string_equal(body_text(f), chain);
}

static void
refuses_serials_that_are_not_there(void **state)
{
	static const char *const serials[] = { "00", "xyz", "%ff",
		"0000000000000000000000000000000000000000" };
	struct fixture *f = *state;
	char target[128];

	for (size_t i = 0; i < sizeof(serials) / sizeof(serials[0]); i++) {
		snprintf(target, sizeof(target), "/v1/certificates/%s", serials[i]);
		get(f, target);
		assert_problem(f, 404, "not-found");
		snprintf(target, sizeof(target), "/v1/certificates/%s/chain", serials[i]);
		get(f, target);
		assert_problem(f, 404, "not-found");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(issues_a_chain_to_der_pem_and_base64),
		cmocka_unit_test(issues_json_when_that_is_accepted),
		cmocka_unit_test(sends_what_accept_prefers),
		cmocka_unit_test(issues_to_a_json_request),
		cmocka_unit_test(judges_and_signs_nothing_in_a_dry_run),
		cmocka_unit_test(refuses_an_unreadable_answer_before_signing),
		cmocka_unit_test(refuses_other_media_types),
		cmocka_unit_test(refuses_requests_that_name_no_profile_or_an_unknown_one),
		cmocka_unit_test(refuses_bodies_that_are_not_requests),
		cmocka_unit_test(lists_every_rule_that_a_request_breaks),
		cmocka_unit_test(refuses_a_request_whose_signature_was_spoilt),
		cmocka_unit_test(shows_a_certificate_and_its_chain),
		cmocka_unit_test(refuses_serials_that_are_not_there),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

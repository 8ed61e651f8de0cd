/* test_api_revocations.c - certificates taken back, and the CRLs that say so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "base/shared.h"
#include "ca/authority_crl.h"
#include "tests/api/fixture.h"

#define CRL     "application/pkix-crl"
#define CRL_URL "/v1/issuers/internal/crl"

static int
setup(void **state)
{
	struct fixture *f;

	if (fixture_open(state) != 0)
		return -1;
	f = *state;
	make_issuer(f, "root", NULL);
	make_issuer(f, "internal", "root");
	make_key(f, "web", "ec-p256", "tls");
	return 0;
}

static int
ask(struct fixture *f)
{
	struct buffer csr;
	int status;

	assert_int_equal(
	    post_json(f, "/v1/keys/web/csr", "{\"sans\":[\"localhost\"]}"), 200);
	buf_init(&csr, 0);
	buf_append(&csr, f->res.body.data, f->res.body.len);
	status = send_bytes(f, "POST", "/v1/issuers/internal/certificates?profile=server",
	    PKCS10, buf_bytes(&csr));
	buf_free(&csr);
	return status;
}

/* Issues one; its serial stays in serial and its PEM chain in the answer. */
static void
issue(struct fixture *f, char serial[static 64])
{
	assert_int_equal(ask(f), 201);
	snprintf(serial, 64, "%s", strrchr(f->res.location, '/') + 1);
}

static int
revoke(struct fixture *f, const char *serial, const char *body)
{
	char target[128];

	snprintf(target, sizeof(target), "/v1/certificates/%s/revocation", serial);
	return post_json(f, target, body);
}

static void
revokes_and_shows_when_and_why(void **state)
{
	struct fixture *f = *state;
	char serial[64], target[128], revoked_at[64];

	issue(f, serial);
	snprintf(target, sizeof(target), "/v1/certificates/%s/revocation", serial);
	get(f, target);
	assert_problem(f, 404, "not-found");
	assert_int_equal(revoke(f, serial,
			     "{\"reason\":\"superseded\",\"invalidity_date\":\"2026-01-"
			     "31T23:59:59Z\"}"),
	    200);
	assert_string_equal(member(f, "serial"), serial);
	assert_string_equal(member(f, "issuer"), "internal");
	assert_string_equal(member(f, "status"), "revoked");
	assert_string_equal(member(f, "reason"), "superseded");
	assert_string_equal(member(f, "invalidity_date"), "2026-01-31T23:59:59Z");
	snprintf(revoked_at, sizeof(revoked_at), "%s", member(f, "revoked_at"));
	/* Once more, with nothing said: nothing changes. */
	assert_int_equal(send_text(f, "POST", target, NULL, ""), 200);
	assert_string_equal(member(f, "reason"), "superseded");
	assert_int_equal(get(f, target), 200);
	assert_string_equal(member(f, "revoked_at"), revoked_at);
	snprintf(target, sizeof(target), "/v1/certificates/%s", serial);
	assert_int_equal(get(f, target), 200);
	assert_string_equal(member(f, "status"), "revoked");
	assert_string_equal(member(f, "revocation_reason"), "superseded");
	assert_string_equal(member(f, "revoked_at"), revoked_at);
	assert_int_equal(get(f, "/v1/certificates?status=revoked"), 200);
	assert_string_equal(list_member(f, "certificates", 0, "serial"), serial);
	issue(f, serial);
	snprintf(target, sizeof(target), "/v1/certificates/%s", serial);
	assert_int_equal(get(f, target), 200);
	assert_false(has_member(f, "revocation_reason"));
	assert_false(has_member(f, "revoked_at"));
}

static void
revokes_a_posted_certificate(void **state)
{
	struct fixture *f = *state;
	char serial[64], target[128];
	struct buffer pem, body;

	f->accept = PEM;
	issue(f, serial);
	snprintf(target, sizeof(target), "/v1/certificates/%s", serial);
	assert_int_equal(get(f, target), 200);
	f->accept = NULL;
	buf_init(&pem, 0);
	buf_append(&pem, f->res.body.data, f->res.body.len);
	assert_int_equal(
	    send_bytes(f, "POST", "/v1/revocations?reason=affiliation_changed", PEM,
		buf_bytes(&pem)),
	    200);
	assert_string_equal(member(f, "serial"), serial);
	assert_string_equal(member(f, "reason"), "affiliation_changed");
	buf_init(&body, 0);
	buf_text(&body, "{\"reason\":\"key_compromise\",\"certificate\":\"");
	for (const char *p = buf_string(&pem); *p != '\0'; p++)
		buf_printf(&body, *p == '\n' ? "\\n" : "%c", *p);
	buf_text(&body, "\"}");
	assert_int_equal(post_json(f, "/v1/revocations", buf_string(&body)), 200);
	assert_string_equal(member(f, "reason"), "key_compromise");
	post_json(f, "/v1/revocations?reason=superseded", buf_string(&body));
	assert_problem(f, 400, "bad-request");
	buf_free(&body);
	send_bytes(f, "POST", "/v1/revocations", "text/plain", buf_bytes(&pem));
	assert_problem(f, 415, "unsupported");
	buf_free(&pem);
	/* A compromised key is not certified again. */
	assert_int_equal(ask(f), 422);
	assert_true(body_has(f, "csr-key-blocked"));
	assert_int_equal(post_json(f, "/v1/keys/web/rotate", "{}"), 201);
}

static void
refuses_holds_other_reasons_and_other_serials(void **state)
{
	struct fixture *f = *state;
	char serial[64];

	issue(f, serial);
	revoke(f, serial, "{\"reason\":\"certificate_hold\"}");
	assert_problem(f, 400, "bad-request");
	assert_true(body_has(f, "revoke it for good"));
	revoke(f, serial, "{\"reason\":\"remove_from_crl\"}");
	assert_problem(f, 400, "bad-request");
	revoke(f, serial, "{\"reason\":\"whim\"}");
	assert_problem(f, 400, "bad-request");
	revoke(f, serial, "{\"because\":\"superseded\"}");
	assert_problem(f, 400, "bad-request");
	revoke(f, serial, "{\"invalidity_date\":\"yesterday\"}");
	assert_problem(f, 400, "bad-request");
	revoke(f, serial, "{\"invalidity_date\":\"9999-01-31T23:59:59Z\"}");
	assert_problem(f, 400, "bad-request");
	revoke(f, "00ff", "{}");
	assert_problem(f, 404, "not-found");
	send_text(f, "POST", "/v1/revocations", "application/pkix-cert", "nothing");
	assert_problem(f, 400, "bad-request");
}

/* The answer's DER, as OpenSSL reads it; the caller frees. */
static X509_CRL *
answered(struct fixture *f)
{
	struct bytes der = shared_bytes(f->res.shared);
	const unsigned char *p = der.data;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.len);

	assert_non_null(crl);
	assert_ptr_equal(p, der.data + der.len);
	return crl;
}

static void
serves_crls_to_anybody_with_what_caches_need(void **state)
{
	struct fixture *f = *state;
	const struct caller stranger = { .actor = "uid:6", .uid = 6 };
	int64_t now = clock_now_s();
	char serial[64];
	X509_CRL *crl;

	issue(f, serial);
	assert_int_equal(revoke(f, serial, "{}"), 200);
	f->caller = stranger;
	authority_publish(f->api.authority, now);
	authority_publish(f->api.authority, now + 1);
	assert_int_equal(get(f, CRL_URL), 200);
	assert_string_equal(f->res.content_type, CRL);
	assert_string_equal(f->res.cache_control, "public, max-age=600");
	assert_true(f->res.varies);
	assert_in_range(f->res.last_modified, now, now + 1);
	assert_int_equal(f->res.etag[0], '"');
	crl = answered(f);
	assert_true(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)) >= 1);
	X509_CRL_free(crl);
	assert_int_equal(get(f, CRL_URL "/delta"), 200);
	crl = answered(f);
	assert_true(X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0);
	X509_CRL_free(crl);
	f->accept = PEM;
	assert_int_equal(get(f, CRL_URL), 200);
	f->accept = NULL;
	assert_string_equal(f->res.content_type, PEM);
	assert_true(body_has(f, "-----BEGIN X509 CRL-----"));
	get(f, CRL_URL "/0");
	assert_problem(f, 404, "not-found");
	get(f, CRL_URL "/full");
	assert_problem(f, 404, "not-found");
	get(f, "/v1/issuers/other/crl");
	assert_problem(f, 404, "not-found");
	f->accept = "text/html";
	get(f, CRL_URL);
	f->accept = NULL;
	assert_problem(f, 406, "not-acceptable");
	f->caller = (struct caller){ .actor = "uid:0", .admin = true };
}

static void
says_not_modified_to_who_has_it(void **state)
{
	struct fixture *f = *state;
	struct request req = {
		.id = "1", .method = "GET", .target = CRL_URL, .caller = &f->caller
	};
	char etag[80];

	authority_publish(f->api.authority, clock_now_s());
	assert_int_equal(get(f, CRL_URL), 200);
	snprintf(etag, sizeof(etag), "%s", f->res.etag);
	req.if_none_match = etag;
	response_free(&f->res);
	response_init(&f->res);
	handle_once(f, &req, &f->res);
	assert_int_equal(f->res.status, 304);
	assert_true(f->res.varies);
	assert_null(f->res.shared);
	assert_string_equal(f->res.etag, etag);
	/* The same list in PEM is other octets. */
	req.accept = PEM;
	response_free(&f->res);
	response_init(&f->res);
	handle_once(f, &req, &f->res);
	assert_int_equal(f->res.status, 200);
}

static void
says_that_there_is_none_yet(void **state)
{
	struct fixture *f = *state;

	make_issuer(f, "fresh", "root");
	get(f, "/v1/issuers/fresh/crl");
	assert_problem(f, 503, "token");
}

/* Without the URL in it, a part would pass for a list of all. */
static void
divides_no_crl_without_a_url(void **state)
{
	struct fixture *f = *state;
	int64_t now = clock_now_s();

	assert_int_equal(
	    post_json(f, "/v1/issuers", "{\"name\":\"parts\",\"crl_shards\":2}"), 201);
	authority_publish(f->api.authority, now);
	authority_publish(f->api.authority, now + 1);
	assert_int_equal(get(f, "/v1/issuers/parts/crl"), 200);
	get(f, "/v1/issuers/parts/crl/0");
	assert_problem(f, 404, "not-found");
}

static void
shows_that_an_issuer_is_revoked(void **state)
{
	struct fixture *f = *state;
	char serial[64], etag[sizeof(f->res.etag)];

	make_issuer(f, "taken", "root");
	assert_int_equal(get(f, "/v1/issuers/taken"), 200);
	assert_false(has_member(f, "revoked_at"));
	snprintf(etag, sizeof(etag), "%s", f->res.etag);
	snprintf(serial, sizeof(serial), "%s", member(f, "serial"));
	assert_int_equal(revoke(f, serial, "{\"reason\":\"ca_compromise\"}"), 200);
	assert_int_equal(get(f, "/v1/issuers/taken"), 200);
	assert_string_equal(member(f, "revocation_reason"), "ca_compromise");
	assert_int_equal(get(f, "/v1/blocked-keys"), 200);
	assert_true(body_has(f, serial));
	assert_int_equal(get(f, "/v1/issuers/taken"), 200);
	assert_true(has_member(f, "revoked_at"));
	assert_string_not_equal(f->res.etag, etag);
	assert_int_equal(get(f, "/v1/issuers/root"), 200);
	assert_false(has_member(f, "revoked_at"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(revokes_and_shows_when_and_why),
		cmocka_unit_test(revokes_a_posted_certificate),
		cmocka_unit_test(refuses_holds_other_reasons_and_other_serials),
		cmocka_unit_test(serves_crls_to_anybody_with_what_caches_need),
		cmocka_unit_test(says_not_modified_to_who_has_it),
		cmocka_unit_test(says_that_there_is_none_yet),
		cmocka_unit_test(divides_no_crl_without_a_url),
		cmocka_unit_test(shows_that_an_issuer_is_revoked),
	};

	return cmocka_run_group_tests(tests, setup, fixture_close);
}

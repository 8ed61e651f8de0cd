/* test_ocsp.c - what the responder says of which certificate. */
#include "ca/ocsp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "ca/serial.h"
#include "store/revocations.h"
#include "tests/ca/ocsp_support.h"

static void
revoke(struct responder *r, const X509 *cert, int reason)
{
	static const struct audit_event event = {
		.actor = "uid:0", .action = "certificate.revoked", .object = "it"
	};
	static const unsigned char key[32] = { 7 };
	struct revocation revocation = { .revoked_at = r->now - 60, .reason = reason };
	bool changed;

	responder_serial(cert, revocation.serial);
	assert_int_equal(store_revocation_add(
			     r->house.store, &revocation, key, &event, &changed, NULL),
	    0);
}

static void
says_good_of_what_is_recorded(void **state)
{
	struct responder *r = *state;
	X509 *cert = responder_issue(r);

	assert_int_equal(status_of(r, cert), V_OCSP_CERTSTATUS_GOOD);
	X509_free(cert);
}

static void
answers_by_sha256_in_the_ids_own_hash(void **state)
{
	struct responder *r = *state;
	X509 *cert = responder_issue(r);
	struct ocsp_answer answer;
	OCSP_BASICRESP *basic;

	/* first by SHA-1, so that there is a kept answer to confuse it with */
	assert_int_equal(status_of(r, cert), V_OCSP_CERTSTATUS_GOOD);
	assert_int_equal(send_request(r, "internal",
			     ask_about(cert, r->internal, EVP_sha256()), &answer),
	    ERROR_NONE);
	basic = read_answer(r, &answer);
	assert_int_equal(status_in(basic, cert, r->internal, EVP_sha256(), NULL),
	    V_OCSP_CERTSTATUS_GOOD);
	OCSP_BASICRESP_free(basic);
	ocsp_answer_clear(&answer);
	X509_free(cert);
}

/* At once: the answer before it was kept, and must not come back. */
static void
says_revoked_as_soon_as_it_is_committed(void **state)
{
	struct responder *r = *state;
	X509 *cert = responder_issue(r);
	struct ocsp_answer answer;
	OCSP_BASICRESP *basic;
	int reason = 0;

	assert_int_equal(status_of(r, cert), V_OCSP_CERTSTATUS_GOOD);
	revoke(r, cert, OCSP_REVOKED_STATUS_KEYCOMPROMISE);
	assert_int_equal(send_request(r, "internal",
			     ask_about(cert, r->internal, EVP_sha1()), &answer),
	    ERROR_NONE);
	basic = read_answer(r, &answer);
	assert_int_equal(status_in(basic, cert, r->internal, EVP_sha1(), &reason),
	    V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(reason, OCSP_REVOKED_STATUS_KEYCOMPROMISE);
	OCSP_BASICRESP_free(basic);
	ocsp_answer_clear(&answer);
	X509_free(cert);
}

static void
leaves_an_unspecified_reason_out(void **state)
{
	struct responder *r = *state;
	X509 *cert = responder_issue(r);
	struct ocsp_answer answer;
	OCSP_BASICRESP *basic;
	int reason = 0;

	revoke(r, cert, OCSP_REVOKED_STATUS_UNSPECIFIED);
	send_request(r, "internal", ask_about(cert, r->internal, EVP_sha1()), &answer);
	basic = read_answer(r, &answer);
	assert_int_equal(status_in(basic, cert, r->internal, EVP_sha1(), &reason),
	    V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(reason, OCSP_REVOKED_STATUS_NOSTATUS);
	OCSP_BASICRESP_free(basic);
	ocsp_answer_clear(&answer);
	X509_free(cert);
}

/* The leaf with another serial: nobody checks its signature here. */
static X509 *
with_serial(const X509 *cert, const unsigned char *serial, int len)
{
	X509 *copy = X509_dup(cert);

	assert_int_equal(ASN1_STRING_set(X509_get_serialNumber(copy), serial, len), 1);
	return copy;
}

static void
says_unknown_of_what_is_not_recorded(void **state)
{
	static const unsigned char short_serial[] = { 1 }, long_serial[32] = { 1, 2, 3 };
	struct responder *r = *state;
	X509 *cert = responder_issue(r);
	X509 *first = with_serial(cert, short_serial, 1);
	X509 *second = with_serial(cert, long_serial, 32);

	assert_int_equal(status_of(r, first), V_OCSP_CERTSTATUS_UNKNOWN);
	assert_int_equal(status_of(r, second), V_OCSP_CERTSTATUS_UNKNOWN);
	X509_free(cert);
	X509_free(first);
	X509_free(second);
}

static void
says_unknown_of_a_reserved_serial(void **state)
{
	struct responder *r = *state;
	X509 *cert = responder_issue(r), *reserved;
	unsigned char serial[SERIAL_BYTES];
	char text[STORE_SERIAL_SIZE];

	assert_int_equal(serial_new(NULL, serial, NULL), 0);
	reserved = with_serial(cert, serial, SERIAL_BYTES);
	responder_serial(reserved, text);
	assert_int_equal(
	    store_certificate_reserve(r->house.store, text, "internal", NULL), 0);
	assert_int_equal(status_of(r, reserved), V_OCSP_CERTSTATUS_UNKNOWN);
	X509_free(cert);
	X509_free(reserved);
}

/* "root" did not sign it, whatever else is recorded of it. */
static void
says_unknown_of_another_issuers_certificate(void **state)
{
	struct responder *r = *state;
	X509 *cert = responder_issue(r);
	struct ocsp_answer answer;
	OCSP_BASICRESP *basic;

	assert_int_equal(
	    send_request(r, "root", ask_about(cert, r->root, EVP_sha1()), &answer),
	    ERROR_NONE);
	basic = read_answer(r, &answer);
	assert_int_equal(
	    status_in(basic, cert, r->root, EVP_sha1(), NULL), V_OCSP_CERTSTATUS_UNKNOWN);
	assert_false(answer.is_shareable);
	OCSP_BASICRESP_free(basic);
	ocsp_answer_clear(&answer);
	X509_free(cert);
}

static void
says_good_of_an_intermediate(void **state)
{
	struct responder *r = *state;
	struct ocsp_answer answer;
	OCSP_BASICRESP *basic;

	assert_int_equal(send_request(r, "root",
			     ask_about(r->internal, r->root, EVP_sha256()), &answer),
	    ERROR_NONE);
	basic = read_answer(r, &answer);
	assert_int_equal(status_in(basic, r->internal, r->root, EVP_sha256(), NULL),
	    V_OCSP_CERTSTATUS_GOOD);
	OCSP_BASICRESP_free(basic);
	ocsp_answer_clear(&answer);
}

/* A root that was rotated has signed the key of the next. */
static void
says_good_of_a_cross_certificate(void **state)
{
	const struct issuer_spec spec = {
		.name = "root-2", .key = ec_key("P-256"), .actor = "uid:0"
	};
	struct responder *r = *state;
	struct violations v = { 0 };
	struct ocsp_answer answer;
	struct buffer pem;
	OCSP_BASICRESP *basic;
	X509 *cross;
	BIO *in;

	house_add_key(&r->house, spec.name, spec.key);
	assert_int_equal(
	    authority_rotate_issuer(r->house.authority, "root", &spec, &v, NULL), 0);
	buf_init(&pem, 0);
	assert_int_equal(
	    authority_chain_via(r->house.authority, "root-2", "root", false, &pem, NULL),
	    0);
	in = BIO_new_mem_buf(buf_string(&pem), -1);
	assert_non_null(cross = PEM_read_bio_X509(in, NULL, NULL, NULL));
	assert_int_equal(
	    send_request(r, "root", ask_about(cross, r->root, EVP_sha1()), &answer),
	    ERROR_NONE);
	basic = read_answer(r, &answer);
	assert_int_equal(
	    status_in(basic, cross, r->root, EVP_sha1(), NULL), V_OCSP_CERTSTATUS_GOOD);
	OCSP_BASICRESP_free(basic);
	ocsp_answer_clear(&answer);
	X509_free(cross);
	BIO_free(in);
	buf_free(&pem);
}

static void
answers_about_several_at_once(void **state)
{
	struct responder *r = *state;
	X509 *good = responder_issue(r), *revoked = responder_issue(r);
	OCSP_REQUEST *req = ask_about(good, r->internal, EVP_sha1());
	struct ocsp_answer answer;
	OCSP_BASICRESP *basic;

	revoke(r, revoked, OCSP_REVOKED_STATUS_SUPERSEDED);
	ask_also(req, revoked, r->internal, EVP_sha256());
	assert_int_equal(send_request(r, "internal", req, &answer), ERROR_NONE);
	assert_false(answer.is_shareable);
	basic = read_answer(r, &answer);
	assert_int_equal(OCSP_resp_count(basic), 2);
	assert_int_equal(status_in(basic, good, r->internal, EVP_sha1(), NULL),
	    V_OCSP_CERTSTATUS_GOOD);
	assert_int_equal(status_in(basic, revoked, r->internal, EVP_sha256(), NULL),
	    V_OCSP_CERTSTATUS_REVOKED);
	OCSP_BASICRESP_free(basic);
	ocsp_answer_clear(&answer);
	X509_free(good);
	X509_free(revoked);
}

static void
repeats_a_nonce_and_keeps_no_such_answer(void **state)
{
	struct responder *r = *state;
	X509 *cert = responder_issue(r);
	unsigned char nonce[32] = "a nonce of two and thirty octets";
	struct ocsp_answer answer;
	OCSP_REQUEST *req, *copy;
	OCSP_BASICRESP *basic;

	assert_int_equal(status_of(r, cert), V_OCSP_CERTSTATUS_GOOD);
	for (int len = 1; len <= 32; len += 31) {
		req = ask_about(cert, r->internal, EVP_sha1());
		OCSP_request_add1_nonce(req, nonce, len);
		copy = ASN1_item_dup(ASN1_ITEM_rptr(OCSP_REQUEST), req);
		assert_int_equal(send_request(r, "internal", copy, &answer), ERROR_NONE);
		assert_false(answer.is_shareable);
		basic = read_answer(r, &answer);
		assert_int_equal(OCSP_check_nonce(req, basic), 1);
		OCSP_BASICRESP_free(basic);
		ocsp_answer_clear(&answer);
		OCSP_REQUEST_free(req);
	}
	X509_free(cert);
}

static void
gives_a_kept_answer_until_half_of_its_life_is_over(void **state)
{
	struct responder *r = *state;
	X509 *cert = responder_issue(r);
	struct ocsp_answer first, again, later;
	const int64_t start = r->now;

	send_request(r, "internal", ask_about(cert, r->internal, EVP_sha1()), &first);
	r->now = start + 43199;
	send_request(r, "internal", ask_about(cert, r->internal, EVP_sha1()), &again);
	assert_int_equal(again.der.len, first.der.len);
	assert_memory_equal(again.der.data, first.der.data, first.der.len);
	assert_true(again.is_shareable);
	assert_int_equal(again.this_update, start);
	assert_int_equal(again.next_update, start + 86400);
	r->now = start + 43200;
	send_request(r, "internal", ask_about(cert, r->internal, EVP_sha1()), &later);
	assert_int_equal(later.this_update, start + 43200);
	r->now = start;
	ocsp_answer_clear(&first);
	ocsp_answer_clear(&again);
	ocsp_answer_clear(&later);
	X509_free(cert);
}

static void
refuses_to_speak_for_another_issuer(void **state)
{
	struct responder *r = *state;
	X509 *cert = responder_issue(r);
	OCSP_REQUEST *both = ask_about(cert, r->internal, EVP_sha1());
	struct ocsp_answer answer;

	assert_int_equal(
	    send_request(r, "root", ask_about(cert, r->internal, EVP_sha1()), &answer),
	    ERROR_FORBIDDEN);
	assert_int_equal(answer.der.len, 0);
	ocsp_answer_clear(&answer);
	ask_also(both, r->internal, r->root, EVP_sha1());
	assert_int_equal(send_request(r, "internal", both, &answer), ERROR_FORBIDDEN);
	ocsp_answer_clear(&answer);
	X509_free(cert);
}

static void
refuses_ids_by_other_hashes(void **state)
{
	struct responder *r = *state;
	X509 *cert = responder_issue(r);
	struct ocsp_answer answer;

	assert_int_equal(send_request(r, "internal",
			     ask_about(cert, r->internal, EVP_sha384()), &answer),
	    ERROR_FORBIDDEN);
	ocsp_answer_clear(&answer);
	X509_free(cert);
}

static void
refuses_an_unknown_issuer(void **state)
{
	struct responder *r = *state;
	struct ocsp_answer answer;

	assert_int_equal(send_request(r, "nobody",
			     ask_about(r->internal, r->root, EVP_sha1()), &answer),
	    ERROR_NOT_FOUND);
	ocsp_answer_clear(&answer);
}

static int
refusal_of(enum error_code why)
{
	struct buffer der;
	const unsigned char *p;
	OCSP_RESPONSE *response;
	int status;

	buf_init(&der, 0);
	assert_int_equal(ocsp_refuse(why, &der, NULL), 0);
	p = der.data;
	assert_non_null(response = d2i_OCSP_RESPONSE(NULL, &p, (long)der.len));
	assert_ptr_equal(p, der.data + der.len);
	status = OCSP_response_status(response);
	OCSP_RESPONSE_free(response);
	buf_free(&der);
	return status;
}

static void
tells_why_there_is_no_answer(void **state)
{
	(void)state;
	assert_int_equal(
	    refusal_of(ERROR_BAD_REQUEST), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
	assert_int_equal(refusal_of(ERROR_FORBIDDEN), OCSP_RESPONSE_STATUS_UNAUTHORIZED);
	assert_int_equal(refusal_of(ERROR_REFUSED), OCSP_RESPONSE_STATUS_UNAUTHORIZED);
	assert_int_equal(refusal_of(ERROR_TOKEN), OCSP_RESPONSE_STATUS_TRYLATER);
	assert_int_equal(refusal_of(ERROR_BUSY), OCSP_RESPONSE_STATUS_TRYLATER);
	assert_int_equal(refusal_of(ERROR_IO), OCSP_RESPONSE_STATUS_INTERNALERROR);
}

static void
answers_for_every_type_of_issuer(void **state)
{
	EVP_PKEY *keys[] = { ec_key("P-384"), ec_key("P-521"), rsa_key(2048),
		rsa_pss_key(), ed25519_key() };

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct responder *r = malloc(sizeof(*r));
		void *to_close = r;
		X509 *cert;

		responder_open(r, NULL, keys[i], ec_key("P-256"));
		cert = responder_issue(r);
		assert_int_equal(status_of(r, cert), V_OCSP_CERTSTATUS_GOOD);
		X509_free(cert);
		responder_teardown(&to_close);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_good_of_what_is_recorded),
		cmocka_unit_test(answers_by_sha256_in_the_ids_own_hash),
		cmocka_unit_test(says_revoked_as_soon_as_it_is_committed),
		cmocka_unit_test(leaves_an_unspecified_reason_out),
		cmocka_unit_test(says_unknown_of_what_is_not_recorded),
		cmocka_unit_test(says_unknown_of_a_reserved_serial),
		cmocka_unit_test(says_unknown_of_another_issuers_certificate),
		cmocka_unit_test(says_good_of_an_intermediate),
		cmocka_unit_test(says_good_of_a_cross_certificate),
		cmocka_unit_test(answers_about_several_at_once),
		cmocka_unit_test(repeats_a_nonce_and_keeps_no_such_answer),
		cmocka_unit_test(gives_a_kept_answer_until_half_of_its_life_is_over),
		cmocka_unit_test(refuses_to_speak_for_another_issuer),
		cmocka_unit_test(refuses_ids_by_other_hashes),
		cmocka_unit_test(refuses_an_unknown_issuer),
		cmocka_unit_test(tells_why_there_is_no_answer),
		cmocka_unit_test(answers_for_every_type_of_issuer),
	};

	return cmocka_run_group_tests(tests, responder_setup, responder_teardown);
}

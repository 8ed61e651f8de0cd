/* test_ocsp_query.c - which OCSP requests are read, and which refused. */
#include "ca/ocsp_query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/x509v3.h>

#include "tests/ca/ocsp_support.h"

static OCSP_REQUEST *
about(struct responder *r, int count)
{
	OCSP_REQUEST *req = OCSP_REQUEST_new();

	for (int i = 0; i < count; i++)
		ask_also(req, r->internal, r->root, EVP_sha1());
	return req;
}

/* Encodes and frees req. */
static int
read_request(OCSP_REQUEST *req, struct ocsp_query *query)
{
	unsigned char *der = NULL;
	int len = i2d_OCSP_REQUEST(req, &der);
	struct error err = { 0 };
	int rc;

	assert_true(len > 0);
	rc = ocsp_query_read((struct bytes){ der, (size_t)len }, query, &err);
	if (rc != 0)
		assert_int_equal(err.code, ERROR_BAD_REQUEST);
	OPENSSL_free(der);
	OCSP_REQUEST_free(req);
	return rc;
}

static bool
accepts(OCSP_REQUEST *req)
{
	struct ocsp_query query;
	int rc = read_request(req, &query);

	ocsp_query_clear(&query);
	return rc == 0;
}

static void
reads_who_is_asked_about(void **state)
{
	struct responder *r = *state;
	struct ocsp_query query;
	char serial[STORE_SERIAL_SIZE], wanted[STORE_SERIAL_SIZE];

	assert_int_equal(read_request(about(r, 2), &query), 0);
	assert_int_equal(query.count, 2);
	assert_int_equal(query.nonce_len, 0);
	assert_int_equal(ocsp_id_hash(ocsp_query_id(&query, 1)), NID_sha1);
	ocsp_id_serial(ocsp_query_id(&query, 1), serial);
	responder_serial(r->internal, wanted);
	assert_string_equal(serial, wanted);
	ocsp_query_clear(&query);
}

static void
has_no_serial_for_what_this_house_never_gives(void **state)
{
	struct responder *r = *state;
	static const unsigned char long_one[21] = { 1 };
	X509 *cert = X509_dup(r->internal);
	ASN1_INTEGER *number = X509_get_serialNumber(cert);
	struct ocsp_query query;
	char serial[STORE_SERIAL_SIZE];

	ASN1_STRING_set(number, long_one, sizeof(long_one));
	read_request(ask_about(cert, r->root, EVP_sha1()), &query);
	ocsp_id_serial(ocsp_query_id(&query, 0), serial);
	assert_string_equal(serial, "");
	ocsp_query_clear(&query);
	ASN1_INTEGER_set(number, -5);
	read_request(ask_about(cert, r->root, EVP_sha1()), &query);
	ocsp_id_serial(ocsp_query_id(&query, 0), serial);
	assert_string_equal(serial, "");
	ocsp_query_clear(&query);
	X509_free(cert);
}

static void
takes_twenty_certificates_and_no_more(void **state)
{
	struct responder *r = *state;

	assert_true(accepts(about(r, 20)));
	assert_false(accepts(about(r, 21)));
	assert_false(accepts(about(r, 0)));
}

static OCSP_REQUEST *
with_nonce(struct responder *r, int len)
{
	static unsigned char octets[200];
	OCSP_REQUEST *req = about(r, 1);

	assert_int_equal(OCSP_request_add1_nonce(req, octets, len), 1);
	return req;
}

static void
repeats_nonces_of_up_to_32_octets_and_ignores_longer_ones(void **state)
{
	static const struct {
		int len;
		size_t repeated;
	} nonces[] = { { 1, 1 }, { 16, 16 }, { 32, 32 }, { 33, 0 }, { 128, 0 } };
	struct responder *r = *state;
	struct ocsp_query query;

	for (size_t i = 0; i < sizeof(nonces) / sizeof(nonces[0]); i++) {
		assert_int_equal(read_request(with_nonce(r, nonces[i].len), &query), 0);
		assert_int_equal(query.nonce_len, nonces[i].repeated);
		ocsp_query_clear(&query);
	}
}

/* With value as the extension's, DER or not. */
static OCSP_REQUEST *
with_extension(struct responder *r, int nid, bool critical, const char *value, size_t len)
{
	OCSP_REQUEST *req = about(r, 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	ASN1_OCTET_STRING_set(octets, (const unsigned char *)value, (int)len);
	ext = X509_EXTENSION_create_by_NID(NULL, nid, critical, octets);
	assert_int_equal(OCSP_REQUEST_add_ext(req, ext, -1), 1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(octets);
	return req;
}

static void
refuses_other_nonces(void **state)
{
	struct responder *r = *state;
	const int nid = NID_id_pkix_OCSP_Nonce;
	OCSP_REQUEST *two = with_nonce(r, 16);

	assert_false(accepts(with_nonce(r, 129)));
	assert_true(accepts(with_extension(r, nid, false, "\x04\x01x", 3)));
	assert_false(accepts(with_extension(r, nid, false, "\x04\x00", 2)));
	assert_false(accepts(with_extension(r, nid, false, "\x04\x01xy", 4)));
	assert_false(accepts(with_extension(r, nid, false, "raw bytes", 9)));
	X509_EXTENSION *again = X509_EXTENSION_dup(OCSP_REQUEST_get_ext(two, 0));
	OCSP_REQUEST_add_ext(two, again, -1);
	X509_EXTENSION_free(again);
	assert_false(accepts(two));
}

static void
refuses_critical_extensions_that_it_does_not_know(void **state)
{
	struct responder *r = *state;
	OCSP_REQUEST *single = about(r, 2);
	ASN1_NULL *null = ASN1_NULL_new();

	assert_true(
	    accepts(with_extension(r, NID_id_pkix_OCSP_Nonce, true, "\x04\x01x", 3)));
	assert_true(
	    accepts(with_extension(r, NID_netscape_comment, false, "\x05\x00", 2)));
	assert_false(
	    accepts(with_extension(r, NID_netscape_comment, true, "\x05\x00", 2)));
	assert_int_equal(OCSP_ONEREQ_add1_ext_i2d(OCSP_request_onereq_get0(single, 1),
			     NID_id_pkix_OCSP_noCheck, null, 1, X509V3_ADD_DEFAULT),
	    1);
	ASN1_NULL_free(null);
	assert_false(accepts(single));
}

static void
looks_at_no_signature(void **state)
{
	struct responder *r = *state;
	OCSP_REQUEST *req = about(r, 1);

	assert_int_equal(
	    OCSP_request_sign(req, r->root, r->house.keys[0], EVP_sha256(), NULL, 0), 1);
	assert_true(accepts(req));
}

static void
refuses_what_is_no_request(void **state)
{
	static const unsigned char indefinite[] = { 0x30, 0x80, 0, 0 };
	static unsigned char large[OCSP_QUERY_MAX_BYTES + 1];
	struct responder *r = *state;
	OCSP_REQUEST *req = about(r, 1);
	unsigned char der[256], *p = der;
	size_t len = (size_t)i2d_OCSP_REQUEST(req, &p);
	const struct bytes cases[] = { { der, 0 }, { der, len - 1 }, { der, len + 1 },
		{ indefinite, sizeof(indefinite) }, { large, sizeof(large) } };
	struct ocsp_query query;

	OCSP_REQUEST_free(req);
	*p = 0;
	assert_int_equal(ocsp_query_read((struct bytes){ der, len }, &query, NULL), 0);
	ocsp_query_clear(&query);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };

		assert_int_equal(ocsp_query_read(cases[i], &query, &err), -1);
		assert_int_equal(err.code, ERROR_BAD_REQUEST);
		ocsp_query_clear(&query);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_who_is_asked_about),
		cmocka_unit_test(has_no_serial_for_what_this_house_never_gives),
		cmocka_unit_test(takes_twenty_certificates_and_no_more),
		cmocka_unit_test(
		    repeats_nonces_of_up_to_32_octets_and_ignores_longer_ones),
		cmocka_unit_test(refuses_other_nonces),
		cmocka_unit_test(refuses_critical_extensions_that_it_does_not_know),
		cmocka_unit_test(looks_at_no_signature),
		cmocka_unit_test(refuses_what_is_no_request),
	};

	return cmocka_run_group_tests(tests, responder_setup, responder_teardown);
}

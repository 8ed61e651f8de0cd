/* test_revoke.c - certificates taken back, by serial and by their octets. */
#include "ca/authority_revoke.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "ca/certtext.h"
#include "tests/ca/crls.h"

#define SUPERSEDED 4

static int
count(void *ctx, int64_t id, const struct certificate_row *row)
{
	(void)id;
	assert_string_equal(row->profile, "intermediate");
	++*(int *)ctx;
	return 0;
}

static struct revoke_request
posting(struct buffer *der, X509 *cert)
{
	buf_init(der, 0);
	assert_int_equal(certtext_der(cert, der, NULL), 0);
	return (struct revoke_request){
		.certificate = buf_bytes(der), .reason = SUPERSEDED, .actor = "uid:0"
	};
}

static void
revokes_by_serial_once(void **state)
{
	struct house *house = *state;
	char serial[STORE_SERIAL_SIZE];
	struct revoke_request request = { .serial = serial,
		.reason = SUPERSEDED,
		.invalidity_date = 1700000000,
		.actor = "uid:0" };
	struct revocation first, again;
	int64_t now = clock_now_s();

	X509_free(house_leaf(house, serial));
	assert_int_equal(authority_revoke(house->authority, &request, &first, NULL), 0);
	assert_string_equal(first.serial, serial);
	assert_string_equal(first.issuer, "internal");
	assert_int_equal(first.reason, SUPERSEDED);
	assert_int_equal(first.invalidity_date, 1700000000);
	assert_true(first.revoked_at >= now);
	request.reason = 5;
	request.invalidity_date = 0;
	assert_int_equal(authority_revoke(house->authority, &request, &again, NULL), 0);
	assert_int_equal(again.reason, SUPERSEDED);
	assert_int_equal(again.revoked_at, first.revoked_at);
	assert_int_equal(again.invalidity_date, 1700000000);
}

static void
revokes_a_posted_certificate_in_pem_or_der(void **state)
{
	struct house *house = *state;
	char serials[2][STORE_SERIAL_SIZE];
	X509 *leaves[] = { house_leaf(house, serials[0]), house_leaf(house, serials[1]) };
	struct revocation revocation;
	struct buffer der, pem;
	struct revoke_request request = posting(&der, leaves[0]);

	assert_int_equal(
	    authority_revoke(house->authority, &request, &revocation, NULL), 0);
	assert_string_equal(revocation.serial, serials[0]);
	buf_free(&der);
	request = posting(&der, leaves[1]);
	buf_init(&pem, 0);
	certtext_pem(buf_bytes(&der), &pem);
	request.certificate = buf_bytes(&pem);
	assert_int_equal(
	    authority_revoke(house->authority, &request, &revocation, NULL), 0);
	assert_string_equal(revocation.serial, serials[1]);
	buf_free(&pem);
	buf_free(&der);
	X509_free(leaves[0]);
	X509_free(leaves[1]);
}

/* A leaf as the key of "internal" might have signed it before it was imported. */
static X509 *
foreign_leaf(struct house *house, long serial, EVP_PKEY *signer)
{
	const struct issuer_info *info;
	const unsigned char *p;
	EVP_PKEY *key = ec_key("P-256");
	X509 *cert = X509_new(), *issuer;

	assert_int_equal(
	    authority_find_issuer(house->authority, "internal", &info, NULL), 0);
	p = info->certificate.data;
	issuer = d2i_X509(NULL, &p, (long)info->certificate.len);
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), serial);
	X509_set_issuer_name(cert, X509_get_subject_name(issuer));
	X509_gmtime_adj(X509_getm_notBefore(cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_set_pubkey(cert, key);
	assert_true(X509_sign(cert, signer, EVP_sha256()) > 0);
	X509_free(issuer);
	EVP_PKEY_free(key);
	return cert;
}

static int
copy_names(void *ctx, const struct certificate_row *row)
{
	snprintf(ctx, 64, "%s", row->names);
	return 0;
}

static void
records_and_revokes_what_an_issuers_key_signed_elsewhere(void **state)
{
	struct house *house = *state;
	X509 *cert = foreign_leaf(house, 0x1234, house->keys[1]);
	struct revocation revocation;
	struct buffer der;
	struct revoke_request request = posting(&der, cert);
	struct error err = { 0 };
	X509_CRL *crl;

	if (authority_revoke(house->authority, &request, &revocation, &err) != 0)
		fail_msg("%s", err.text);
	assert_string_equal(revocation.serial, "1234");
	assert_string_equal(revocation.issuer, "internal");
	authority_publish(house->authority, clock_now_s());
	crl = house_crl(house, "internal", AUTHORITY_ALL_SHARDS, false);
	assert_int_equal(crl_verdict(house, cert, crl, NULL), X509_V_ERR_CERT_REVOKED);
	X509_CRL_free(crl);
	buf_free(&der);
	X509_free(cert);
}

/* It is no text in JSON. */
static void
of_foreign_names_only_printable_ascii_is_kept(void **state)
{
	struct house *house = *state;
	X509 *cert = foreign_leaf(house, 0x1235, house->keys[1]);
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();
	struct revocation revocation;
	struct buffer der;
	struct revoke_request request;
	struct error err = { 0 };
	char kept[64];

	ASN1_STRING_set(text, "caf\xe9 a\n@x", -1);
	GENERAL_NAME_set0_value(name, GEN_EMAIL, text);
	sk_GENERAL_NAME_push(names, name);
	assert_int_equal(
	    X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT),
	    1);
	assert_true(X509_sign(cert, house->keys[1], EVP_sha256()) > 0);
	request = posting(&der, cert);
	if (authority_revoke(house->authority, &request, &revocation, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(
	    store_certificate_find(house->store, "1235", copy_names, kept, &err), 0);
	assert_string_equal(kept, "email:caf??a?@x");
	GENERAL_NAMES_free(names);
	buf_free(&der);
	X509_free(cert);
}

static void
refuses_a_certificate_of_nobody_here(void **state)
{
	struct house *house = *state;
	EVP_PKEY *thief = ec_key("P-256");
	X509 *cert = foreign_leaf(house, 0x77, thief);
	struct revocation revocation;
	struct buffer der;
	struct revoke_request request = posting(&der, cert);
	struct error err = { 0 };

	assert_int_equal(
	    authority_revoke(house->authority, &request, &revocation, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	buf_free(&der);
	X509_free(cert);
	EVP_PKEY_free(thief);
}

static void
refuses_another_certificate_with_the_serial(void **state)
{
	struct house *house = *state;
	X509 *first = foreign_leaf(house, 0x55, house->keys[1]);
	X509 *second = foreign_leaf(house, 0x55, house->keys[1]);
	struct revocation revocation;
	struct buffer der;
	struct revoke_request request = posting(&der, first);
	struct error err = { 0 };

	assert_int_equal(
	    authority_revoke(house->authority, &request, &revocation, &err), 0);
	buf_free(&der);
	request = posting(&der, second);
	assert_int_equal(
	    authority_revoke(house->authority, &request, &revocation, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	buf_free(&der);
	X509_free(first);
	X509_free(second);
}

static void
a_revoked_intermediate_is_on_its_issuers_crl_and_signs_no_more(void **state)
{
	struct house *house = *state;
	EVP_PKEY *key = ec_key("P-256");
	const struct issuer_info *info;
	struct issue_result result;
	struct violations v;
	struct error err = { 0 };
	struct buffer csr;
	X509_CRL *crl;

	assert_int_equal(
	    authority_find_issuer(house->authority, "internal", &info, NULL), 0);
	house_revoke(house, info->serial, SUPERSEDED);
	authority_publish(house->authority, clock_now_s());
	authority_publish(house->authority, clock_now_s() + 1);
	crl = house_crl(house, "root", AUTHORITY_ALL_SHARDS, false);
	assert_int_equal(crl_reason(crl, info->serial), SUPERSEDED);
	X509_CRL_free(crl);
	simple_request(key, "DNS:localhost", &csr);
	assert_int_equal(house_issue(house, &csr, "server", &result, &v, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_non_null(strstr(err.text, "issuer internal was revoked (superseded)"));
	issue_result_clear(&result);
	buf_free(&csr);
	EVP_PKEY_free(key);
}

/* Versions before it did not record what they signed for issuers. */
static void
records_issuers_of_an_older_store_when_it_is_opened(void **state)
{
	struct house *house = *state;
	const struct certificate_filter filter = { .issuer = "root", .limit = 10 };
	const struct issuer_info *info;
	struct revoke_request request = { .reason = SUPERSEDED, .actor = "uid:0" };
	struct revocation revocation;
	int found = 0;

	house_sql(house, "DELETE FROM revocations WHERE issuer = 'root';"
			 "DELETE FROM certificates WHERE issuer = 'root'");
	assert_int_equal(
	    store_certificate_each(house->store, &filter, count, &found, NULL), 0);
	assert_int_equal(found, 1);
	assert_int_equal(
	    authority_find_issuer(house->authority, "internal", &info, NULL), 0);
	request.serial = info->serial;
	assert_int_equal(
	    authority_revoke(house->authority, &request, &revocation, NULL), 0);
	assert_string_equal(revocation.issuer, "root");
}

static void
refuses_to_revoke_a_root(void **state)
{
	struct house *house = *state;
	struct revoke_request request = { .reason = SUPERSEDED, .actor = "uid:0" };
	const struct issuer_info *info;
	struct revocation revocation;
	struct error err = { 0 };

	assert_int_equal(authority_find_issuer(house->authority, "root", &info, NULL), 0);
	request.serial = info->serial;
	assert_int_equal(
	    authority_revoke(house->authority, &request, &revocation, &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
	assert_non_null(strstr(err.text, "trust store"));
}

static void
refuses_what_is_no_certificate_and_dates_to_come(void **state)
{
	static const char *const texts[] = { "", "0", "-----BEGIN CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE "
		"REQUEST-----\n",
		"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n" };
	struct house *house = *state;
	struct revoke_request request = { .reason = SUPERSEDED, .actor = "uid:0" };
	struct revocation revocation;
	struct error err = { 0 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		request.certificate =
		    (struct bytes){ (const unsigned char *)texts[i], strlen(texts[i]) };
		assert_int_equal(
		    authority_revoke(house->authority, &request, &revocation, &err), -1);
		assert_int_equal(err.code, ERROR_BAD_REQUEST);
	}
	request.serial = "00";
	assert_int_equal(
	    authority_revoke(house->authority, &request, &revocation, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	request.invalidity_date = clock_now_s() + 3600;
	assert_int_equal(
	    authority_revoke(house->authority, &request, &revocation, &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(revokes_by_serial_once),
		cmocka_unit_test(revokes_a_posted_certificate_in_pem_or_der),
		cmocka_unit_test(
		    records_and_revokes_what_an_issuers_key_signed_elsewhere),
		cmocka_unit_test(of_foreign_names_only_printable_ascii_is_kept),
		cmocka_unit_test(refuses_a_certificate_of_nobody_here),
		cmocka_unit_test(refuses_another_certificate_with_the_serial),
		cmocka_unit_test(
		    a_revoked_intermediate_is_on_its_issuers_crl_and_signs_no_more),
		cmocka_unit_test(records_issuers_of_an_older_store_when_it_is_opened),
		cmocka_unit_test(refuses_to_revoke_a_root),
		cmocka_unit_test(refuses_what_is_no_certificate_and_dates_to_come),
	};

	return cmocka_run_group_tests(tests, house_setup, house_teardown);
}

/* test_ocsp_signer.c - who signs the answers, how it comes to be, and how it is renewed.
 */
#include "ca/ocsp_signer.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/x509v3.h>

#include "ca/authority_revoke.h"
#include "tests/ca/ocsp_support.h"

#define DAY_S INT64_C(86400)

static enum error_code
ask(struct responder *r, struct ocsp_answer *answer)
{
	return send_request(
	    r, "root", ask_about(r->internal, r->root, EVP_sha1()), answer);
}

/* Asks, verifies, and gives the signer's certificate; the caller frees. */
static X509 *
signer_of_an_answer(struct responder *r)
{
	struct ocsp_answer answer;
	OCSP_BASICRESP *basic;
	X509 *cert;

	assert_int_equal(ask(r, &answer), ERROR_NONE);
	basic = read_answer(r, &answer);
	assert_int_equal(sk_X509_num(OCSP_resp_get0_certs(basic)), 1);
	cert = X509_dup(sk_X509_value(OCSP_resp_get0_certs(basic), 0));
	OCSP_BASICRESP_free(basic);
	ocsp_answer_clear(&answer);
	return cert;
}

static int
count(void *ctx, int64_t id, const struct certificate_row *row)
{
	(void)id;
	*(int *)ctx += strcmp(row->profile, "ocsp-signer") == 0 &&
		       strcmp(row->requester, "keyholdd") == 0;
	return 0;
}

static int
recorded(struct responder *r)
{
	const struct certificate_filter filter = { .issuer = "root", .limit = 100 };
	int found = 0;

	assert_int_equal(
	    store_certificate_each(r->house.store, &filter, count, &found, NULL), 0);
	return found;
}

static void
is_certified_for_nothing_else(void **state)
{
	const struct issuer_change urls = { .crl_url = "http://pki.example/root.crl",
		.ocsp_url = "http://pki.example/ocsp/root",
		.ca_issuers_url = "http://pki.example/root.cer",
		.crl_shards = 2,
		.actor = "uid:0" };
	struct responder *r = *state;
	struct violations v = { 0 };
	X509 *cert;

	assert_int_equal(
	    authority_change_issuer(r->house.authority, "root", &urls, &v, NULL), 0);
	cert = signer_of_an_answer(r);
	assert_int_equal(X509_get_extended_key_usage(cert), XKU_OCSP_SIGN);
	assert_int_equal(X509_get_key_usage(cert), KU_DIGITAL_SIGNATURE);
	assert_true(X509_get_ext_by_NID(cert, NID_id_pkix_OCSP_noCheck, -1) >= 0);
	assert_int_equal(X509_get_ext_by_NID(cert, NID_crl_distribution_points, -1), -1);
	assert_int_equal(X509_get_ext_by_NID(cert, NID_info_access, -1), -1);
	assert_int_equal(X509_check_ca(cert), 0);
	assert_int_equal(X509_verify(cert, X509_get0_pubkey(r->root)), 1);
	X509_free(cert);
}

static int
find_entry(void *ctx, const struct audit_row *row)
{
	*(bool *)ctx = *(bool *)ctx || (strcmp(row->action, "certificate.issued") == 0 &&
					   strcmp(row->actor, "keyholdd") == 0);
	return 0;
}

static void
is_recorded_with_its_audit_entry(void **state)
{
	struct responder *r = *state;
	bool found = false;

	X509_free(signer_of_an_answer(r));
	assert_int_equal(recorded(r), 1);
	assert_int_equal(
	    store_audit_each(r->house.store, 0, 1000, find_entry, &found, NULL), 0);
	assert_true(found);
}

static void
stays_the_same_over_a_restart(void **state)
{
	struct responder *r = *state;
	X509 *before = signer_of_an_answer(r), *after;

	responder_restart(r);
	after = signer_of_an_answer(r);
	assert_int_equal(X509_cmp(before, after), 0);
	assert_int_equal(recorded(r), 1);
	X509_free(before);
	X509_free(after);
}

static void
is_renewed_when_less_than_a_third_of_its_life_is_left(void **state)
{
	struct responder *r = *state;
	X509 *first = signer_of_an_answer(r), *same, *second;

	r->now += 19 * DAY_S;
	same = signer_of_an_answer(r);
	assert_int_equal(X509_cmp(first, same), 0);
	r->now += 1 * DAY_S + 3600;
	second = signer_of_an_answer(r);
	assert_int_not_equal(X509_cmp(first, second), 0);
	assert_int_equal(recorded(r), 2);
	X509_free(first);
	X509_free(same);
	X509_free(second);
}

static void
serves_on_while_the_issuers_key_is_away(void **state)
{
	struct responder *r = *state;
	X509 *first = signer_of_an_answer(r), *due;
	struct ocsp_answer answer;

	r->house.keys_are_away = true;
	responder_restart(r);
	r->now += 25 * DAY_S;
	due = signer_of_an_answer(r);
	assert_int_equal(X509_cmp(first, due), 0);
	/* What it signs ends with it. */
	r->now += 5 * DAY_S - 7200;
	assert_int_equal(ask(r, &answer), ERROR_NONE);
	assert_true(answer.next_update - r->now <= 7200);
	ocsp_answer_clear(&answer);
	r->now += 7200;
	assert_int_equal(ask(r, &answer), ERROR_TOKEN);
	ocsp_answer_clear(&answer);
	r->house.keys_are_away = false;
	X509_free(first);
	X509_free(due);
}

static void
is_not_tried_again_at_once_when_it_cannot_be_made(void **state)
{
	struct responder *r = *state;
	struct ocsp_answer answer;
	int asked;

	r->key_is_away = true;
	assert_int_equal(ask(r, &answer), ERROR_TOKEN);
	assert_int_equal(answer.der.len, 0);
	ocsp_answer_clear(&answer);
	asked = r->asked_for_key;
	r->key_is_away = false;
	r->now += 29;
	assert_int_equal(ask(r, &answer), ERROR_BUSY);
	ocsp_answer_clear(&answer);
	assert_int_equal(r->asked_for_key, asked);
	r->now += 1;
	X509_free(signer_of_an_answer(r));
}

static void
is_looked_for_again_when_its_key_does_not_sign(void **state)
{
	struct responder *r = *state;
	struct ocsp_answer answer;
	EVP_PKEY *whole = r->key;
	unsigned char der[256], *p = der;
	const unsigned char *q = der;
	int len = i2d_PUBKEY(whole, &p);

	r->key = d2i_PUBKEY(NULL, &q, len);
	assert_int_equal(ask(r, &answer), ERROR_TOKEN);
	assert_int_equal(answer.der.len, 0);
	ocsp_answer_clear(&answer);
	EVP_PKEY_free(r->key);
	r->key = whole;
	X509_free(signer_of_an_answer(r));
	assert_int_equal(recorded(r), 1);
}

static void
ends_with_its_issuer(void **state)
{
	struct responder *r = *state;
	struct ocsp_answer answer;

	r->now += 9200 * DAY_S;
	assert_int_equal(ask(r, &answer), ERROR_REFUSED);
	ocsp_answer_clear(&answer);
}

static void
never_becomes_an_issuer(void **state)
{
	struct responder *r = *state;
	struct issuer_spec spec = {
		.name = "other",
		.subject = "/CN=other",
		.path_len = -1,
		.key = r->key,
		.actor = "test",
	};
	struct violations v = { 0 };
	struct error err = { 0 };

	X509_free(signer_of_an_answer(r));
	assert_int_equal(
	    authority_create_issuer(r->house.authority, &spec, &v, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
}

static void
keeps_no_issuer_from_its_end(void **state)
{
	const struct issuer_change end = { .state = "retired", .actor = "test" };
	struct responder *r = *state;
	struct revoke_request revocation = { .actor = "test" };
	char serial[STORE_SERIAL_SIZE];
	struct revocation revoked;
	struct violations v = { 0 };
	struct error err = { 0 };

	X509_free(signer_of_an_answer(r));
	assert_int_equal(
	    authority_change_issuer(r->house.authority, "root", &end, &v, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	responder_serial(r->internal, serial);
	revocation.serial = serial;
	assert_int_equal(
	    authority_revoke(r->house.authority, &revocation, &revoked, &err), 0);
	assert_int_equal(
	    authority_change_issuer(r->house.authority, "root", &end, &v, &err), 0);
}

static void
is_not_certified_again_with_a_compromised_key(void **state)
{
	struct responder *r = *state;
	struct revoke_request request = { .reason = REVOCATION_KEY_COMPROMISE,
		.actor = "test" };
	X509 *first = signer_of_an_answer(r);
	char serial[STORE_SERIAL_SIZE];
	struct revocation revoked;
	struct ocsp_answer answer;
	struct error err = { 0 };

	responder_serial(first, serial);
	request.serial = serial;
	assert_int_equal(
	    authority_revoke(r->house.authority, &request, &revoked, &err), 0);
	responder_restart(r);
	assert_int_equal(ask(r, &answer), ERROR_REFUSED);
	ocsp_answer_clear(&answer);
	assert_int_equal(recorded(r), 1);
	EVP_PKEY_free(r->key);
	r->key = ec_key("P-256");
	r->now += 30;
	X509_free(signer_of_an_answer(r));
	assert_int_equal(recorded(r), 2);
	X509_free(first);
}

static void *
ask_in_a_thread(void *ctx)
{
	struct ocsp_answer answer;

	assert_int_equal(ask(ctx, &answer), ERROR_NONE);
	ocsp_answer_clear(&answer);
	return NULL;
}

static void
is_made_once_for_all_who_ask(void **state)
{
	struct responder *r = *state;
	pthread_t threads[8];

	for (size_t i = 0; i < 8; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, ask_in_a_thread, r), 0);
	for (size_t i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(recorded(r), 1);
}

/* As of a token with a call that does not return. */
static void
nobody_waits_without_end_for_one_that_is_being_made(void **state)
{
	struct responder *r = *state;
	struct ocsp_answer answer;
	pthread_t thread;

	atomic_store(&r->key_hangs, true);
	assert_int_equal(pthread_create(&thread, NULL, ask_in_a_thread, r), 0);
	while (atomic_load(&r->asked_for_key) == 0)
		usleep(1000);
	assert_int_equal(ask(r, &answer), ERROR_BUSY);
	ocsp_answer_clear(&answer);
	atomic_store(&r->key_hangs, false);
	pthread_join(thread, NULL);
	assert_int_equal(recorded(r), 1);
}

#define TEST(name)                                                                       \
	cmocka_unit_test_setup_teardown(name, responder_setup, responder_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(is_certified_for_nothing_else),
		TEST(is_recorded_with_its_audit_entry),
		TEST(stays_the_same_over_a_restart),
		TEST(is_renewed_when_less_than_a_third_of_its_life_is_left),
		TEST(serves_on_while_the_issuers_key_is_away),
		TEST(is_not_tried_again_at_once_when_it_cannot_be_made),
		TEST(is_looked_for_again_when_its_key_does_not_sign),
		TEST(ends_with_its_issuer),
		TEST(never_becomes_an_issuer),
		TEST(keeps_no_issuer_from_its_end),
		TEST(is_not_certified_again_with_a_compromised_key),
		TEST(is_made_once_for_all_who_ask),
		TEST(nobody_waits_without_end_for_one_that_is_being_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

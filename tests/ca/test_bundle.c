/* test_bundle.c - what another authority signed: read, and held to what is wanted. */
#include "ca/bundle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/x509v3.h>

#include "base/clock.h"
#include "ca/certtext.h"
#include "ca/spki.h"
#include "ca/validity.h"
#include "tests/ca/outside.h"
#include "tests/ca/support.h"

/* The least that is taken without a word. */
static const struct making good = { "house", "CA:TRUE", "keyCertSign,cRLSign", false,
	false, -60, DAY };

/* A root, an authority beneath it, and the key that the house has. */
struct scenery {
	EVP_PKEY *root_key, *middle_key, *key, *stranger;
	X509 *root, *middle;
	X509_NAME *subject; /* asked for: "house" */
};

static int
setup(void **state)
{
	static const struct making root = { "root", "CA:TRUE", "keyCertSign,cRLSign",
		false, false, -DAY, 10 * DAY };
	static const struct making middle = { "middle", "CA:TRUE", "keyCertSign,cRLSign",
		false, false, -DAY, 10 * DAY };
	static struct scenery s;

	s.root_key = ec_key("P-256");
	s.middle_key = ec_key("P-256");
	s.key = ec_key("P-256");
	s.stranger = ec_key("P-256");
	s.root = outside_make(s.root_key, NULL, s.root_key, &root);
	s.middle = outside_make(s.middle_key, s.root, s.root_key, &middle);
	s.subject = X509_NAME_new();
	X509_NAME_add_entry_by_txt(
	    s.subject, "CN", MBSTRING_ASC, (const unsigned char *)"house", -1, -1, 0);
	*state = &s;
	return 0;
}

static int
teardown(void **state)
{
	struct scenery *s = *state;

	X509_NAME_free(s->subject);
	X509_free(s->root);
	X509_free(s->middle);
	EVP_PKEY_free(s->root_key);
	EVP_PKEY_free(s->middle_key);
	EVP_PKEY_free(s->key);
	EVP_PKEY_free(s->stranger);
	return 0;
}

/* What the certificates break, the first being the house's. */
static struct violations
judge_at(const struct scenery *s, X509 *const *certs, size_t count, int64_t now,
    struct warnings *w)
{
	unsigned char hash[SPKI_HASH_BYTES];
	const struct bundle_wanted wanted = {
		.spki_sha256 = hash, .subject = s->subject, .now = now
	};
	struct violations v = { 0 };
	struct error err = { 0 };
	struct bundle bundle;
	struct buffer pem;

	*w = (struct warnings){ 0 };
	assert_int_equal(spki_sha256(NULL, s->key, hash, NULL), 0);
	buf_init(&pem, 0);
	for (size_t i = 0; i < count; i++)
		outside_append(certs[i], &pem);
	if (bundle_read(NULL, buf_bytes(&pem), &bundle, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(bundle_check(NULL, &bundle, &wanted, w, &v, &err), 0);
	bundle_clear(&bundle);
	buf_free(&pem);
	return v;
}

/* One made so for the house's key by the root, with the root behind it. */
static struct violations
judge_with(const struct scenery *s, const struct making *making, struct warnings *w)
{
	X509 *certs[] = { outside_make(s->key, s->root, s->root_key, making), s->root };
	struct violations v = judge_at(s, certs, 2, clock_now_s(), w);

	X509_free(certs[0]);
	return v;
}

static struct violations
judge(const struct scenery *s, const struct making *making)
{
	struct warnings w;

	return judge_with(s, making, &w);
}

static void
takes_the_key_and_the_subject_that_were_asked_for(void **state)
{
	struct warnings w;
	struct violations v = judge_with(*state, &good, &w);

	assert_int_equal(v.count, 0);
	assert_int_equal(w.count, 0);
	assert_false(breaks(&v, RULE_ISSUER_CERTIFICATE_KEY));
	assert_false(breaks(&v, RULE_ISSUER_CERTIFICATE_SUBJECT));
	assert_false(breaks(&v, RULE_ISSUER_CERTIFICATE_CA));
	assert_false(breaks(&v, RULE_ISSUER_CERTIFICATE_KEY_ID));
}

static void
refuses_another_key(void **state)
{
	const struct scenery *s = *state;
	X509 *cert = outside_make(s->stranger, s->root, s->root_key, &good);
	struct warnings w;
	struct violations v = judge_at(s, &cert, 1, clock_now_s(), &w);

	assert_int_equal(v.count, 1);
	assert_true(breaks(&v, RULE_ISSUER_CERTIFICATE_KEY));
	X509_free(cert);
}

static void
refuses_another_subject_or_none(void **state)
{
	static const char *const others[] = { "other", "house 2", NULL };
	struct making making = good;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct violations v;

		making.cn = others[i];
		v = judge(*state, &making);
		assert_int_equal(v.count, 1);
		assert_true(breaks(&v, RULE_ISSUER_CERTIFICATE_SUBJECT));
	}
}

/* Of version 1, it has no extensions either. */
static void
refuses_what_is_no_authority(void **state)
{
	struct making making = good;
	struct violations v;

	making.basic = "CA:FALSE";
	v = judge(*state, &making);
	assert_int_equal(v.count, 1);
	assert_true(breaks(&v, RULE_ISSUER_CERTIFICATE_CA));
	making.version_1 = true;
	v = judge(*state, &making);
	assert_true(breaks(&v, RULE_ISSUER_CERTIFICATE_CA));
}

static void
takes_any_usage_that_has_both_of_an_authority(void **state)
{
	struct making making = good;
	struct warnings w;
	struct violations v;

	making.usage = "digitalSignature,keyCertSign,cRLSign";
	v = judge_with(*state, &making, &w);
	assert_int_equal(w.count, 0);
	assert_false(breaks(&v, RULE_ISSUER_CERTIFICATE_KEY_USAGE));
	making.usage = NULL;
	v = judge_with(*state, &making, &w);
	assert_int_equal(w.count, 1);
	assert_non_null(strstr(w.items[0], "keyUsage"));
	assert_false(breaks(&v, RULE_ISSUER_CERTIFICATE_KEY_USAGE));
}

/* Without keyCertSign, OpenSSL takes it for no issuer of the chain behind it as well. */
static void
refuses_a_usage_that_lacks_one(void **state)
{
	static const char *const usages[] = { "keyCertSign", "cRLSign",
		"digitalSignature" };
	struct making making = good;

	for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++) {
		struct violations v;

		making.usage = usages[i];
		v = judge(*state, &making);
		assert_true(breaks(&v, RULE_ISSUER_CERTIFICATE_KEY_USAGE));
	}
}

static void
refuses_one_without_a_key_identifier(void **state)
{
	struct making making = good;
	struct violations v;

	making.no_key_id = true;
	v = judge(*state, &making);
	assert_int_equal(v.count, 1);
	assert_true(breaks(&v, RULE_ISSUER_CERTIFICATE_KEY_ID));
}

/* RFC 5280 section 4.1.2.5: both ends belong to it. */
static void
takes_one_from_its_first_to_its_last_second(void **state)
{
	const struct scenery *s = *state;
	X509 *cert = outside_make(s->key, s->root, s->root_key, &good);
	struct validity validity;
	struct warnings w;
	struct violations v;

	assert_int_equal(certtext_validity(cert, &validity, NULL), 0);
	v = judge_at(s, &cert, 1, validity.not_before, &w);
	assert_false(breaks(&v, RULE_ISSUER_CERTIFICATE_VALIDITY));
	v = judge_at(s, &cert, 1, validity.not_after, &w);
	assert_false(breaks(&v, RULE_ISSUER_CERTIFICATE_VALIDITY));
	v = judge_at(s, &cert, 1, validity.not_before - 1, &w);
	assert_true(breaks(&v, RULE_ISSUER_CERTIFICATE_VALIDITY));
	v = judge_at(s, &cert, 1, validity.not_after + 1, &w);
	assert_true(breaks(&v, RULE_ISSUER_CERTIFICATE_VALIDITY));
	X509_free(cert);
}

/* What stands above may be left out from any place on, which is said. */
static void
takes_as_much_of_the_chain_as_is_sent(void **state)
{
	const struct scenery *s = *state;
	X509 *certs[] = { outside_make(s->key, s->middle, s->middle_key, &good),
		s->middle, s->root };

	for (size_t count = 1; count <= 3; count++) {
		struct warnings w;
		struct violations v = judge_at(s, certs, count, clock_now_s(), &w);

		assert_int_equal(w.count, count < 3);
		assert_false(breaks(&v, RULE_ISSUER_CERTIFICATE_CHAIN));
	}
	X509_free(certs[0]);
}

static void
refuses_a_chain_with_a_gap_or_out_of_order(void **state)
{
	const struct scenery *s = *state;
	X509 *cert = outside_make(s->key, s->middle, s->middle_key, &good);
	X509 *gap[] = { cert, s->root };
	X509 *turned[] = { cert, s->root, s->middle };
	struct warnings w;
	struct violations v = judge_at(s, gap, 2, clock_now_s(), &w);

	assert_true(breaks(&v, RULE_ISSUER_CERTIFICATE_CHAIN));
	v = judge_at(s, turned, 3, clock_now_s(), &w);
	assert_true(breaks(&v, RULE_ISSUER_CERTIFICATE_CHAIN));
	X509_free(cert);
}

/* The names fit; the signatures do not. */
static void
refuses_a_chain_of_somebody_with_the_same_name(void **state)
{
	const struct scenery *s = *state;
	X509 *forged[] = { outside_make(s->key, s->root, s->stranger, &good), s->root };
	X509 *own = outside_make(s->key, NULL, s->stranger, &good);
	struct warnings w;
	struct violations v = judge_at(s, forged, 2, clock_now_s(), &w);

	assert_int_equal(v.count, 1);
	assert_true(breaks(&v, RULE_ISSUER_CERTIFICATE_CHAIN));
	v = judge_at(s, &own, 1, clock_now_s(), &w);
	assert_int_equal(v.count, 1);
	assert_true(breaks(&v, RULE_ISSUER_CERTIFICATE_CHAIN));
	X509_free(forged[0]);
	X509_free(own);
}

static void
refuses_what_is_no_certificate(void **state)
{
	static const char *const bodies[] = { "", "hello",
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\n", "0\x03\x02\x01",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		const struct bytes body = { (const unsigned char *)bodies[i],
			strlen(bodies[i]) };
		struct error err = { 0 };
		struct bundle bundle;

		assert_int_equal(bundle_read(NULL, body, &bundle, &err), -1);
		assert_int_equal(err.code, ERROR_BAD_REQUEST);
		bundle_clear(&bundle);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_key_and_the_subject_that_were_asked_for),
		cmocka_unit_test(refuses_another_key),
		cmocka_unit_test(refuses_another_subject_or_none),
		cmocka_unit_test(refuses_what_is_no_authority),
		cmocka_unit_test(takes_any_usage_that_has_both_of_an_authority),
		cmocka_unit_test(refuses_a_usage_that_lacks_one),
		cmocka_unit_test(refuses_one_without_a_key_identifier),
		cmocka_unit_test(takes_one_from_its_first_to_its_last_second),
		cmocka_unit_test(takes_as_much_of_the_chain_as_is_sent),
		cmocka_unit_test(refuses_a_chain_with_a_gap_or_out_of_order),
		cmocka_unit_test(refuses_a_chain_of_somebody_with_the_same_name),
		cmocka_unit_test(refuses_what_is_no_certificate),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

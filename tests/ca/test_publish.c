/* test_publish.c - CRLs of an authority, by a clock of the test's. */
#include "ca/authority_crl.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "ca/crl_point.h"
#include "tests/ca/crls.h"

#define DAY        INT64_C(86400)
#define SUPERSEDED 4

static X509_CRL *
full(struct house *house)
{
	return house_crl(house, "internal", AUTHORITY_ALL_SHARDS, false);
}

static X509_CRL *
delta(struct house *house)
{
	return house_crl(house, "internal", AUTHORITY_ALL_SHARDS, true);
}

static int64_t
number(struct house *house)
{
	X509_CRL *crl = full(house);
	int64_t n = crl != NULL ? crl_number(crl) : 0;

	X509_CRL_free(crl);
	return n;
}

static void
every_issuer_gets_a_crl_and_a_delta_at_once(void **state)
{
	struct house *house = *state;
	int64_t now = clock_now_s(), next;
	X509_CRL *crl;

	assert_null(full(house));
	next = authority_publish(house->authority, now);
	assert_int_equal(next, now + 60);
	crl = full(house);
	assert_int_equal(crl_number(crl), now);
	assert_int_equal(crl_entries(crl), 0);
	assert_int_equal(X509_CRL_get_ext_by_NID(crl, NID_freshest_crl, -1), -1);
	X509_CRL_free(crl);
	crl = house_crl(house, "root", AUTHORITY_ALL_SHARDS, false);
	assert_int_equal(crl_number(crl), now);
	X509_CRL_free(crl);
	crl = delta(house);
	assert_int_equal(crl_number(crl), now);
	assert_int_equal(crl_base_number(crl), now);
	X509_CRL_free(crl);
	assert_int_equal(authority_publish(house->authority, now + 1), now + 61);
	assert_int_equal(number(house), now);
}

static void
a_burst_of_revocations_is_one_crl_within_seconds(void **state)
{
	struct house *house = *state;
	char serials[3][STORE_SERIAL_SIZE];
	X509 *leaves[3], *other = house_leaf(house, NULL);
	int64_t now = clock_now_s() - 10; /* OpenSSL has its own clock */
	X509_CRL *crl;

	for (int i = 0; i < 3; i++)
		leaves[i] = house_leaf(house, serials[i]);
	authority_publish(house->authority, now);
	for (int i = 0; i < 3; i++) {
		house_revoke(house, serials[i], i == 0 ? SUPERSEDED : 0);
		assert_int_equal(authority_publish(house->authority, now), now + 1);
	}
	assert_int_equal(number(house), now);
	authority_publish(house->authority, now + 1);
	crl = full(house);
	assert_int_equal(crl_number(crl), now + 1);
	assert_int_equal(crl_entries(crl), 3);
	assert_int_equal(crl_reason(crl, serials[0]), SUPERSEDED);
	assert_int_equal(
	    crl_verdict(house, leaves[0], crl, NULL), X509_V_ERR_CERT_REVOKED);
	assert_int_equal(crl_verdict(house, other, crl, NULL), X509_V_OK);
	X509_CRL_free(crl);
	for (int i = 0; i < 3; i++)
		X509_free(leaves[i]);
	X509_free(other);
}

static void
a_delta_and_its_base_are_the_new_crl(void **state)
{
	struct house *house = *state;
	char serials[4][STORE_SERIAL_SIZE];
	int64_t now = clock_now_s() - 2 * DAY; /* OpenSSL has its own clock */
	X509_CRL *base, *crl, *changes;
	X509 *leaves[4];

	house_divide_crls(house, 1);
	for (int i = 0; i < 4; i++)
		leaves[i] = house_leaf(house, serials[i]);
	house_revoke(house, serials[0], SUPERSEDED);
	house_revoke(house, serials[1], SUPERSEDED);
	authority_publish(house->authority, now);
	base = full(house);
	assert_true(X509_CRL_get_ext_by_NID(base, NID_freshest_crl, -1) >= 0);
	house_revoke(house, serials[2], SUPERSEDED);
	house_revoke(house, serials[1], REVOCATION_KEY_COMPROMISE);
	authority_publish(house->authority, now);
	authority_publish(house->authority, now + 1);
	/* A day later it still adds to the base, which is valid for a week. */
	authority_publish(house->authority, now + DAY);
	crl = full(house);
	changes = delta(house);
	assert_int_equal(crl_number(base), now);
	assert_int_equal(crl_number(crl), now + DAY);
	assert_int_equal(crl_number(changes), now + DAY);
	assert_int_equal(crl_base_number(changes), now);
	assert_int_equal(crl_entries(changes), 2);
	for (int i = 0; i < 4; i++) {
		int of_delta = crl_reason(changes, serials[i]);
		int combined = of_delta >= 0 ? of_delta : crl_reason(base, serials[i]);

		assert_int_equal(combined, crl_reason(crl, serials[i]));
	}
	assert_int_equal(crl_reason(crl, serials[1]), REVOCATION_KEY_COMPROMISE);
	assert_int_equal(X509_CRL_get_ext_by_NID(changes, NID_freshest_crl, -1), -1);
	/* And OpenSSL combines them. */
	assert_int_equal(crl_verdict(house, leaves[2], base, NULL), X509_V_OK);
	assert_int_equal(
	    crl_verdict(house, leaves[2], base, changes), X509_V_ERR_CERT_REVOKED);
	assert_int_equal(crl_verdict(house, leaves[3], base, changes), X509_V_OK);
	/* Nobody can go by the base any more: the next one takes its place. */
	X509_CRL_free(changes);
	authority_publish(house->authority, now + 7 * DAY);
	changes = delta(house);
	assert_int_equal(crl_base_number(changes), now + DAY);
	assert_int_equal(crl_entries(changes), 0);
	X509_CRL_free(changes);
	X509_CRL_free(crl);
	X509_CRL_free(base);
	for (int i = 0; i < 4; i++)
		X509_free(leaves[i]);
}

#define SHARDS 4
#define LEAVES 10

static void
shards_together_are_the_full_crl(void **state)
{
	struct house *house = *state;
	char serials[LEAVES][STORE_SERIAL_SIZE];
	X509_CRL *shards[SHARDS], *crl;
	X509 *leaves[LEAVES];
	int64_t now = clock_now_s();
	int listed = 0;

	house_divide_crls(house, SHARDS);
	for (int i = 0; i < LEAVES; i++) {
		leaves[i] = house_leaf(house, serials[i]);
		if (i < LEAVES - 1)
			house_revoke(house, serials[i], SUPERSEDED);
	}
	authority_publish(house->authority, now);
	for (int i = 0; i < SHARDS; i++) {
		assert_non_null(shards[i] = house_crl(house, "internal", i, false));
		listed += crl_entries(shards[i]);
	}
	crl = full(house);
	assert_int_equal(listed, LEAVES - 1);
	assert_int_equal(crl_entries(crl), LEAVES - 1);
	assert_int_equal(crl_point_shard("00000105", 4), 1);
	assert_int_equal(
	    crl_point_shard("7fffffffffffffffffffffffffffffffffffffff", 10), 7);
	/* Of all certificates, and so without a scope. */
	assert_int_equal(
	    X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1), -1);
	for (int i = 0; i < LEAVES; i++) {
		int mine = crl_point_shard(serials[i], SHARDS);
		int want = i < LEAVES - 1 ? X509_V_ERR_CERT_REVOKED : X509_V_OK;

		assert_int_equal(crl_verdict(house, leaves[i], shards[mine], NULL), want);
		assert_int_equal(crl_verdict(house, leaves[i], crl, NULL), want);
		assert_int_equal(
		    crl_verdict(house, leaves[i], shards[(mine + 1) % SHARDS], NULL),
		    X509_V_ERR_DIFFERENT_CRL_SCOPE);
		X509_free(leaves[i]);
	}
	for (int i = 0; i < SHARDS; i++)
		X509_CRL_free(shards[i]);
	X509_CRL_free(crl);
}

static void
only_shards_with_a_new_revocation_are_made_anew(void **state)
{
	struct house *house = *state;
	char serial[STORE_SERIAL_SIZE];
	int64_t now = clock_now_s();
	int mine;

	house_divide_crls(house, SHARDS);
	X509_free(house_leaf(house, serial));
	mine = crl_point_shard(serial, SHARDS);
	authority_publish(house->authority, now);
	house_revoke(house, serial, SUPERSEDED);
	authority_publish(house->authority, now);
	authority_publish(house->authority, now + 1);
	for (int i = 0; i < SHARDS; i++) {
		X509_CRL *crl = house_crl(house, "internal", i, false);

		assert_int_equal(crl_number(crl), i == mine ? now + 1 : now);
		X509_CRL_free(crl);
	}
	/* A CRL divided further is complete within seconds, too. */
	house_divide_crls(house, SHARDS + 1);
	authority_publish(house->authority, now + 2);
	authority_publish(house->authority, now + 3);
	X509_CRL_free(house_crl(house, "internal", SHARDS, false));
	assert_int_equal(number(house), now + 3);
}

static void
numbers_rise_over_a_restart_and_old_crls_are_served(void **state)
{
	struct house *house = *state;
	int64_t now = clock_now_s();

	authority_publish(house->authority, now);
	authority_publish(house->authority, now + DAY);
	house_reopen(house);
	assert_int_equal(number(house), now + DAY);
	authority_publish(house->authority, now + DAY + 1);
	assert_int_equal(number(house), now + DAY);
	authority_publish(house->authority, now + 2 * DAY);
	assert_int_equal(number(house), now + 2 * DAY);
}

static void
numbers_rise_when_the_clock_goes_back(void **state)
{
	struct house *house = *state;
	char serial[STORE_SERIAL_SIZE];
	int64_t now = clock_now_s();

	X509_free(house_leaf(house, serial));
	authority_publish(house->authority, now);
	house_revoke(house, serial, SUPERSEDED);
	authority_publish(house->authority, now - 3600);
	authority_publish(house->authority, now - 3599);
	assert_int_equal(number(house), now + 1);
}

static void
while_the_token_is_away_the_last_one_is_served(void **state)
{
	struct house *house = *state;
	char serial[STORE_SERIAL_SIZE];
	int64_t now = clock_now_s();
	struct crl_info crl;
	struct error err;

	house->keys_are_away = true;
	house_reopen(house);
	assert_int_equal(authority_publish(house->authority, now), now + 5);
	assert_int_equal(authority_crl(house->authority, "internal", AUTHORITY_ALL_SHARDS,
			     false, &crl, &err),
	    -1);
	assert_int_equal(err.code, ERROR_TOKEN);
	house->keys_are_away = false;
	authority_publish(house->authority, now + 5);
	assert_int_equal(number(house), now + 5);
	X509_free(house_leaf(house, serial));
	house->keys_are_away = true;
	house_reopen(house);
	house_revoke(house, serial, SUPERSEDED);
	authority_publish(house->authority, now + 10);
	authority_publish(house->authority, now + 11);
	assert_int_equal(number(house), now + 5);
	house->keys_are_away = false;
	authority_publish(house->authority, now + 16);
	assert_int_equal(number(house), now + 16);
}

static void
an_entry_stays_until_a_scheduled_crl_after_the_end_had_it(void **state)
{
	struct house *house = *state;
	char serial[STORE_SERIAL_SIZE];
	int64_t now = clock_now_s(), end = now + 90 * DAY;
	X509_CRL *crl;

	X509_free(house_leaf(house, serial));
	house_revoke(house, serial, SUPERSEDED);
	authority_publish(house->authority, now);
	authority_publish(house->authority, end - 10);
	authority_publish(house->authority, end + DAY);
	crl = full(house);
	assert_int_equal(crl_reason(crl, serial), SUPERSEDED);
	X509_CRL_free(crl);
	authority_publish(house->authority, end + 2 * DAY);
	crl = full(house);
	assert_int_equal(crl_entries(crl), 0);
	X509_CRL_free(crl);
}

static void
an_expired_issuer_gets_none_further(void **state)
{
	struct house *house = *state;
	int64_t now = clock_now_s();

	authority_publish(house->authority, now);
	/* The intermediate lives 1825 days, the root 3650. */
	authority_publish(house->authority, now + 2000 * DAY);
	assert_int_equal(number(house), now);
	X509_CRL_free(house_crl(house, "root", AUTHORITY_ALL_SHARDS, false));
}

static void
refuses_what_there_is_not(void **state)
{
	struct house *house = *state;
	struct crl_info crl;
	struct error err;

	authority_publish(house->authority, clock_now_s());
	assert_int_equal(authority_crl(house->authority, "other", AUTHORITY_ALL_SHARDS,
			     false, &crl, &err),
	    -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(
	    authority_crl(house->authority, "internal", 0, false, &crl, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_non_null(strstr(err.text, "no shard 0"));
}

static void
count_wake(void *ctx)
{
	*(int *)ctx += 1;
}

static void
wakes_the_publisher_for_a_revocation_and_for_issuers(void **state)
{
	struct house *house = *state;
	struct issuer_spec spec = { .name = "other",
		.parent = "root",
		.subject = "/CN=other",
		.path_len = -1,
		.key = ec_key("P-256"),
		.actor = "test" };
	const struct issuer_change shards = { .crl_shards = 4, .actor = "test" };
	struct violations v = { 0 };
	char serial[STORE_SERIAL_SIZE];
	int woken = 0;

	authority_on_change(house->authority, count_wake, &woken);
	X509_free(house_leaf(house, serial));
	assert_int_equal(woken, 0);
	house_revoke(house, serial, SUPERSEDED);
	assert_int_equal(woken, 1);
	house_revoke(house, serial, SUPERSEDED);
	assert_int_equal(woken, 1);
	house_add_key(house, "other", spec.key);
	assert_int_equal(authority_create_issuer(house->authority, &spec, &v, NULL), 0);
	assert_int_equal(woken, 2);
	/* The new shards are in certificates from now on. */
	assert_int_equal(
	    authority_change_issuer(house->authority, "other", &shards, &v, NULL), 0);
	assert_int_equal(woken, 3);
	authority_on_change(house->authority, NULL, NULL);
}

#define ROUNDS 20

static void *
publish_often(void *ctx)
{
	struct house *house = ctx;
	int64_t now = clock_now_s();

	for (int i = 0; i < ROUNDS; i++)
		authority_publish(house->authority, now + i);
	return NULL;
}

static void
revokes_and_serves_while_crls_are_made(void **state)
{
	struct house *house = *state;
	char serials[ROUNDS][STORE_SERIAL_SIZE];
	struct crl_info crl;
	pthread_t publisher;

	for (int i = 0; i < ROUNDS; i++)
		X509_free(house_leaf(house, serials[i]));
	authority_publish(house->authority, clock_now_s());
	assert_int_equal(pthread_create(&publisher, NULL, publish_often, house), 0);
	for (int i = 0; i < ROUNDS; i++) {
		house_revoke(house, serials[i], SUPERSEDED);
		assert_int_equal(authority_crl(house->authority, "internal",
				     AUTHORITY_ALL_SHARDS, false, &crl, NULL),
		    0);
		assert_true(shared_bytes(crl.der).data[0] == 0x30);
		shared_free(crl.der);
	}
	pthread_join(publisher, NULL);
	authority_publish(house->authority, clock_now_s() + 2 * ROUNDS);
	authority_publish(house->authority, clock_now_s() + 2 * ROUNDS + 1);
	for (int i = 0; i < ROUNDS; i++) {
		X509_CRL *list = full(house);

		assert_int_equal(crl_reason(list, serials[i]), SUPERSEDED);
		X509_CRL_free(list);
	}
}

#define HOUSE_TEST(name)                                                                 \
	cmocka_unit_test_setup_teardown(name, house_setup, house_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(every_issuer_gets_a_crl_and_a_delta_at_once),
		HOUSE_TEST(a_burst_of_revocations_is_one_crl_within_seconds),
		HOUSE_TEST(a_delta_and_its_base_are_the_new_crl),
		HOUSE_TEST(shards_together_are_the_full_crl),
		HOUSE_TEST(only_shards_with_a_new_revocation_are_made_anew),
		HOUSE_TEST(numbers_rise_over_a_restart_and_old_crls_are_served),
		HOUSE_TEST(numbers_rise_when_the_clock_goes_back),
		HOUSE_TEST(while_the_token_is_away_the_last_one_is_served),
		HOUSE_TEST(an_entry_stays_until_a_scheduled_crl_after_the_end_had_it),
		HOUSE_TEST(an_expired_issuer_gets_none_further),
		HOUSE_TEST(refuses_what_there_is_not),
		HOUSE_TEST(wakes_the_publisher_for_a_revocation_and_for_issuers),
		HOUSE_TEST(revokes_and_serves_while_crls_are_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

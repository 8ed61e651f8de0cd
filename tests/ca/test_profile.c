/* test_profile.c - the built-in profiles, lengths of life and serial numbers. */
#include "ca/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ca/serial.h"
#include "ca/validity.h"
#include "tests/ca/support.h"

#define NOW INT64_C(1800000000)

static void
has_server_client_and_peer(void **state)
{
	(void)state;
	assert_string_equal(profile_find("server")->ekus[0], "serverAuth");
	assert_null(profile_find("server")->ekus[1]);
	assert_string_equal(profile_find("client")->ekus[0], "clientAuth");
	assert_string_equal(profile_find("peer")->ekus[1], "clientAuth");
	assert_null(profile_find("intermediate"));
	assert_null(profile_at(3));
}

static void
counts_both_ends_of_a_validity(void **state)
{
	struct violations v = { 0 };
	struct validity validity;

	(void)state;
	validity_choose(profile_find("server"), 3600, NOW, NULL, &validity, &v);
	assert_int_equal(v.count, 0);
	assert_int_equal(validity.not_before, NOW - 300);
	assert_int_equal(validity.not_after, NOW + 3599);
}

static void
refuses_too_long_and_too_short(void **state)
{
	const struct profile *server = profile_find("server");
	struct violations long_one = { 0 }, negative = { 0 }, longest = { 0 };
	struct validity validity;

	(void)state;
	validity_choose(server, server->max_validity_s, NOW, NULL, &validity, &longest);
	assert_int_equal(longest.count, 0);
	validity_choose(
	    server, server->max_validity_s + 1, NOW, NULL, &validity, &long_one);
	assert_true(breaks(&long_one, RULE_VALIDITY_RANGE));
	validity_choose(server, -1, NOW, NULL, &validity, &negative);
	assert_true(breaks(&negative, RULE_VALIDITY_RANGE));
}

static void
shortens_only_what_nobody_asked_for(void **state)
{
	const struct validity issuer = { NOW - 100, NOW + 1000 };
	struct violations by_default = { 0 }, by_wish = { 0 };
	struct validity validity;

	(void)state;
	validity_choose(profile_find("server"), 0, NOW, &issuer, &validity, &by_default);
	assert_int_equal(by_default.count, 0);
	assert_int_equal(validity.not_before, issuer.not_before);
	assert_int_equal(validity.not_after, issuer.not_after);
	validity_choose(profile_find("server"), 1002, NOW, &issuer, &validity, &by_wish);
	assert_true(breaks(&by_wish, RULE_VALIDITY_BEYOND_ISSUER));
}

static void
refuses_an_expired_issuer(void **state)
{
	const struct validity issuer = { NOW - 100, NOW - 1 };
	struct violations v = { 0 };
	struct validity validity;

	(void)state;
	validity_choose(profile_find("server"), 0, NOW, &issuer, &validity, &v);
	assert_true(breaks(&v, RULE_VALIDITY_BEYOND_ISSUER));
}

static void
makes_serials_of_twenty_octets(void **state)
{
	unsigned char last[SERIAL_BYTES] = { 0 }, serial[SERIAL_BYTES];
	struct error err = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(serial_new(NULL, serial, &err), 0);
		assert_in_range(serial[0], 0x40, 0x7f);
		assert_memory_not_equal(serial, last, sizeof(serial));
		memcpy(last, serial, sizeof(serial));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_server_client_and_peer),
		cmocka_unit_test(counts_both_ends_of_a_validity),
		cmocka_unit_test(refuses_too_long_and_too_short),
		cmocka_unit_test(shortens_only_what_nobody_asked_for),
		cmocka_unit_test(refuses_an_expired_issuer),
		cmocka_unit_test(makes_serials_of_twenty_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_subnet.c - which addresses are one peer. */
#include "base/subnet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
an_address_is_of_the_network_that_a_host_has_to_itself(void **state)
{
	static const struct {
		const char *address, *network;
	} cases[] = {
		{ "192.0.2.7", "192.0.2.7" },
		{ "126.255.255.255", "126.255.255.255" },
		{ "127.1.2.3", "127.0.0.0/8" },
		{ "128.0.0.1", "128.0.0.1" },
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
		{ "2001:db8:1:2::", "2001:db8:1:2::/64" },
		{ "::1", "::/64" },
		{ "::ffff:192.0.2.7", "::ffff:192.0.2.7" },
		{ "unknown", "unknown" },
		{ "", "" },
	};
	char network[SUBNET_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(
		    subnet_of(cases[i].address, network), cases[i].network);
}

static void
the_longest_address_has_room_and_longer_text_is_cut(void **state)
{
	char network[SUBNET_SIZE], text[2 * SUBNET_SIZE];

	(void)state;
	assert_string_equal(
	    subnet_of("1111:2222:3333:4444:5555:6666:123.123.123.123", network),
	    "1111:2222:3333:4444::/64");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(strlen(subnet_of(text, network)), SUBNET_SIZE - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_of_the_network_that_a_host_has_to_itself),
		cmocka_unit_test(the_longest_address_has_room_and_longer_text_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

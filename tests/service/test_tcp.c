/* test_tcp.c - addresses as numbers, and who gets them. */
#include "service/tcp.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct tcp_address
read_address(const char *text)
{
	struct tcp_address address;

	assert_int_equal(tcp_address_read(text, &address, NULL), 0);
	return address;
}

static void
reads_addresses_of_both_kinds(void **state)
{
	struct tcp_address v4 = read_address("127.0.0.1:8080"),
			   v6 = read_address("[::1]:65535");
	char host[TCP_HOST_SIZE];

	(void)state;
	assert_int_equal(tcp_port(&v4), 8080);
	assert_string_equal(tcp_host((struct sockaddr *)&v4.socket, host), "127.0.0.1");
	assert_int_equal(tcp_port(&v6), 65535);
	assert_string_equal(tcp_host((struct sockaddr *)&v6.socket, host), "::1");
}

static void
refuses_what_is_no_address(void **state)
{
	static const char *const texts[] = { "", ":", ":80", "127.0.0.1",
		"127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1: 80",
		"127.1:80", "::1:80", "[::1]", "[::1:80", "::1]:80", "[]:80",
		"[127.0.0.1]:80", "localhost:80", "[fe80::1%lo]:80",
		"[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:80" };
	struct tcp_address address;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (tcp_address_read(texts[i], &address, &err) == 0)
			fail_msg("\"%s\" was taken", texts[i]);
}

static void
knows_loopback(void **state)
{
	static const char *const loopback[] = { "127.0.0.1:1", "127.255.255.255:1",
		"[::1]:1" },
				 *const other[] = { "0.0.0.0:1", "126.0.0.1:1",
					 "128.0.0.1:1", "[::]:1", "[::2]:1",
					 "[::ffff:127.0.0.1]:1" };
	struct tcp_address address;

	(void)state;
	for (size_t i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
		address = read_address(loopback[i]);
		assert_true(tcp_address_is_loopback(&address));
	}
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		address = read_address(other[i]);
		assert_false(tcp_address_is_loopback(&address));
	}
}

static void
tells_addresses_apart(void **state)
{
	static const char *const texts[] = { "127.0.0.1:1", "127.0.0.1:2", "127.0.0.2:1",
		"[::1]:1", "[::1]:2", "[::2]:1", "[::ffff:127.0.0.1]:1" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (size_t j = 0; j < sizeof(texts) / sizeof(texts[0]); j++) {
			struct tcp_address a = read_address(texts[i]),
					   b = read_address(texts[j]);

			assert_int_equal(tcp_address_is_same(&a, &b), i == j);
		}
}

static void
shows_a_host_without_its_port_and_ipv6_clothes(void **state)
{
	static const char *const cases[][2] = {
		{ "192.0.2.1:1", "192.0.2.1" },
		{ "[::ffff:127.9.8.7]:1", "127.9.8.7" },
		{ "[2001:db8::1]:1", "2001:db8::1" },
	};
	char host[TCP_HOST_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tcp_address address = read_address(cases[i][0]);

		assert_string_equal(
		    tcp_host((const struct sockaddr *)&address.socket, host),
		    cases[i][1]);
	}
}

static void
an_address_is_listened_on_once(void **state)
{
	struct tcp_address address = read_address("127.0.0.1:1"), bound;
	struct error err = { 0 };
	int first, second;

	(void)state;
	((struct sockaddr_in *)&address.socket)->sin_port = 0; /* any free one */
	assert_int_equal(tcp_listen(&address, "x", &first, NULL), 0);
	assert_int_equal(tcp_address_of(first, &bound, NULL), 0);
	assert_int_equal(tcp_listen(&bound, "127.0.0.1:p", &second, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_string_equal(err.text, "address in use: 127.0.0.1:p");
	close(first);
	assert_int_equal(tcp_listen(&bound, "x", &second, NULL), 0);
	close(second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_addresses_of_both_kinds),
		cmocka_unit_test(refuses_what_is_no_address),
		cmocka_unit_test(knows_loopback),
		cmocka_unit_test(tells_addresses_apart),
		cmocka_unit_test(shows_a_host_without_its_port_and_ipv6_clothes),
		cmocka_unit_test(an_address_is_listened_on_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

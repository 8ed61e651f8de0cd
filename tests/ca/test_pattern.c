/* test_pattern.c - which names match which patterns and networks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ca/dnspattern.h"
#include "ca/emailname.h"
#include "ca/network.h"
#include "ca/uriname.h"
#include "tests/ca/support.h"

struct pair {
	const char *pattern, *name;
};
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static struct bytes
bytes(const char *text)
{
	return (struct bytes){ (const unsigned char *)text, strlen(text) };
}

static void
all(const struct pair *pairs, size_t count, bool (*matches)(struct bytes, struct bytes),
    bool wanted)
{
	for (size_t i = 0; i < count; i++)
		if (matches(bytes(pairs[i].pattern), bytes(pairs[i].name)) != wanted)
			fail_msg("%s, %s", pairs[i].pattern, pairs[i].name);
}

static void
a_star_is_one_whole_label(void **state)
{
	static const struct pair yes[] = { { "*.svc.example", "a.svc.example" },
		{ "a.*.example", "a.svc.example" }, { "*", "localhost" },
		{ "milvus.example", "milvus.example" },
		{ "*.svc.example", "*.svc.example" } };
	static const struct pair no[] = { { "*.svc.example", "svc.example" },
		{ "*.svc.example", "a.b.svc.example" }, { "*", "a.example" },
		{ "*.svc.example", "asvc.example" },
		{ "*.svc.example", "a.svc.example.evil" },
		{ "svc.example", "a.svc.example" }, { "a.example", "*.example" },
		{ "milvus.example", "milvus.exampl" } };

	(void)state;
	all(yes, COUNT(yes), dnspattern_matches, true);
	all(no, COUNT(no), dnspattern_matches, false);
}

static void
an_empty_label_is_none(void **state)
{
	static const struct pair no[] = { { "svc.example", ".svc.example" },
		{ "example", ".example" }, { "*.example", ".example" },
		{ "*.*.example", "a..example" }, { "**.example", "a..example" },
		{ "**", "example." }, { "**", "." }, { "**", "" } };
	static const struct pair uris[] = { { "spiffe://prod/a", "spiffe://.prod/a" },
		{ "spiffe://*/a", "spiffe://prod./a" } };

	(void)state;
	all(no, COUNT(no), dnspattern_matches, false);
	all(uris, COUNT(uris), uriname_matches, false);
}

static void
two_stars_are_one_label_or_more(void **state)
{
	static const struct pair yes[] = { { "**.svc.example", "a.svc.example" },
		{ "**.svc.example", "a.b.svc.example" }, { "**", "localhost" },
		{ "**", "a.b.c" }, { "**", "*.b.c" } };
	static const struct pair no[] = { { "**.svc.example", "svc.example" },
		{ "**.svc.example", "evilsvc.example" } };

	(void)state;
	all(yes, COUNT(yes), dnspattern_matches, true);
	all(no, COUNT(no), dnspattern_matches, false);
}

static void
refuses_what_is_no_pattern_of_names(void **state)
{
	static const char *const bad[] = { "", ".", ".example", "example.", "a..b",
		"w*.example", "a.**.example", "***", "A.example", "a_b", "-a", "a-",
		"10.0.0.0/8", "*.", "a b" };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (dnspattern_is_valid(bytes(bad[i])))
			fail_msg("%s", bad[i]);
	assert_true(dnspattern_is_valid(bytes("**.a-1.example")));
}

static bool
network_holds(const char *network, const char *octets, size_t len)
{
	struct network read;

	assert_int_equal(network_read(network, &read), 0);
	return network_has(&read, (struct bytes){ (const unsigned char *)octets, len });
}

static void
a_network_has_what_begins_like_it(void **state)
{
	static const char loopback[16] = { [15] = 1 };

	(void)state;
	assert_true(network_holds("10.0.0.0/8", "\x0a\xff\x01\x02", 4));
	assert_false(network_holds("10.0.0.0/8", "\x0b\x00\x00\x00", 4));
	assert_true(network_holds("10.128.0.0/9", "\x0a\x80\x00\x01", 4));
	assert_false(network_holds("10.128.0.0/9", "\x0a\x7f\x00\x01", 4));
	assert_true(network_holds("192.0.2.1", "\xc0\x00\x02\x01", 4));
	assert_false(network_holds("192.0.2.1", "\xc0\x00\x02\x02", 4));
	assert_true(network_holds("0.0.0.0/0", "\xff\xff\xff\xff", 4));
	assert_true(network_holds("::/0", loopback, 16));
	assert_true(network_holds("::1", loopback, 16));
	assert_false(network_holds("0.0.0.0/0", loopback, 16));
	assert_false(network_holds("::/0", "\x0a\x00\x00\x00", 4));
}

static void
refuses_what_is_no_network(void **state)
{
	static const char *const bad[] = { "", "/8", "10.0.0.0/33", "10.0.0.0/",
		"10.0.0.1/8", "fd00::/129", "fd00::1/8", "10.0.0.0/08", "10.0.0/8",
		"host", "10.0.0.0/-1", "10.0.0.0/8 " };
	struct network network;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (network_read(bad[i], &network) == 0)
			fail_msg("%s", bad[i]);
}

static void
uris_match_part_by_part(void **state)
{
	static const struct pair yes[] = {
		{ "spiffe://prod.example/ns/*/sa/*", "spiffe://prod.example/ns/a/sa/b" },
		{ "spiffe://prod.example/**", "spiffe://prod.example/a/b" },
		{ "spiffe://prod.example", "spiffe://prod.example" },
		{ "https://*.example/x", "https://a.example/x" },
		{ "https://10.0.0.1/x", "https://10.0.0.1/x" },
	};
	static const struct pair no[] = {
		{ "spiffe://prod.example/ns/*", "spiffe://prod.example/ns/a/b" },
		{ "spiffe://prod.example/**", "spiffe://prod.example" },
		{ "spiffe://prod.example/*", "spiffe://test.example/a" },
		{ "https://prod.example/a", "http://prod.example/a" },
		{ "https://prod.example/a", "https://prod.example/A" },
		{ "https://**/x", "https://10.0.0.1/x" },
		{ "https://prod.example", "https://prod.example/a" },
	};

	(void)state;
	all(yes, COUNT(yes), uriname_matches, true);
	all(no, COUNT(no), uriname_matches, false);
}

static void
refuses_what_is_no_pattern_of_uris(void **state)
{
	static const char *const bad[] = { "", "spiffe:", "://a", "*://a.example",
		"urn:a:b", "https://", "https://a.example/x*", "https://a.example/**/x",
		"https://a.example//x", "https://a.example/", "https://a.example/../x",
		"https://a.example/x?y", "HTTPS://a.example", "https://u@a.example/x",
		"https://a.example:443/x" };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (uriname_pattern_is_valid(bytes(bad[i])))
			fail_msg("%s", bad[i]);
	assert_true(uriname_pattern_is_valid(bytes("https://a.example/*/**")));
}

static void
mail_matches_by_its_host(void **state)
{
	static const struct pair yes[] = { { "*@example.com", "Jane.Doe@example.com" },
		{ "ca@*.example.com", "ca@mail.example.com" } };
	static const struct pair no[] = { { "*@example.com", "jane@mail.example.com" },
		{ "ca@example.com", "CA@example.com" },
		{ "*@example.com", "jane@example.com.evil" } };
	static const char *const bad[] = { "", "@", "example.com", "*@", "@example.com",
		"a b@example.com", "a@b@example.com", ".a@example.com" };

	(void)state;
	all(yes, COUNT(yes), emailname_matches, true);
	all(no, COUNT(no), emailname_matches, false);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (emailname_pattern_is_valid(bytes(bad[i])))
			fail_msg("%s", bad[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_star_is_one_whole_label),
		cmocka_unit_test(an_empty_label_is_none),
		cmocka_unit_test(two_stars_are_one_label_or_more),
		cmocka_unit_test(refuses_what_is_no_pattern_of_names),
		cmocka_unit_test(a_network_has_what_begins_like_it),
		cmocka_unit_test(refuses_what_is_no_network),
		cmocka_unit_test(uris_match_part_by_part),
		cmocka_unit_test(refuses_what_is_no_pattern_of_uris),
		cmocka_unit_test(mail_matches_by_its_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

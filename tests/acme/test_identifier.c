/* test_identifier.c - names that can be ordered, and what cannot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "acme/identifier.h"

static struct error err;
static struct identifier identifier;

static void
is(const char *text, const char *type, const char *value, const char *server)
{
	struct buffer name;

	buf_init(&name, 0);
	assert_int_equal(identifier_read(text, &identifier, &err), 0);
	assert_string_equal(identifier.type, type);
	assert_string_equal(identifier.value, value);
	identifier_server_name(&identifier, &name);
	assert_string_equal(buf_string(&name), server);
	buf_free(&name);
}

static void
names_and_addresses_are_told_apart(void **state)
{
	(void)state;
	is("WWW.Example.org", "dns", "www.example.org", "www.example.org");
	is("dns:a", "dns", "a", "a");
	is("xn--mnchen-3ya.example", "dns", "xn--mnchen-3ya.example",
	    "xn--mnchen-3ya.example");
	is("192.0.2.1", "ip", "192.0.2.1", "1.2.0.192.in-addr.arpa");
	is("ip:2001:DB8:0:0::1", "ip", "2001:db8::1",
	    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

static void
a_wildcard_is_one_of_its_base(void **state)
{
	(void)state;
	is("*.Example.org", "dns", "*.example.org", "example.org");
	assert_true(identifier_is_wildcard(&identifier));
	assert_string_equal(identifier_base(&identifier), "example.org");
}

static void
nothing_else_is_ordered(void **state)
{
	static const char *const wrong[] = { "", ".", "a..b", "a.", "-a", "a-", "a b",
		"a/b", "../x", "*", "*.", "a.*.b", "**.a", "email:a@b", "a@b", "uri:x",
		"ip:a.example", "a\nb", "\xc3\xa4.example", "$(id)", "a;b",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b" };
	char long_name[300];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (identifier_read(wrong[i], &identifier, &err) == 0)
			fail_msg("\"%s\" is taken", wrong[i]);
	assert_int_equal(err.code, ERROR_CONFIG);
	for (size_t i = 0; i < sizeof(long_name) - 1; i++)
		long_name[i] = i % 2 == 0 ? 'a' : '.';
	long_name[255] = '\0';
	assert_int_equal(identifier_read(long_name, &identifier, &err), -1);
	long_name[253] = '\0';
	assert_int_equal(identifier_read(long_name, &identifier, &err), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_addresses_are_told_apart),
		cmocka_unit_test(a_wildcard_is_one_of_its_base),
		cmocka_unit_test(nothing_else_is_ordered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

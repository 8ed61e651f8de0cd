/* test_namepattern.c - patterns of names of any kind. */
#include "ca/namepattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ca/san.h"

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

static const struct {
	const char *pattern, *name;
	bool matches;
} cases[] = {
	{ "*.svc.example", "dns:a.svc.example", true },
	{ "*.svc.example", "dns:*.svc.example", true },
	{ "*.svc.example", "dns:svc.example", false },
	{ "*.svc.example", "dns:a.b.svc.example", false },
	{ "*.svc.example", "dns:xsvc.example", false },
	{ "**.svc.example", "dns:a.b.svc.example", true },
	{ "**", "dns:localhost", true },
	{ "**", "ip:10.0.0.1", false },
	{ "**", "uri:spiffe://example/web", false },
	{ "**", "email:a@example", false },
	{ "10.0.0.0/8", "ip:10.9.8.7", true },
	{ "10.0.0.0/8", "ip:11.0.0.1", false },
	{ "10.0.0.0/8", "dns:10.0.0.1", false },
	{ "127.0.0.1", "ip:127.0.0.1", true },
	{ "127.0.0.1", "ip:127.0.0.2", false },
	{ "0.0.0.0/0", "ip:fd00::1", false },
	{ "fd00::/8", "ip:fd00::1", true },
	{ "spiffe://example/*", "uri:spiffe://example/web", true },
	{ "spiffe://example/*", "uri:spiffe://example/web/2", false },
	{ "spiffe://example/*", "uri:https://example/web", false },
	{ "spiffe://example/**", "uri:spiffe://example/web/2", true },
	{ "*@example", "email:a@example", true },
	{ "*@example", "email:a@sub.example", false },
	{ "*@example", "dns:example", false },
};

static void
matches_names_of_its_own_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		GENERAL_NAMES *names;

		assert_true(namepattern_is_valid(cases[i].pattern));
		assert_int_equal(san_from_text(&cases[i].name, 1, &names, NULL), 0);
		if (namepattern_matches(cases[i].pattern,
			sk_GENERAL_NAME_value(names, 0)) != cases[i].matches)
			fail_msg("%s and %s", cases[i].pattern, cases[i].name);
		GENERAL_NAMES_free(names);
	}
}

static void
matches_no_name_of_another_kind(void **state)
{
	GENERAL_NAME *name = GENERAL_NAME_new();

	(void)state;
	GENERAL_NAME_set0_value(name, GEN_RID, OBJ_txt2obj("1.2.3.4", 1));
	assert_false(namepattern_matches("**", name));
	GENERAL_NAME_free(name);
}

/* A mistake that would match nothing, or another thing than is meant. */
static void
refuses_what_is_no_pattern(void **state)
{
	static const char *const wrong[] = { "", "a*.example", "Web.example", ".example",
		"a..example", "*.svc.example.", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.256",
		"fd00::1::2", "dns:a.example", "spiffe://", "*://example/web",
		"https://user@example/", "@example", "a b@example", "a.**.example" };

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		if (namepattern_is_valid(wrong[i]))
			fail_msg("%s", wrong[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_names_of_its_own_kind),
		cmocka_unit_test(matches_no_name_of_another_kind),
		cmocka_unit_test(refuses_what_is_no_pattern),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

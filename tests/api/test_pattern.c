/* test_pattern.c - what '*' stands for. */
#include "api/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct pair {
	const char *pattern, *name;
};

static void
matches(void **state)
{
	static const struct pair pairs[] = {
		{ "web", "web" },
		{ "*", "web" },
		{ "*", "" },
		{ "**", "w" },
		{ "api-*", "api-" },
		{ "api-*", "api-eu" },
		{ "*-eu", "api-eu" },
		{ "*-eu", "-eu-eu" },
		{ "a*i-*u", "api-eu" },
		{ "*a*b*", "xaxbx" },
		{ "w.b", "w.b" },
		{ "a*ab", "aab" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		if (!pattern_matches(pairs[i].pattern, pairs[i].name))
			fail_msg("%s does not match %s", pairs[i].pattern, pairs[i].name);
}

static void
does_not_match(void **state)
{
	static const struct pair pairs[] = {
		{ "web", "web2" },
		{ "web", "we" },
		{ "web", "" },
		{ "", "web" },
		{ "api-*", "api" },
		{ "api-*", "my-api-eu" },
		{ "*-eu", "api-eu2" },
		{ "*-eu", "eu" },
		{ "w.b", "web" },
		{ "a*b*c", "acb" },
		{ "a*ab", "ab" },
		/* The name that was asked for is no pattern. */
		{ "web", "*" },
		{ "web", "w*" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		if (pattern_matches(pairs[i].pattern, pairs[i].name))
			fail_msg("%s matches %s", pairs[i].pattern, pairs[i].name);
}

static void
gives_up_soon_on_many_stars(void **state)
{
	char pattern[64] = "", name[64];

	(void)state;
	for (int i = 0; i < 31; i++)
		memcpy(pattern + 2 * i, "*a", 3);
	memset(name, 'a', 63);
	name[62] = 'b';
	name[63] = '\0';
	assert_false(pattern_matches(pattern, name));
	name[62] = 'a';
	assert_true(pattern_matches(pattern, name));
}

static void
takes_what_a_name_could_match(void **state)
{
	static const char *const valid[] = { "web", "*", "*-eu", "api-*", "0", "a.b_c-d",
		"*.eu" };
	static const char *const invalid[] = { "", "Web", "web/eu", "web?", "[ab]",
		"spki:00", "web eu",
		"w\xc3\xa9"
		"b",
		"-web", ".web", "_",
		"0123456789012345678901234567890123456789012345678901234567890123" };

	(void)state;
	for (size_t i = 0; i < sizeof(valid) / sizeof(*valid); i++)
		if (!pattern_is_valid(valid[i]))
			fail_msg("refused: %s", valid[i]);
	for (size_t i = 0; i < sizeof(invalid) / sizeof(*invalid); i++)
		if (pattern_is_valid(invalid[i]))
			fail_msg("taken: %s", invalid[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches),
		cmocka_unit_test(does_not_match),
		cmocka_unit_test(gives_up_soon_on_many_stars),
		cmocka_unit_test(takes_what_a_name_could_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

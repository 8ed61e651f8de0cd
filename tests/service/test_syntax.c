/* test_syntax.c - where in a file a setting is. */
#include "service/syntax.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct bytes
text_of(const char *text)
{
	return (struct bytes){ .data = (const unsigned char *)text, .len = strlen(text) };
}

static const char sample[] = "# a comment: token\n"
			     "token:\n"
			     "  module: \"label: x\"\n"
			     "  nested: { label: [1, { label: 2 }] }\n"
			     "  label: keyhold\n"
			     "listen:\n"
			     "  - { unix: /a, mode: 1 }\n"
			     "  -\n"
			     "    unix: /b\n"
			     "    mode: 2\n"
			     "state: /s\n";

static void
finds_a_setting(void **state)
{
	static const struct {
		const char *setting;
		size_t line;
	} cases[] = {
		{ "token", 2 },
		{ "token.module", 3 },
		{ "token.label", 5 },
		{ "token.nested.label[1].label", 4 },
		{ "listen", 6 },
		{ "listen[0].mode", 7 },
		{ "listen[1].unix", 9 },
		{ "listen[1].mode", 10 },
		{ "state", 11 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(
		    syntax_line(text_of(sample), cases[i].setting), cases[i].line);
}

static void
falls_back_to_what_encloses_it(void **state)
{
	(void)state;
	assert_int_equal(syntax_line(text_of(sample), "token.absent"), 2);
	assert_int_equal(syntax_line(text_of(sample), "listen[7].mode"), 6);
	assert_int_equal(syntax_line(text_of(sample), "state.deeper"), 11);
	assert_int_equal(syntax_line(text_of(sample), "absent"), 1);
	assert_int_equal(syntax_line(text_of(sample), ""), 1);
	assert_int_equal(syntax_line(text_of("text"), "absent[0]"), 1);
}

static void
accepts_one_document(void **state)
{
	(void)state;
	assert_int_equal(syntax_check(text_of(sample), "k.yaml", NULL), 0);
	assert_int_equal(syntax_check(text_of("---\na: 1\n...\n"), "k.yaml", NULL), 0);
}

static void
refuses_what_is_not_one_document(void **state)
{
	static const struct {
		const char *text, *place;
	} cases[] = {
		{ "", "k.yaml:1: " },
		{ "# nothing\n", "k.yaml:1: " },
		{ "a: 1\n\tb: 2\n", "k.yaml:2: " },
		{ "a: 1\nb: [1, 2\n", "k.yaml:3: " },
		{ "a: 1\nb: \"open\n", "k.yaml:3: " },
		{ "a: 1\n---\nb: 2\n", "k.yaml:2: " },
		{ "a: &x 1\nb: *x\n", "k.yaml:2: " },
		{ "a: \xff\n", "k.yaml:1: " },
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		err.code = ERROR_NONE;
		assert_int_equal(
		    syntax_check(text_of(cases[i].text), "k.yaml", &err), -1);
		assert_int_equal(err.code, ERROR_CONFIG);
		if (strncmp(err.text, cases[i].place, strlen(cases[i].place)) != 0)
			fail_msg("%zu: %s", i, err.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_a_setting),
		cmocka_unit_test(falls_back_to_what_encloses_it),
		cmocka_unit_test(accepts_one_document),
		cmocka_unit_test(refuses_what_is_not_one_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

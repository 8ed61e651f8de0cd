/* test_words.c - a command line, split. */
#include "cli/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The words between bars. */
static void
assert_words(const char *line, const char *expected)
{
	json_t *words = NULL, *word;
	char text[256] = "|";
	struct error err;
	size_t i;

	if (words_split(line, &words, &err) != 0)
		fail_msg("%s: %s", line, err.text);
	json_array_foreach (words, i, word) {
		size_t len = strlen(text);

		snprintf(text + len, sizeof(text) - len, "%s|", json_string_value(word));
	}
	assert_string_equal(text, expected);
	json_decref(words);
}

static void
assert_refused(const char *line, const char *why)
{
	json_t *words = NULL;
	struct error err = { 0 };

	if (words_split(line, &words, &err) == 0)
		fail_msg("\"%s\" was split", line);
	assert_null(words);
	assert_int_equal(err.code, ERROR_CONFIG);
	if (strstr(err.text, why) == NULL)
		fail_msg("%s: %s", line, err.text);
}

static void
splits_at_blanks(void **state)
{
	(void)state;
	assert_words("systemctl reload nginx", "|systemctl|reload|nginx|");
	assert_words("  a \t b  ", "|a|b|");
	assert_words("/usr/bin/true", "|/usr/bin/true|");
	assert_words("a=b --c=d,e", "|a=b|--c=d,e|");
}

static void
keeps_together_what_is_quoted(void **state)
{
	(void)state;
	assert_words("'a b' c", "|a b|c|");
	assert_words("\"a  b\"c", "|a  bc|");
	assert_words("a\\ b '' \"\"", "|a b|||");
	assert_words("'$HOME|x' '\\n'", "|$HOME|x|\\n|");
	assert_words("\"\\\"q\\\" \\$x \\a\"", "|\"q\" $x \\a|");
	assert_words("\\$x \\'", "|$x|'|");
}

static void
refuses_what_only_a_shell_understands(void **state)
{
	static const char *const lines[] = { "a | b", "a && b", "a; b", "a > b", "a < b",
		"a $HOME", "a `b`", "a *.pem", "a ?", "(a)", "a \"$b\"", "a \"`b`\"",
		"a\nb", "# a", "~/a" };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_refused(lines[i], "to a shell only");
}

static void
refuses_what_has_no_end(void **state)
{
	(void)state;
	assert_refused("a 'b", "without its end");
	assert_refused("a \"b", "without its end");
	assert_refused("a \"b\\\"", "without its end");
	assert_refused("a \\", "nothing after it");
	assert_refused("", "no program");
	assert_refused("   ", "no program");
	assert_refused("a \xff", "UTF-8");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_at_blanks),
		cmocka_unit_test(keeps_together_what_is_quoted),
		cmocka_unit_test(refuses_what_only_a_shell_understands),
		cmocka_unit_test(refuses_what_has_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

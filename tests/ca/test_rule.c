/* test_rule.c - the manual lists exactly the rules that the code names. */
#include "ca/rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "ca/violation.h"
#include "ca/warning.h"

/* The manual without the backticks of its names. */
static void
read_manual(struct buffer *plain)
{
	struct error err = { 0 };
	struct buffer manual;

	buf_init(&manual, 0);
	buf_init(plain, 0);
	assert_int_equal(file_read(DOCS_CA, 1 << 20, &manual, &err), 0);
	for (size_t i = 0; i < manual.len; i++)
		if (manual.data[i] != '`')
			buf_append(plain, &manual.data[i], 1);
	buf_free(&manual);
}

static void
has_every_rule_in_the_manual(void **state)
{
	struct buffer manual, row;

	(void)state;
	read_manual(&manual);
	for (int i = 0; i < RULES; i++) {
		const struct rule_info *info = rule_info((enum rule)i);

		buf_init(&row, 0);
		buf_printf(&row, "\n| %s | %s | %s |\n", info->name, info->refuses,
		    info->source);
		if (strstr(buf_string(&manual), buf_string(&row)) == NULL)
			fail_msg("%s should have this row:%s", DOCS_CA, buf_string(&row));
		buf_free(&row);
	}
	buf_free(&manual);
}

static void
names_every_rule_once(void **state)
{
	(void)state;
	for (int i = 0; i < RULES; i++) {
		assert_non_null(rule_info((enum rule)i)->name);
		assert_non_null(rule_info((enum rule)i)->source);
		assert_non_null(rule_info((enum rule)i)->refuses);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(
			    rule_info((enum rule)i)->name, rule_info((enum rule)j)->name);
	}
}

static void
keeps_client_text_printable(void **state)
{
	struct violations v = { 0 };
	struct warnings w = { 0 };

	(void)state;
	violations_add(&v, RULE_SAN_KIND, "a\nb", "%s", "c\x1b[31m\xff");
	assert_string_equal(v.items[0].field, "a?b");
	assert_string_equal(v.items[0].detail, "c?[31m?");
	warnings_add(&w, "%s", "a\rb");
	assert_string_equal(w.items[0], "a?b");
}

static void
counts_what_does_not_fit(void **state)
{
	struct violations v = { 0 };
	struct warnings w = { 0 };
	struct error err = { 0 };

	(void)state;
	for (int i = 0; i < VIOLATIONS_MAX + 5; i++) {
		violations_add(&v, RULE_SAN_KIND, "san", "number %d", i);
		warnings_add(&w, "number %d", i);
	}
	assert_int_equal(v.count, VIOLATIONS_MAX);
	assert_int_equal(v.dropped, 5);
	assert_int_equal(w.count, WARNINGS_MAX);
	assert_int_equal(violations_verdict(&v, &err), -1);
	assert_int_equal(err.code, ERROR_REFUSED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_every_rule_in_the_manual),
		cmocka_unit_test(names_every_rule_once),
		cmocka_unit_test(keeps_client_text_printable),
		cmocka_unit_test(counts_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_yamldoc.c - flat YAML read as JSON, and written so that it reads the same. */
#include "cli/yamldoc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int
read_text(const char *text, struct yamldoc *doc, struct error *err)
{
	return yamldoc_read((struct bytes){ (const unsigned char *)text, strlen(text) },
	    "f.yaml", doc, err);
}

static void
reads_as(const char *text, const char *json)
{
	struct yamldoc doc = { 0 };
	struct error err = { 0 };
	char *got;

	if (read_text(text, &doc, &err) != 0)
		fail_msg("%s: %s", text, err.text);
	got = json_dumps(doc.members, JSON_COMPACT);
	assert_string_equal(got, json);
	free(got);
	yamldoc_clear(&doc);
}

static void
reads_words_numbers_truths_and_lists(void **state)
{
	(void)state;
	reads_as(
	    "a: word\nb: 12\nc: true\nd: [x, 1, \"2\"]\ne:\n  - y\n  - false\nf: []\n",
	    "{\"a\":\"word\",\"b\":12,\"c\":true,\"d\":[\"x\",1,\"2\"],"
	    "\"e\":[\"y\",false],\"f\":[]}");
	reads_as("# remark\n---\na: -5\nb: 10.0.0.0/8\nc: ::/0\nd: 1.3.6.1\n",
	    "{\"a\":-5,\"b\":\"10.0.0.0/8\",\"c\":\"::/0\",\"d\":\"1.3.6.1\"}");
}

/* YAML 1.1 makes truths of yes and no, and octals of 010: here they are words. */
static void
takes_only_what_looks_like_it(void **state)
{
	(void)state;
	reads_as("a: yes\nb: \"true\"\nc: 010\nd: '7'\ne: null\nf: 0x10\n",
	    "{\"a\":\"yes\",\"b\":\"true\",\"c\":\"010\",\"d\":\"7\",\"e\":\"null\","
	    "\"f\":\"0x10\"}");
	reads_as("a: \"\"\nb: 0\nc: 1234567890123456789\n",
	    "{\"a\":\"\",\"b\":0,\"c\":\"1234567890123456789\"}");
}

static void
says_in_which_line_it_is_wrong(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "", "f.yaml:1: \"member: value\" lines" },
		{ "- a\n", "f.yaml:1: \"member: value\" lines" },
		{ "a: 1\nb: {c: 1}\n", "f.yaml:2: a word, a number" },
		{ "a:\n  - x\n  - [y]\n", "f.yaml:3: a word, a number" },
		{ "a: 1\n\na: 2\n", "f.yaml:3: this member is there twice" },
		{ "a: 1\n? [b]\n: 2\n", "f.yaml:2: the name of a member" },
		{ "a: 1\nb:\n", "f.yaml:2: a value is missing" },
		{ "a: [x, *.svc.example]\n", "f.yaml:1: put what begins with *" },
		{ "a: 1\nb: *a\n", "f.yaml:2: put what begins with *" },
		{ "a: &b 1\n", "f.yaml:1: no tags and anchors" },
		{ "a: 1\nb: !!int 3\n", "f.yaml:2: no tags and anchors" },
		{ "a: 1\n  b: 2\n", "f.yaml:2: mapping values are not allowed" },
		{ "a: \"\\0\"\n", "f.yaml:1: a NUL" },
		{ "a: 1\n---\nb: 2\n", "f.yaml:2: a second document" },
		{ "a: 1\n\tb: 2\n", "f.yaml:2: " },
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct yamldoc doc = { 0 };

		assert_int_equal(read_text(bad[i].text, &doc, &err), -1);
		assert_int_equal(err.code, ERROR_CONFIG);
		if (strncmp(err.text, bad[i].why, strlen(bad[i].why)) != 0)
			fail_msg("%s: %s", bad[i].text, err.text);
		yamldoc_clear(&doc);
	}
}

static void
knows_the_lines_of_members_and_entries(void **state)
{
	struct yamldoc doc = { 0 };

	(void)state;
	assert_int_equal(
	    read_text("a: 1\nb:\n  - x\n\n  - y\nc: [p, q]\n", &doc, NULL), 0);
	assert_int_equal(yamldoc_line(&doc, "a"), 1);
	assert_int_equal(yamldoc_line(&doc, "b"), 2);
	assert_int_equal(yamldoc_line(&doc, "b[1]"), 5);
	assert_int_equal(yamldoc_line(&doc, "b[7]"), 2);
	assert_int_equal(yamldoc_line(&doc, "c[1]"), 6);
	assert_int_equal(yamldoc_line(&doc, "d"), 0);
	yamldoc_clear(&doc);
}

static void
reads_what_it_wrote_as_the_same(void **state)
{
	static const char json[] =
	    "{\"a\":\"true\",\"b\":true,\"c\":\"12\",\"d\":12,\"e\":\"\",\"f\":[],"
	    "\"g\":[\"*.svc.example\",\"- x\",\"a: b\",\"# no\"],"
	    "\"h\":\"\\\"quoted\\\" \\\\ \\u0007 \\u009b \\u2028 \xe4\xb8\x8a "
	    "\xf0\x9f\x94\x91\","
	    "\"long_seconds\":7776000,\"short_seconds\":300,\"i\\u007f: #\":\"j\"}";
	json_t *object = json_loads(json, 0, NULL);
	struct yamldoc doc = { 0 };
	struct error err = { 0 };
	struct buffer text;

	(void)state;
	assert_non_null(object);
	buf_init(&text, 0);
	yamldoc_write(object, &text);
	assert_non_null(strstr(buf_string(&text), "7776000  # 90 days\n"));
	assert_non_null(strstr(buf_string(&text), "short_seconds: 300\n"));
	if (yamldoc_read(buf_bytes(&text), "f", &doc, &err) != 0)
		fail_msg("%s", err.text);
	assert_true(json_equal(object, doc.members));
	yamldoc_clear(&doc);
	buf_free(&text);
	json_decref(object);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_words_numbers_truths_and_lists),
		cmocka_unit_test(takes_only_what_looks_like_it),
		cmocka_unit_test(says_in_which_line_it_is_wrong),
		cmocka_unit_test(knows_the_lines_of_members_and_entries),
		cmocka_unit_test(reads_what_it_wrote_as_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

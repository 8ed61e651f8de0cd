/* test_exposition.c - the text format, to the byte. */
#include "api/exposition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void
assert_text(struct buffer *out, const char *text)
{
	assert_string_equal(buf_string(out), text);
	buf_free(out);
}

static void
writes_a_family_and_its_samples(void **state)
{
	static const struct label labels[] = { { "route", "/v1/keys" }, { "code", "200" },
		{ NULL, NULL } };
	struct buffer out;

	(void)state;
	buf_init(&out, 0);
	exposition_family(&out, "a_total", "counter", "What it counts.");
	exposition_integer(&out, "a_total", labels, 1234567890123);
	exposition_integer(&out, "a_total", NULL, -1);
	exposition_seconds(&out, "a_seconds", NULL, 0.000000001);
	assert_text(&out, "# HELP a_total What it counts.\n"
			  "# TYPE a_total counter\n"
			  "a_total{route=\"/v1/keys\",code=\"200\"} 1234567890123\n"
			  "a_total -1\n"
			  "a_seconds 0.000000001\n");
}

static void
a_gauge_is_a_family_of_one_sample(void **state)
{
	struct buffer out;

	(void)state;
	buf_init(&out, 0);
	exposition_gauge(&out, "a", "An a.", 7);
	assert_text(&out, "# HELP a An a.\n# TYPE a gauge\na 7\n");
}

static void
escapes_a_labels_value(void **state)
{
	static const struct label labels[] = { { "a", "\"x\" \\ \n y" }, { NULL, NULL } };
	struct buffer out;

	(void)state;
	buf_init(&out, 0);
	exposition_integer(&out, "m", labels, 0);
	assert_text(&out, "m{a=\"\\\"x\\\" \\\\ \\n y\"} 0\n");
}

static const char *
line_of(const struct buffer *out, const char *beginning)
{
	const char *at = strstr(buf_string(out), beginning);

	assert_non_null(at);
	return at + strlen(beginning);
}

static void
buckets_add_up_to_the_count(void **state)
{
	static const struct label labels[] = { { "op", "sign" }, { NULL, NULL } };
	struct durations d = { 0 };
	struct buffer out;
	const char *at;
	int lines = 0;

	(void)state;
	durations_add(&d, 5000);
	durations_add(&d, 15000);
	durations_add(&d, 2000000000);
	durations_add(&d, 20000000000);
	buf_init(&out, 0);
	exposition_histogram(&out, "t", labels, &d);
	for (at = buf_string(&out); *at != '\0'; at++)
		lines += *at == '\n';
	assert_int_equal(lines, DURATIONS_BOUNDS + 3);
	assert_memory_equal(
	    line_of(&out, "t_bucket{op=\"sign\",le=\"1e-05\"} "), "1\n", 2);
	assert_memory_equal(
	    line_of(&out, "t_bucket{op=\"sign\",le=\"2e-05\"} "), "2\n", 2);
	assert_memory_equal(line_of(&out, "t_bucket{op=\"sign\",le=\"1\"} "), "2\n", 2);
	assert_memory_equal(line_of(&out, "t_bucket{op=\"sign\",le=\"2\"} "), "3\n", 2);
	assert_memory_equal(line_of(&out, "t_bucket{op=\"sign\",le=\"10\"} "), "3\n", 2);
	assert_memory_equal(
	    line_of(&out, "t_bucket{op=\"sign\",le=\"+Inf\"} "), "4\n", 2);
	assert_memory_equal(line_of(&out, "t_sum{op=\"sign\"} "), "22.000020000\n", 13);
	assert_memory_equal(line_of(&out, "t_count{op=\"sign\"} "), "4\n", 2);
	buf_free(&out);
}

static void
a_histogram_needs_no_other_label(void **state)
{
	struct durations d = { 0 };
	struct buffer out;

	(void)state;
	buf_init(&out, 0);
	exposition_histogram(&out, "t", NULL, &d);
	line_of(&out, "t_bucket{le=\"+Inf\"} 0\n");
	line_of(&out, "t_sum 0.000000000\nt_count 0\n");
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_a_family_and_its_samples),
		cmocka_unit_test(a_gauge_is_a_family_of_one_sample),
		cmocka_unit_test(escapes_a_labels_value),
		cmocka_unit_test(buckets_add_up_to_the_count),
		cmocka_unit_test(a_histogram_needs_no_other_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_options.c - the command line of a load generator. */
#include "bench/options.h"

#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct setting {
	const char *key;
	bool copy;
	struct crew_options crew;
};

/* Up to the first NULL. */
static int
read_options(struct setting *s, char **words, struct error *err)
{
	const struct option_row rows[] = {
		{ "key", .text = &s->key, .required = true },
		{ "copy", .flag = &s->copy },
		OPTIONS_CREW(&s->crew),
	};
	int argc = 0;

	while (words[argc] != NULL)
		argc++;
	optind = 0;
	return options_read(
	    argc, words, "usage\n", rows, sizeof(rows) / sizeof(rows[0]), err);
}

static void
takes_each_value_to_its_place(void **state)
{
	char *words[] = { "load", "--key", "web", "--copy", "--threads", "8",
		"--seconds=0.5", NULL };
	struct setting s = { .crew = OPTIONS_CREW_DEFAULT };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(read_options(&s, words, &err), 0);
	assert_string_equal(s.key, "web");
	assert_true(s.copy);
	assert_int_equal(s.crew.threads, 8);
	assert_true(s.crew.seconds == 0.5);
	assert_true(s.crew.warmup_s == 0.3);
}

static void
refuses(char **words, const char *why)
{
	struct setting s = { .crew = OPTIONS_CREW_DEFAULT };
	struct error err = { 0 };

	opterr = 0;
	assert_int_equal(read_options(&s, words, &err), -1);
	assert_non_null(strstr(err.text, why));
}

static void
refuses_to_go_without_what_is_required(void **state)
{
	char *words[] = { "load", "--copy", NULL };

	(void)state;
	refuses(words, "--key is missing");
}

static void
refuses_a_number_out_of_its_range(void **state)
{
	char *words[] = { "load", "--key", "web", "--threads", "257", NULL };

	(void)state;
	refuses(words, "256");
}

static void
refuses_seconds_that_are_none(void **state)
{
	char *words[] = { "load", "--key", "web", "--warmup", "nan", NULL };

	(void)state;
	refuses(words, "nan: not 0 to 3600");
}

static void
refuses_an_option_that_is_not_in_the_table(void **state)
{
	char *words[] = { "load", "--key", "web", "--speed", NULL };

	(void)state;
	refuses(words, "--help");
}

static void
refuses_a_word_that_belongs_to_no_option(void **state)
{
	char *words[] = { "load", "--key", "web", "more", NULL };

	(void)state;
	refuses(words, "--help");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_each_value_to_its_place),
		cmocka_unit_test(refuses_to_go_without_what_is_required),
		cmocka_unit_test(refuses_a_number_out_of_its_range),
		cmocka_unit_test(refuses_seconds_that_are_none),
		cmocka_unit_test(refuses_an_option_that_is_not_in_the_table),
		cmocka_unit_test(refuses_a_word_that_belongs_to_no_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

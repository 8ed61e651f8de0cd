/* test_caps.c - rate and concurrent of a rule: what they become, and what is refused. */
#include "service/caps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "service/config.h"
#include "tests/base/directory.h"
#include "tests/service/settings.h"

#define WITH_RULE(caps)                                                                  \
	"token: { module: m, label: l }\nstate: /s\nlisten: [ { unix: /a } ]\n"          \
	"access:\n  - { who: unix:0, may: [read]" caps " }\n"

#define NO_RATE(text)                                                                    \
	"5: access[0].rate: \"" text                                                     \
	"\" is not like 100/s, 100/m or 100/h, from 1 to 1000000"
#define NO_NUMBER(text)                                                                  \
	"5: access[0].concurrent: \"" text "\" is not a number from 1 to 65536"

static int
read_caps(char *rate, char *concurrent, struct cap_terms *terms)
{
	const struct access_settings settings = { .rate = rate,
		.concurrent = concurrent };
	char place[RULES_PLACE_SIZE];

	return caps_read(&settings, terms, place, NULL);
}

static void
reads_a_rate_and_a_number(void **state)
{
	static char per_s[] = "100/s", per_m[] = "1/m", per_h[] = "1000000/h",
		    eight[] = "8";
	struct cap_terms terms;

	(void)state;
	assert_int_equal(read_caps(per_s, eight, &terms), 0);
	assert_int_equal(terms.rate, 100);
	assert_int_equal(terms.period_s, 1);
	assert_int_equal(terms.concurrent, 8);
	assert_int_equal(read_caps(per_m, NULL, &terms), 0);
	assert_int_equal(terms.rate, 1);
	assert_int_equal(terms.period_s, 60);
	assert_int_equal(terms.concurrent, 0);
	assert_int_equal(read_caps(per_h, NULL, &terms), 0);
	assert_int_equal(terms.rate, 1000000);
	assert_int_equal(terms.period_s, 3600);
	assert_int_equal(read_caps(NULL, eight, &terms), 0);
	assert_int_equal(terms.rate, 0);
	assert_int_equal(read_caps(NULL, NULL, &terms), 0);
	assert_int_equal(terms.rate, 0);
	assert_int_equal(terms.concurrent, 0);
}

static void
caps_a_rule_that_says_so(void **state)
{
	struct config *config;

	assert_int_equal(read_text(state, WITH_RULE(""), &config, NULL), 0);
	assert_null(config->access.rules[0].cap);
	config_free(config);
	assert_int_equal(read_text(state, WITH_RULE(", rate: 5/m"), &config, NULL), 0);
	assert_non_null(config->access.rules[0].cap);
	config_free(config);
	assert_int_equal(
	    read_text(state, WITH_RULE(", concurrent: 2"), &config, NULL), 0);
	assert_non_null(config->access.rules[0].cap);
	config_free(config);
}

static void
prints_what_it_reads(void **state)
{
	struct config *config;
	char *text;

	assert_int_equal(
	    read_text(state, WITH_RULE(", rate: 5/m, concurrent: 2"), &config, NULL), 0);
	text = printed(config);
	config_free(config);
	assert_non_null(strstr(text, "\n    rate: \"5/m\"\n    concurrent: \"2\"\n"));
	assert_int_equal(read_text(state, text, &config, NULL), 0);
	assert_non_null(config->access.rules[0].cap);
	config_free(config);
	free(text);
}

static void
refuses_what_is_no_rate_and_no_number(void **state)
{
	static const struct refusal refusals[] = {
		{ WITH_RULE(", rate: 100"), NO_RATE("100") },
		{ WITH_RULE(", rate: 0/s"), NO_RATE("0/s") },
		{ WITH_RULE(", rate: 1000001/s"), NO_RATE("1000001/s") },
		{ WITH_RULE(", rate: 99999999999/s"), NO_RATE("99999999999/s") },
		{ WITH_RULE(", rate: 1/d"), NO_RATE("1/d") },
		{ WITH_RULE(", rate: 1/ss"), NO_RATE("1/ss") },
		{ WITH_RULE(", rate: /s"), NO_RATE("/s") },
		{ WITH_RULE(", rate: -1/s"), NO_RATE("-1/s") },
		{ WITH_RULE(", rate: 1.5/s"), NO_RATE("1.5/s") },
		{ WITH_RULE(", concurrent: 0"), NO_NUMBER("0") },
		{ WITH_RULE(", concurrent: 65537"), NO_NUMBER("65537") },
		{ WITH_RULE(", concurrent: many"), NO_NUMBER("many") },
	};

	CHECK_REFUSALS(state, refusals);
}

#define FILE_TEST(name)                                                                  \
	cmocka_unit_test_setup_teardown(name, directory_make, directory_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(reads_a_rate_and_a_number),
		FILE_TEST(caps_a_rule_that_says_so),
		FILE_TEST(prints_what_it_reads),
		FILE_TEST(refuses_what_is_no_rate_and_no_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

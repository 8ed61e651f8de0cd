/* test_config_tokens.c - one token, or several by their names. */
#include "service/config.h"

#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/base/directory.h"
#include "tests/service/settings.h"

#define LISTEN "listen: [ { unix: /a } ]\nstate: /s\n"

static void
reads_several_tokens(void **state)
{
	static const char text[] =
	    "tokens:\n  - { name: left, module: m.so, label: l, pin_file: /p }\n"
	    "  - { name: right, module: m.so, serial: \"12\", max_sessions: 4 }\n" LISTEN;
	struct config *config, *again;
	char *first;

	assert_int_equal(read_text(state, text, &config, NULL), 0);
	assert_int_equal(config->token_count, 2);
	assert_string_equal(config->tokens[0].name, "left");
	assert_string_equal(config->tokens[1].name, "right");
	assert_string_equal(config->tokens[1].serial, "12");
	assert_string_equal(config->tokens[1].credential, "keyhold-pin-right");
	assert_int_equal(config_sessions(config), 20);
	first = printed(config);
	assert_int_equal(read_text(state, first, &again, NULL), 0);
	assert_int_equal(again->token_count, 2);
	assert_int_equal(again->tokens[1].max_sessions, 4);
	free(first);
	config_free(config);
	config_free(again);
}

static void
gives_the_one_token_a_name(void **state)
{
	struct config *config;

	assert_int_equal(read_text(state, MINIMUM, &config, NULL), 0);
	assert_string_equal(config->tokens[0].name, "default");
	assert_string_equal(config->tokens[0].credential, "keyhold-pin");
	config_free(config);
	assert_int_equal(
	    read_text(state, "token: { name: hsm, module: m.so, label: l }\n" LISTEN,
		&config, NULL),
	    0);
	assert_string_equal(config->tokens[0].name, "hsm");
	config_free(config);
}

#define ONE "  - { name: a, module: m, label: l }\n"

static void
refuses_tokens_that_do_not_go_together(void **state)
{
	static const struct refusal refusals[] = {
		{ "token: { module: m, label: l }\ntokens:\n" ONE LISTEN,
		    "2: tokens: stands beside token" },
		{ "tokens: []\n" LISTEN, "1: tokens: is empty" },
		{ "tokens:\n" ONE "  - { module: m, label: k }\n" LISTEN,
		    "3: tokens[1]: name is required" },
		{ "tokens:\n" ONE "  - { name: b, label: k }\n" LISTEN,
		    "3: missing setting \"module\"" },
		{ "tokens:\n" ONE "  - name: a\n    module: n\n    label: k\n" LISTEN,
		    "3: tokens[1].name: is another token's" },
		{ "tokens:\n" ONE "  - { name: B, module: n, label: k }\n" LISTEN,
		    "3: tokens[1].name: is not a name: [a-z0-9][a-z0-9._-]{0,62}" },
		{ "tokens:\n" ONE "  - { name: b, module: m, label: l }\n" LISTEN,
		    "3: tokens[1]: is another entry's token" },
		{ "tokens:\n" ONE
		  "  - { name: b, module: m, label: k, init_args: x }\n" LISTEN,
		    "3: tokens[1].init_args: must be the same for all tokens of one "
		    "module" },
		{ "tokens:\n" ONE
		  "  - name: b\n    module: m\n    label: k\n    hang_ms: 5\n" LISTEN,
		    "6: tokens[1].hang_ms: 5 is not between 100 and 600000" },
	};

	check_refusals(state, refusals, sizeof(refusals) / sizeof(refusals[0]));
}

#define FILE_TEST(name)                                                                  \
	cmocka_unit_test_setup_teardown(name, directory_make, directory_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(reads_several_tokens),
		FILE_TEST(gives_the_one_token_a_name),
		FILE_TEST(refuses_tokens_that_do_not_go_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

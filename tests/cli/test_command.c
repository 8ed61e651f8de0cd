/* test_command.c - the table of commands, its parser and its help agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/file.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/help.h"

#define WORDS_MAX      32
#define LINE_MAX_CHARS 100

static struct arguments args;
static struct error err;

/* Parses a line as a shell without quotes would: "> file" ends it. */
static int
parse(const char *line)
{
	static char text[512];
	char *argv[WORDS_MAX + 1] = { NULL }, *rest = text, *word;
	int argc = 0;

	snprintf(text, sizeof(text), "%s", line);
	while ((word = strsep(&rest, " ")) != NULL && *word != '>' && argc < WORDS_MAX)
		argv[argc++] = word;
	err = (struct error){ .code = ERROR_NONE };
	return arguments_parse(&args, argc, argv, &err);
}

static void
refuses(const char *line, const char *why)
{
	assert_int_equal(parse(line), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	if (strstr(err.text, why) == NULL)
		fail_msg("\"%s\" says \"%s\"", line, err.text);
}

static void
every_command_is_complete(void **state)
{
	const struct command *c;

	(void)state;
	for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
		assert_non_null(c->purpose);
		assert_non_null(c->example);
		assert_non_null(c->run);
		for (const struct option_spec *o = c->options;
		     o != NULL && o->name != NULL; o++) {
			assert_non_null(o->help);
			assert_false(o->required && o->fallback != NULL);
		}
	}
}

static void
every_example_is_accepted(void **state)
{
	const struct command *c;

	(void)state;
	for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
		if (strncmp(c->example, "source", 6) == 0)
			continue;
		if (parse(c->example) != 0)
			fail_msg("\"%s\" says \"%s\"", c->example, err.text);
		assert_ptr_equal(args.command, c);
	}
}

static void
every_option_is_in_the_help_of_its_command(void **state)
{
	const struct command *c;
	struct buffer text;
	char option[64];

	(void)state;
	buf_init(&text, 0);
	for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
		buf_reset(&text);
		help_command(&text, c);
		assert_non_null(strstr(buf_string(&text), c->purpose));
		assert_non_null(strstr(buf_string(&text), c->example));
		for (const struct option_spec *o = c->options;
		     o != NULL && o->name != NULL; o++) {
			snprintf(option, sizeof(option), "\n  --%s", o->name);
			assert_non_null(strstr(buf_string(&text), option));
		}
	}
	buf_free(&text);
}

static void
the_help_of_the_program_names_every_command(void **state)
{
	const struct command *c;
	struct buffer text;

	(void)state;
	buf_init(&text, 0);
	help_program(&text);
	for (size_t i = 0; (c = command_at(i)) != NULL; i++)
		assert_non_null(strstr(buf_string(&text), c->path));
	assert_non_null(strstr(buf_string(&text), "  4  a local file"));
	for (const char *line = buf_string(&text); *line != '\0';) {
		size_t len = strcspn(line, "\n");

		assert_in_range(len, 0, LINE_MAX_CHARS);
		line += len + 1;
	}
	buf_free(&text);
}

static void
the_manual_has_every_command_and_option(void **state)
{
	const struct command *c;
	const char *row, *end;
	struct buffer text;
	char part[128];

	(void)state;
	buf_init(&text, 0);
	assert_int_equal(file_read(DOCS_CLI, 1 << 20, &text, &err), 0);
	for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
		snprintf(part, sizeof(part), "\n| `%s%s%s", c->path,
		    c->operand ? " " : "", c->operand ? c->operand : "");
		if ((row = strstr(buf_string(&text), part)) == NULL) {
			fail_msg("%s is not in docs/cli.md", c->path);
			return;
		}
		end = row + 1 + strcspn(row + 1, "\n");
		for (const struct option_spec *o = c->options;
		     o != NULL && o->name != NULL; o++) {
			snprintf(part, sizeof(part), "--%s", o->name);
			if (memmem(row, (size_t)(end - row), part, strlen(part)) == NULL)
				fail_msg(
				    "%s: --%s is not in docs/cli.md", c->path, o->name);
		}
		assert_non_null(strstr(row, c->example));
	}
	buf_free(&text);
}

static void
the_usage_shows_what_may_be_left_out(void **state)
{
	struct buffer text;

	(void)state;
	buf_init(&text, 0);
	help_usage(&text, command_find("key", "create"));
	assert_string_equal(buf_string(&text),
	    "keyhold key create NAME [--type TYPE] --use USE [--token NAME]\n");
	buf_reset(&text);
	help_usage(&text, command_find("key", "csr"));
	assert_string_equal(buf_string(&text),
	    "keyhold key csr KEY [--subject NAME] [--san NAME]... [--out FILE]\n");
	buf_free(&text);
}

static void
finds_commands_of_one_and_two_words(void **state)
{
	(void)state;
	assert_string_equal(command_find("status", NULL)->path, "status");
	assert_string_equal(command_find("key", "list")->path, "key list");
	assert_null(command_find("key", NULL));
	assert_null(command_find("key", "lis"));
	assert_true(command_is_group("key"));
	assert_false(command_is_group("ke"));
	assert_false(command_is_group("status"));
	assert_true(command_is_in(command_find("cert", "list"), "cert"));
	assert_false(command_is_in(command_find("cert", "list"), "cer"));
}

static void
suggests_the_nearest_command(void **state)
{
	(void)state;
	assert_string_equal(command_nearest("stats", NULL), "status");
	assert_string_equal(command_nearest("key", "creat"), "key create");
	assert_string_equal(command_nearest("cret", "sgn"), "cert sign");
	assert_null(command_nearest("frobnicate", NULL));
	assert_null(command_nearest(
	    "kez", "a-word-far-longer-than-any-command-there-will-ever-be"));
	assert_null(command_nearest(
	    "a-word-far-longer-than-any-command-there-will-ever-be", "x"));
}

static void
takes_options_anywhere_after_the_command(void **state)
{
	size_t cursor = 0;

	(void)state;
	assert_int_equal(
	    parse("keyhold --json key csr --san a web --san=b --socket /s"), 0);
	assert_string_equal(args.command->path, "key csr");
	assert_string_equal(args.operand, "web");
	assert_true(argument_given(&args, "json"));
	assert_false(argument_given(&args, "no-color"));
	assert_string_equal(argument_value(&args, "socket"), "/s");
	assert_string_equal(argument_next(&args, "san", &cursor), "a");
	assert_string_equal(argument_next(&args, "san", &cursor), "b");
	assert_null(argument_next(&args, "san", &cursor));
	assert_null(argument_value(&args, "subject"));
}

static void
knows_the_default_of_an_option(void **state)
{
	(void)state;
	assert_int_equal(parse("keyhold key create web --use tls"), 0);
	assert_string_equal(argument_value(&args, "type"), "ec-p256");
	assert_false(argument_given(&args, "type"));
}

static void
takes_a_dash_and_what_follows_two_dashes_as_words(void **state)
{
	(void)state;
	assert_int_equal(parse("keyhold cert sign - --ca internal"), 0);
	assert_string_equal(args.operand, "-");
	assert_int_equal(parse("keyhold cert sign --ca internal -- --file"), 0);
	assert_string_equal(args.operand, "--file");
}

static void
needs_nothing_to_give_help(void **state)
{
	(void)state;
	assert_int_equal(parse("keyhold --help"), 0);
	assert_null(args.command);
	assert_int_equal(parse("keyhold help key create"), 0);
	assert_string_equal(args.command->path, "key create");
	assert_true(argument_given(&args, "help"));
	assert_int_equal(parse("keyhold key -h"), 0);
	assert_string_equal(args.group, "key");
	assert_int_equal(parse("keyhold cert issue --help"), 0);
	assert_int_equal(parse("keyhold --version"), 0);
}

static void
refuses_unknown_words(void **state)
{
	(void)state;
	refuses("keyhold", "which command?");
	refuses("keyhold key", "key: which command?");
	refuses("keyhold stats", "did you mean \"status\"?");
	refuses("keyhold key creat web", "did you mean \"key create\"?");
	refuses("keyhold frobnicate", "there is no command \"frobnicate\"");
	refuses("keyhold status now", "one argument too many");
	assert_int_equal(parse("keyhold expiry a:1 --below 1d b:2"), 0);
	assert_int_equal(args.operand_count, 2);
	assert_string_equal(args.operands[1], "b:2");
	refuses("keyhold key show a b", "\"b\" is one argument too many");
}

static void
refuses_unknown_options(void **state)
{
	(void)state;
	refuses("keyhold key list --jsn", "did you mean --json?");
	refuses("keyhold key create web --usee tls", "did you mean --use?");
	refuses("keyhold key list --frobnicate", "key list: no option --frobnicate");
	refuses("keyhold --san x key csr web", "options stand after its name");
	refuses("keyhold key list -x", "options have long names");
	refuses("keyhold key list --=x", "options have long names");
}

static void
refuses_options_without_or_with_too_many_values(void **state)
{
	(void)state;
	refuses("keyhold key csr web --out", "--out needs a value: --out FILE");
	refuses("keyhold key reference web --out --force", "--out needs a value");
	refuses("keyhold key list --json=yes", "--json takes no value");
	refuses("keyhold key csr web --out a --out b", "--out may be given once only");
	refuses("keyhold key create web --use tls --type dsa", "one of: ec-p256");
	refuses("keyhold key create web --use tl", "one of: tls tls-rsa-kex ca sign");
}

static void
refuses_what_is_incomplete(void **state)
{
	(void)state;
	refuses("keyhold key show", "key show needs KEY");
	refuses("keyhold key create web",
	    "key create needs --use USE: one of: tls tls-rsa-kex ca sign");
	refuses("keyhold cert issue web --ca x --out d", "cert issue needs --san NAME");
}

static void
reads_numbers_within_their_bounds(void **state)
{
	uint64_t days = 7;

	(void)state;
	assert_int_equal(parse("keyhold ca create root --days 30"), 0);
	assert_int_equal(argument_number(&args, "days", 100, &days, &err), 0);
	assert_int_equal(days, 30);
	assert_int_equal(argument_number(&args, "days", 29, &days, &err), -1);
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_int_equal(parse("keyhold ca create root"), 0);
	assert_int_equal(argument_number(&args, "days", 100, &days, &err), 0);
	assert_int_equal(days, 30);
	assert_int_equal(parse("keyhold ca create root --days -1"), 0);
	assert_int_equal(argument_number(&args, "days", 100, &days, &err), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command_is_complete),
		cmocka_unit_test(every_example_is_accepted),
		cmocka_unit_test(every_option_is_in_the_help_of_its_command),
		cmocka_unit_test(the_help_of_the_program_names_every_command),
		cmocka_unit_test(the_manual_has_every_command_and_option),
		cmocka_unit_test(the_usage_shows_what_may_be_left_out),
		cmocka_unit_test(finds_commands_of_one_and_two_words),
		cmocka_unit_test(suggests_the_nearest_command),
		cmocka_unit_test(takes_options_anywhere_after_the_command),
		cmocka_unit_test(knows_the_default_of_an_option),
		cmocka_unit_test(takes_a_dash_and_what_follows_two_dashes_as_words),
		cmocka_unit_test(needs_nothing_to_give_help),
		cmocka_unit_test(refuses_unknown_words),
		cmocka_unit_test(refuses_unknown_options),
		cmocka_unit_test(refuses_options_without_or_with_too_many_values),
		cmocka_unit_test(refuses_what_is_incomplete),
		cmocka_unit_test(reads_numbers_within_their_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

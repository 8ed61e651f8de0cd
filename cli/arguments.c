/*
 * arguments.c - reads argv from left to right.
 *
 * Options may stand anywhere, but a command's own only after its name: before it nobody
 * can tell whether an unknown option takes the next word.
 */
#include "cli/arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define NAME_MAX_BYTES 64
#define DAYS_MAX       36500

static int
refuse_word(const char *first, const char *second, struct error *err)
{
	const char *nearest = command_nearest(first, second);
	const char *space = second != NULL ? " " : "";
	const char *rest = second != NULL ? second : "";

	if (nearest == NULL)
		return error_set(err, ERROR_CONFIG, "there is no command \"%s%s%s\"",
		    first, space, rest);
	return error_set(err, ERROR_CONFIG,
	    "there is no command \"%s%s%s\"; did you mean \"%s\"?", first, space, rest,
	    nearest);
}

static bool
takes_two(const struct command *command)
{
	return command->operand != NULL && strchr(command->operand, ' ') != NULL;
}

static bool
takes_many(const struct command *command)
{
	return command->operand != NULL && strstr(command->operand, "...") != NULL;
}

static int
add_operand(struct arguments *args, const char *word, struct error *err)
{
	if (args->operand_count == ARGUMENTS_MAX)
		return error_set(err, ERROR_CONFIG, "%s: more than %d arguments",
		    args->command->path, ARGUMENTS_MAX);
	if (args->operand == NULL)
		args->operand = word;
	args->operands[args->operand_count++] = word;
	return 0;
}

static int
take_word(struct arguments *args, const char *word, struct error *err)
{
	if (args->command != NULL && takes_many(args->command))
		return add_operand(args, word, err);
	if (args->operand != NULL && args->second == NULL && takes_two(args->command)) {
		args->second = word;
		return 0;
	}
	if (args->command != NULL && args->command->operand != NULL &&
	    args->operand == NULL) {
		args->operand = word;
		return 0;
	}
	if (args->command != NULL)
		return error_set(err, ERROR_CONFIG, "%s: \"%s\" is one argument too many",
		    args->command->path, word);
	if (args->group != NULL) {
		args->command = command_find(args->group, word);
		return args->command != NULL ? 0 : refuse_word(args->group, word, err);
	}
	if ((args->command = command_find(word, NULL)) != NULL)
		return 0;
	if (!command_is_group(word))
		return refuse_word(word, NULL, err);
	args->group = word;
	return 0;
}

static int
refuse_option(const struct arguments *args, const char *name, struct error *err)
{
	const char *nearest = command_nearest_option(args->command, name);
	const char *who = args->command != NULL ? args->command->path : "keyhold";

	if (nearest != NULL)
		return error_set(err, ERROR_CONFIG,
		    "%s: no option --%s; did you mean --%s?", who, name, nearest);
	if (args->command == NULL)
		return error_set(err, ERROR_CONFIG,
		    "no option --%s here; a command's options stand after its name",
		    name);
	return error_set(err, ERROR_CONFIG, "%s: no option --%s", who, name);
}

static bool
is_choice(const char *choices, const char *value)
{
	size_t len = strlen(value);

	while (*choices != '\0') {
		size_t word = strcspn(choices, " ");

		if (word == len && strncmp(choices, value, len) == 0)
			return true;
		choices += word + strspn(choices + word, " ");
	}
	return false;
}

static int
add_argument(struct arguments *args, const struct option_spec *option, const char *value,
    struct error *err)
{
	if (!option->repeatable && argument_given(args, option->name))
		return error_set(
		    err, ERROR_CONFIG, "--%s may be given once only", option->name);
	if (option->choices != NULL && !is_choice(option->choices, value))
		return error_set(err, ERROR_CONFIG, "--%s %s: one of: %s", option->name,
		    value, option->choices);
	if (args->count == ARGUMENTS_MAX)
		return error_set(
		    err, ERROR_CONFIG, "more than %d options", ARGUMENTS_MAX);
	args->given[args->count++] = (struct argument){ option, value };
	return 0;
}

/* Copies the name from --name or --name=value; *value is what follows "=", or NULL. */
static int
read_option(const char *word, char name[static NAME_MAX_BYTES], const char **value,
    struct error *err)
{
	const char *equals = strchr(word, '=');
	size_t len = equals != NULL ? (size_t)(equals - word) : strlen(word);

	if (len < strlen("--x") || strncmp(word, "--", 2) != 0 ||
	    len - 2 >= NAME_MAX_BYTES)
		return error_set(
		    err, ERROR_CONFIG, "no option %.64s; options have long names", word);
	memcpy(name, word + 2, len - 2);
	name[len - 2] = '\0';
	*value = equals != NULL ? equals + 1 : NULL;
	return 0;
}

/* "-n", as in other programs; NULL when it is no such option. */
static const struct option_spec *
by_letter(const struct command *command, const char *word)
{
	if (strcmp(word, "-h") == 0)
		return command_option(command, "help");
	if (strlen(word) != 2 || word[1] == '-')
		return NULL;
	return command_letter(command, word[1]);
}

/* next is the word after it, or NULL. */
static int
take_option(struct arguments *args, const char *word, const char *next, bool *used_next,
    struct error *err)
{
	const struct option_spec *option;
	char name[NAME_MAX_BYTES];
	const char *value = NULL;

	*used_next = false;
	if ((option = by_letter(args->command, word)) != NULL)
		snprintf(name, sizeof(name), "%s", option->name);
	else if (read_option(word, name, &value, err) != 0)
		return -1;
	else if ((option = command_option(args->command, name)) == NULL)
		return refuse_option(args, name, err);
	if (option->metavar == NULL && value != NULL)
		return error_set(err, ERROR_CONFIG, "--%s takes no value", name);
	if (option->metavar == NULL || value != NULL)
		return add_argument(args, option, value, err);
	/* "--out --force" is a forgotten file name more often than a file "--force". */
	if (next == NULL || strncmp(next, "--", 2) == 0)
		return error_set(err, ERROR_CONFIG, "--%s needs a value: --%s %s", name,
		    name, option->metavar);
	*used_next = true;
	return add_argument(args, option, next, err);
}

static int
check_complete(const struct arguments *args, struct error *err)
{
	const struct command *command = args->command;

	if (argument_given(args, "help") || argument_given(args, "version"))
		return 0;
	if (command == NULL && args->group != NULL)
		return error_set(err, ERROR_CONFIG, "%s: which command?", args->group);
	if (command == NULL)
		return error_set(err, ERROR_CONFIG, "which command?");
	if (command->operand != NULL && command->operand[0] != '[' &&
	    (args->operand == NULL || (takes_two(command) && args->second == NULL)))
		return error_set(
		    err, ERROR_CONFIG, "%s needs %s", command->path, command->operand);
	for (const struct option_spec *o = command->options; o != NULL && o->name != NULL;
	     o++)
		if (o->required && !argument_given(args, o->name))
			return error_set(err, ERROR_CONFIG, "%s needs --%s %s: %s%s",
			    command->path, o->name, o->metavar,
			    o->choices != NULL ? "one of: " : "",
			    o->choices != NULL ? o->choices : o->help);
	return 0;
}

static bool
is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

int
arguments_parse(struct arguments *args, int argc, char **argv, struct error *err)
{
	bool only_words = false, used_next;

	*args = (struct arguments){ .count = 0 };
	for (int i = 1; i < argc; i++) {
		if (!only_words && strcmp(argv[i], "--") == 0) {
			only_words = true;
		} else if (i == 1 && strcmp(argv[i], "help") == 0) {
			args->given[args->count++].option = command_option(NULL, "help");
		} else if (only_words || !is_option(argv[i])) {
			if (take_word(args, argv[i], err) != 0)
				return -1;
		} else {
			if (take_option(args, argv[i], argv[i + 1], &used_next, err) != 0)
				return -1;
			i += used_next;
		}
	}
	return check_complete(args, err);
}

static const struct option_spec *
known_option(const struct arguments *args, const char *name)
{
	const struct option_spec *option = command_option(args->command, name);

	if (option == NULL)
		abort();
	return option;
}

const char *
argument_value(const struct arguments *args, const char *name)
{
	const struct option_spec *option = known_option(args, name);
	size_t cursor = 0;
	const char *value = argument_next(args, name, &cursor);

	return value != NULL ? value : option->fallback;
}

bool
argument_given(const struct arguments *args, const char *name)
{
	const struct option_spec *option = known_option(args, name);

	for (size_t i = 0; i < args->count; i++)
		if (args->given[i].option == option)
			return true;
	return false;
}

const char *
argument_next(const struct arguments *args, const char *name, size_t *cursor)
{
	const struct option_spec *option = known_option(args, name);

	while (*cursor < args->count) {
		const struct argument *argument = &args->given[(*cursor)++];

		if (argument->option == option)
			return argument->value;
	}
	return NULL;
}

static int
read_number(const struct arguments *args, const char *name, uint64_t min, uint64_t max,
    uint64_t *value, struct error *err)
{
	const char *text = argument_value(args, name);
	struct error why;

	if (text == NULL)
		return 0;
	if (text_to_uint(text, min, max, value, &why) != 0)
		return error_set(err, ERROR_CONFIG, "--%s: %s", name, why.text);
	return 0;
}

int
argument_number(const struct arguments *args, const char *name, uint64_t max,
    uint64_t *value, struct error *err)
{
	return read_number(args, name, 0, max, value, err);
}

int
argument_days(const struct arguments *args, uint64_t *seconds, struct error *err)
{
	uint64_t days = 0;

	if (read_number(args, "days", 1, DAYS_MAX, &days, err) != 0)
		return -1;
	*seconds = days * ARGUMENT_DAY_S;
	return 0;
}

int
argument_duration(const char *text, int64_t *seconds)
{
	static const char letters[] = "smhd";
	static const int64_t units[] = { 1, 60, 3600, ARGUMENT_DAY_S };
	size_t len = strlen(text);
	const char *letter = len > 1 ? strchr(letters, text[len - 1]) : NULL;
	uint64_t count, most;
	char digits[24];

	if (letter == NULL || text_copy(digits, sizeof(digits), text) != 0)
		return -1;
	digits[len - 1] = '\0';
	most = (uint64_t)((int64_t)DAYS_MAX * ARGUMENT_DAY_S / units[letter - letters]);
	if (text_to_uint(digits, 0, most, &count, NULL) != 0)
		return -1;
	*seconds = (int64_t)count * units[letter - letters];
	return 0;
}

int
argument_time(const char *text, char time[static CLOCK_TEXT_SIZE])
{
	const char *rest = strlen(text) == strlen("2026-01-31") ? "T00:00:00Z" : "";
	int n = snprintf(time, CLOCK_TEXT_SIZE, "%s%s", text, rest);
	int64_t seconds;

	return n < (int)CLOCK_TEXT_SIZE ? clock_parse(time, &seconds) : -1;
}

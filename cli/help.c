/* help.c - help for the program, a group of commands, or one command. */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include "cli/exit.h"

#define COMMAND_WIDTH 18
#define OPTION_WIDTH  26
#define TEXT_WIDTH    84

/* Wraps help between words; the lines after the first begin at column indent. */
static void
write_wrapped(struct buffer *out, const char *text, size_t indent)
{
	size_t column = indent;

	while (*text != '\0') {
		size_t word = strcspn(text, " ");

		if (column + word > TEXT_WIDTH && column > indent) {
			buf_printf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			buf_text(out, " ");
			column++;
		}
		buf_append(out, text, word);
		column += word;
		text += word + strspn(text + word, " ");
	}
	buf_text(out, "\n");
}

static void
write_option(struct buffer *out, const struct option_spec *option)
{
	struct buffer text;
	char left[64];

	buf_init(&text, 0);
	snprintf(left, sizeof(left), "--%s%s%s", option->name,
	    option->metavar != NULL ? " " : "",
	    option->metavar != NULL ? option->metavar : "");
	buf_text(&text, option->help);
	if (option->choices != NULL)
		buf_printf(&text, "; one of: %s", option->choices);
	if (option->required)
		buf_text(&text, " (required)");
	if (option->fallback != NULL)
		buf_printf(&text, " (default: %s)", option->fallback);
	if (option->repeatable)
		buf_text(&text, "; may be given several times");
	buf_printf(out, "  %-*s", OPTION_WIDTH - 2, left);
	if (strlen(left) > OPTION_WIDTH - 3)
		buf_printf(out, "\n%*s", OPTION_WIDTH, "");
	write_wrapped(out, buf_string(&text), OPTION_WIDTH);
	buf_free(&text);
}

static void
write_options(struct buffer *out, const struct option_spec *options)
{
	for (; options != NULL && options->name != NULL; options++)
		write_option(out, options);
}

/* Where one word stands for two things. */
static const struct {
	const char *first; /* the command that begins the part */
	const char *heading;
} parts[] = {
	{ "token show", "the PKCS#11 token, where the keys are:" },
	{ "token create", "bearer tokens, which clients come with:" },
};

static void
write_heading(struct buffer *out, const struct command *command)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(parts[i].first, command->path) == 0)
			buf_printf(out, "\n %s\n", parts[i].heading);
}

static void
write_command(struct buffer *out, const struct command *command)
{
	buf_printf(out, "  %-*s%s\n", COMMAND_WIDTH, command->path, command->purpose);
}

void
help_commands(struct buffer *out, const char *group)
{
	const struct command *command;

	buf_text(out, "commands:\n");
	for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
		if (group != NULL && !command_is_in(command, group))
			continue;
		if (group != NULL)
			write_heading(out, command);
		write_command(out, command);
	}
}

void
help_program(struct buffer *out)
{
	buf_text(out,
	    "keyhold - keys, certificate authorities and certificates of a keyholdd\n"
	    "\nusage: keyhold COMMAND [OPTION]...\n\n");
	help_commands(out, NULL);
	buf_text(out, "\noptions of every command:\n");
	write_options(out, command_globals);
	buf_text(out, "\nexit status:\n");
	for (int i = 0; i < EXIT_COUNT; i++)
		buf_printf(out, "  %d  %s\n", i, exit_meaning((enum exit_status)i));
	buf_text(out,
	    "\nexample:\n  keyhold help cert issue\n"
	    "\nNo daemon yet? keyholdd --dev DIR starts one for development.\n");
}

void
help_group(struct buffer *out, const char *group)
{
	buf_printf(out, "usage: keyhold %s COMMAND [OPTION]...\n\n", group);
	help_commands(out, group);
	buf_printf(out, "\nexample:\n  keyhold help %s COMMAND\n", group);
}

void
help_usage(struct buffer *out, const struct command *command)
{
	const struct option_spec *o = command->options;

	buf_printf(out, "keyhold %s", command->path);
	if (command->operand != NULL)
		buf_printf(out, " %s", command->operand);
	for (; o != NULL && o->name != NULL; o++)
		buf_printf(out, " %s--%s%s%s%s%s", o->required ? "" : "[", o->name,
		    o->metavar != NULL ? " " : "", o->metavar != NULL ? o->metavar : "",
		    o->required ? "" : "]", o->repeatable ? "..." : "");
	buf_text(out, "\n");
}

void
help_command(struct buffer *out, const struct command *command)
{
	buf_printf(out, "keyhold %s - %s\n\nusage: ", command->path, command->purpose);
	help_usage(out, command);
	if (command->options != NULL)
		buf_text(out, "\noptions:\n");
	write_options(out, command->options);
	buf_text(out,
	    "\noptions of every command: --socket --json --no-color (keyhold --help)\n");
	buf_printf(out, "\nexample:\n  %s\n", command->example);
}

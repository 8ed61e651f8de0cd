/* command.c - looks up commands and options, and the nearest to a mistyped one. */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#define WORD_MAX    40 /* longer than any command or option */
#define EDITS_WIDTH (WORD_MAX + 1)

static const struct command *const groups[] = {
	status_commands,
	key_commands,
	blocked_commands,
	ca_commands,
	cert_commands,
	managed_commands,
	profile_commands,
	acme_commands,
	hardware_commands,
	token_commands,
	rules_commands,
	access_commands,
	audit_commands,
	backup_commands,
	agent_commands,
	expiry_commands,
	trust_commands,
	provider_commands,
	completion_commands,
};

const struct option_spec command_globals[] = {
	{ .name = "socket",
	    .metavar = "PATH[,PATH]",
	    .help =
		"where keyholdd listens; a list is tried in order (then KEYHOLD_SOCKET, "
		"then /run/keyhold/keyhold.sock)" },
	{ .name = "token-file",
	    .metavar = "FILE",
	    .help = "a file of mode 0600 with the bearer token to come with (then "
		    "KEYHOLD_TOKEN_FILE)" },
	{ .name = "json",
	    .help = "print the daemon's JSON instead of text for people; key public, key "
		    "reference, key csr, ca chain, ca certificate, ca crl, ca csr and "
		    "cert show "
		    "--pem and acme obtain "
		    "print PEM all the same, provider config and completion bash text" },
	{ .name = "no-color",
	    .help = "no colours (there are none outside a terminal, or with "
		    "NO_COLOR set)" },
	{ .name = "help", .help = "say what a command does and takes" },
	{ .name = "version", .help = "print the version" },
	{ .name = NULL },
};

const struct command *
command_at(size_t index)
{
	for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++)
		for (const struct command *c = groups[g]; c->path != NULL; c++)
			if (index-- == 0)
				return c;
	return NULL;
}

const struct command *
command_find(const char *first, const char *second)
{
	const struct command *command;
	char path[2 * WORD_MAX];

	snprintf(path, sizeof(path), "%s%s%s", first, second != NULL ? " " : "",
	    second != NULL ? second : "");
	for (size_t i = 0; (command = command_at(i)) != NULL; i++)
		if (strcmp(command->path, path) == 0)
			return command;
	return NULL;
}

bool
command_is_in(const struct command *command, const char *first)
{
	size_t len = strlen(first);

	return strncmp(command->path, first, len) == 0 &&
	       (command->path[len] == ' ' || command->path[len] == '\0');
}

bool
command_is_group(const char *word)
{
	const struct command *command;

	for (size_t i = 0; (command = command_at(i)) != NULL; i++)
		if (command_is_in(command, word) && command->path[strlen(word)] == ' ')
			return true;
	return false;
}

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Insertions, deletions and replacements between two short words (Levenshtein). */
static size_t
edits(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[EDITS_WIDTH], diagonal, above;

	if (a_len > WORD_MAX || b_len > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			above = row[j];
			row[j] = least(
			    above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[b_len];
}

/* One edit for each three characters begun, at most three: beyond it is another word. */
static size_t
too_many_edits(size_t len)
{
	return len > 9 ? 4 : (len + 2) / 3 + 1;
}

const char *
command_nearest(const char *first, const char *second)
{
	const struct command *command;
	const char *nearest = NULL;
	size_t typed = strlen(first) + (second != NULL ? strlen(second) : 0);
	size_t best = too_many_edits(typed), distance;

	for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
		size_t word = strcspn(command->path, " ");
		const char *rest =
		    command->path + word + strspn(command->path + word, " ");

		distance = edits(first, strlen(first), command->path, word);
		if (second != NULL && distance < best)
			distance += edits(second, strlen(second), rest, strlen(rest));
		if (distance < best) {
			best = distance;
			nearest = command->path;
		}
	}
	return nearest;
}

static const struct option_spec *
find_option(const struct option_spec *table, const char *name)
{
	for (; table != NULL && table->name != NULL; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

const struct option_spec *
command_option(const struct command *command, const char *name)
{
	const struct option_spec *found = NULL;

	if (command != NULL)
		found = find_option(command->options, name);
	return found != NULL ? found : find_option(command_globals, name);
}

const struct option_spec *
command_letter(const struct command *command, char letter)
{
	const struct option_spec *option = command != NULL ? command->options : NULL;

	for (; option != NULL && option->name != NULL; option++)
		if (option->letter == letter)
			return option;
	return NULL;
}

static void
search_options(
    const struct option_spec *table, const char *name, const char **nearest, size_t *best)
{
	for (; table != NULL && table->name != NULL; table++) {
		size_t distance =
		    edits(name, strlen(name), table->name, strlen(table->name));

		if (distance < *best) {
			*best = distance;
			*nearest = table->name;
		}
	}
}

const char *
command_nearest_option(const struct command *command, const char *name)
{
	const char *nearest = NULL;
	size_t best = too_many_edits(strlen(name));

	if (command != NULL)
		search_options(command->options, name, &nearest, &best);
	search_options(command_globals, name, &nearest, &best);
	return nearest;
}

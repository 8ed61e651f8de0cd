/*
 * command.h - the table of commands: what they are called, take, do and say in their
 * help.
 *
 * Dispatch, the parsing of options, help and completion all read this table, so they
 * cannot disagree. Each noun's file ends with its rows.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct cli;

struct option_spec {
	const char *name;     /* without its dashes; NULL ends a table */
	char letter;          /* -n for --lines; 0: none */
	const char *metavar;  /* NULL: a flag, which takes no value */
	const char *help;     /* begins in lower case, no full stop */
	const char *fallback; /* the value when it is not given */
	const char *choices;  /* "a b c": the only values there are */
	bool repeatable;
	bool required;
};

struct command {
	const char *path;    /* one or two words; NULL ends a table */
	const char *operand; /* the one it needs, "[SERIAL]" if it can do without; or two,
				"NAME FILE"; or any number, "[TARGET...]"; or NULL */
	const char *purpose;
	const char *example;
	const struct option_spec *options; /* may be NULL */
	int (*run)(struct cli *cli, struct error *err);
};

extern const struct command status_commands[];
extern const struct command key_commands[];
extern const struct command blocked_commands[]; /* of the group key, too */
extern const struct command ca_commands[];
extern const struct command cert_commands[];
extern const struct command profile_commands[];
extern const struct command managed_commands[];
extern const struct command acme_commands[];
extern const struct command hardware_commands[]; /* of the group token */
extern const struct command token_commands[];
extern const struct command audit_commands[];
extern const struct command backup_commands[];
extern const struct command rules_commands[];
extern const struct command access_commands[];
extern const struct command agent_commands[];
extern const struct command provider_commands[];
extern const struct command expiry_commands[];
extern const struct command trust_commands[];
extern const struct command completion_commands[];

/* Accepted before and after every command. */
extern const struct option_spec command_globals[];

/* The commands in the order of the help; NULL after the last. */
const struct command *command_at(size_t index);

/* "status" alone, or "key" and "create"; NULL when there is none. */
const struct command *command_find(const char *first, const char *second);

/* Whether command is called first, or first and something. */
bool command_is_in(const struct command *command, const char *first);

/* Whether some commands have this first word and a second one. */
bool command_is_group(const char *word);

/*
 * The path nearest to what was typed, or NULL when none is near. second may be NULL, and
 * then a group is suggested by its first command.
 */
const char *command_nearest(const char *first, const char *second);

/* In the command's table or the global one; command may be NULL. NULL if unknown. */
const struct option_spec *command_option(const struct command *command, const char *name);

/* By its letter, in the command's table; NULL if unknown. */
const struct option_spec *command_letter(const struct command *command, char letter);

/* The like for an option's name. */
const char *command_nearest_option(const struct command *command, const char *name);

#endif

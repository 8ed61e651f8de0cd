/* arguments.h - a command line, checked against the table of commands. */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "cli/command.h"

#define ARGUMENTS_MAX 256

struct argument {
	const struct option_spec *option;
	const char *value; /* NULL for a flag */
};

/* Everything in it points into argv or the table. */
struct arguments {
	const struct command *command; /* NULL when none was named in full */
	const char *group;             /* "key" of "keyhold key", or NULL */
	const char *operand, *second;  /* NULL when there is none */
	/* Of a command that takes many; operand is the first of them. */
	const char *operands[ARGUMENTS_MAX];
	size_t operand_count;
	struct argument given[ARGUMENTS_MAX];
	size_t count;
};

/*
 * ERROR_CONFIG for what the table does not allow. Nothing is missing in a request for
 * help, or for the version; everything else names a command when this returns 0. On
 * failure args tells how far the reading came.
 */
int arguments_parse(struct arguments *args, int argc, char **argv, struct error *err);

/*
 * The value given for an option, else its default, else NULL. The names below must be in
 * the command's table: asking for another is a mistake of ours.
 */
const char *argument_value(const struct arguments *args, const char *name);

bool argument_given(const struct arguments *args, const char *name);

/* The values of a repeatable option: *cursor starts at 0, NULL ends. */
const char *argument_next(const struct arguments *args, const char *name, size_t *cursor);

/* A whole number; *value stays as it is without the option and without a default. */
int argument_number(const struct arguments *args, const char *name, uint64_t max,
    uint64_t *value, struct error *err);

/* --days, at least one, in seconds; 0 when it was not given. */
int argument_days(const struct arguments *args, uint64_t *seconds, struct error *err);

#define ARGUMENT_DAY_S 86400

/* "30d", "12h", "5m" or "30s"; -1 for anything else. */
int argument_duration(const char *text, int64_t *seconds);

/*
 * "2026-01-31", which is its first second, or "2026-01-31T23:59:59Z", as the daemon takes
 * it; -1 for anything else.
 */
int argument_time(const char *text, char time[static CLOCK_TEXT_SIZE]);

#endif

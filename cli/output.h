/*
 * output.h - the daemon's JSON for people: aligned tables and fields, or itself,
 * indented.
 *
 * Whatever came from the daemon goes through output_text, or is JSON: a subject chosen by
 * some requester must not move the cursor of the operator who lists it.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stddef.h>

#include <jansson.h>

#include "base/buffer.h"
#include "cli/cli.h"

struct column {
	const char *heading; /* NULL ends a table of columns */
	const char *member;  /* a string, a number, or an array of strings */
};

/* Appends text with control characters replaced by '?'. */
void output_text(struct buffer *out, const char *text);

/* One row for each object of the array, and a line that says so if there is none. */
void output_table(struct cli *cli, const json_t *rows, const struct column *columns);

/* The same, each row in the colour that color gives for it: "\033[31m", or NULL for
 * none. Only where there are colours. */
void output_table_colored(struct cli *cli, const json_t *rows,
    const struct column *columns, const char *(*color)(const json_t *row));

/* "heading  value", one a line; members that the object does not have are left out. */
void output_fields(struct cli *cli, const json_t *object, const struct column *columns);

/* The "warnings" of an answer, one a line, on standard error. */
void output_warnings(struct cli *cli, const json_t *answer);

/* With two spaces of indentation, keys in the daemon's order. */
void output_json(struct cli *cli, const json_t *value);

/* In one line, for a file of such lines. */
int output_json_line(struct cli *cli, const json_t *value, struct error *err);

#endif

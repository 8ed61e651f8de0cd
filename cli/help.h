/* help.h - the help texts, written from the table of commands. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "base/buffer.h"
#include "cli/command.h"

void help_program(struct buffer *out);

/* The commands alone: all of them, or those whose first word group is. */
void help_commands(struct buffer *out, const char *group);

/* The commands whose first word this is. */
void help_group(struct buffer *out, const char *group);

void help_command(struct buffer *out, const struct command *command);

/* One line: "keyhold key create NAME [--type TYPE] --use USE". */
void help_usage(struct buffer *out, const struct command *command);

#endif

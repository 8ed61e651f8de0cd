/*
 * cli.h - one run of the program: its arguments, its streams, its connection.
 *
 * A command prints what it was asked for on out. When it fails it returns the reason in
 * err, and may leave advice: the lines printed beneath it.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/error.h"
#include "cli/arguments.h"
#include "rest/rest.h"

struct cli {
	struct arguments args;
	FILE *in;
	FILE *out;
	FILE *errors;
	bool interactive; /* somebody sits at in */
	bool json;
	bool color;             /* of out */
	const char *sockets;    /* where the daemon is looked for */
	const char *token_file; /* or NULL */
	struct rest rest;       /* and the last answer */
	struct buffer advice;
	bool says_no; /* a question was answered, and so: exit status 1 */
};

/* Runs one command line; returns the exit status. */
int cli_run(int argc, char **argv, FILE *in, FILE *out, FILE *errors);

/* For a command that cannot wait as long as others; before its first call. */
int cli_set_timeouts(struct cli *cli, int connect_ms, int answer_ms, struct error *err);

/* Adds a line, indented, to the advice. */
void cli_advise(struct cli *cli, const char *fmt, ...) PRINTF(2, 3);

#endif

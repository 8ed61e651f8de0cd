/* options.h - what the command lines of the load generators share. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <getopt.h>

#include "bench/crew.h"

/* Rows for getopt_long; their values are no letters. */
#define OPTIONS_CREW                                                                     \
	{ "threads", required_argument, NULL, 1 },                                       \
	    { "seconds", required_argument, NULL, 2 },                                   \
	{                                                                                \
		"warmup", required_argument, NULL, 3                                     \
	}

#define OPTIONS_CREW_DEFAULT                                                             \
	{                                                                                \
		.threads = 1, .warmup_s = 0.3, .seconds = 2                              \
	}

/* The value of one of those rows; any other row is refused. */
int
options_crew(int row, const char *value, struct crew_options *options, struct error *err);

/* Prints usage and exits when the command line asks for --help. */
void options_help(int argc, char **argv, const char *usage);

#endif

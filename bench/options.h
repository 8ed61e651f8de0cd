/*
 * options.h - the command lines of the load generators: a table each, read strictly.
 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/crew.h"

#define OPTIONS_MAX 16

/* One of text, number, seconds and flag says where the value goes, and what it is. */
struct option_row {
	const char *name;
	const char **text;
	unsigned *number;
	unsigned min, max; /* of number */
	double *seconds;   /* 0 to 3600 */
	bool *flag;        /* without a value */
	bool required;
};

/* Rows of every generator that has a crew. */
#define OPTIONS_CREW(crew)                                                               \
	{ "threads", .number = &(crew)->threads, .min = 1, .max = CREW_THREADS_MAX },    \
	    { "seconds", .seconds = &(crew)->seconds },                                  \
	{                                                                                \
		"warmup", .seconds = &(crew)->warmup_s                                   \
	}

#define OPTIONS_CREW_DEFAULT                                                             \
	{                                                                                \
		.threads = 1, .warmup_s = 0.3, .seconds = 2                              \
	}

/* At most OPTIONS_MAX rows. Texts stay argv's. --help prints usage and exits. */
int options_read(int argc, char **argv, const char *usage, const struct option_row *rows,
    size_t count, struct error *err);

#endif

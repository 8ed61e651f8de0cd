/* options.c - reads them strictly. */
#include "bench/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static int
read_seconds(const char *value, double *seconds, struct error *err)
{
	char *end;

	*seconds = strtod(value, &end);
	if (end == value || *end != '\0' || !(*seconds >= 0 && *seconds <= 3600))
		return error_set(err, ERROR_CONFIG, "%s: not 0 to 3600 seconds", value);
	return 0;
}

int
options_crew(int row, const char *value, struct crew_options *options, struct error *err)
{
	uint64_t threads;

	switch (row) {
	case 1:
		if (text_to_uint(value, 1, CREW_THREADS_MAX, &threads, err) != 0)
			return -1;
		options->threads = (unsigned)threads;
		return 0;
	case 2:
		return read_seconds(value, &options->seconds, err);
	case 3:
		return read_seconds(value, &options->warmup_s, err);
	default:
		return error_set(err, ERROR_CONFIG, "see --help");
	}
}

void
options_help(int argc, char **argv, const char *usage)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			fputs(usage, stdout);
			exit(0);
		}
	}
}

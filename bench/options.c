/* options.c - reads them. */
#include "bench/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

#define HELP OPTIONS_MAX

static int
read_seconds(const char *value, double *seconds, struct error *err)
{
	char *end;

	*seconds = strtod(value, &end);
	if (end == value || *end != '\0' || !(*seconds >= 0 && *seconds <= 3600))
		return error_set(err, ERROR_CONFIG, "%s: not 0 to 3600 seconds", value);
	return 0;
}

static int
read_number(const struct option_row *row, const char *value, struct error *err)
{
	uint64_t number;

	if (text_to_uint(value, row->min, row->max, &number, err) != 0)
		return -1;
	*row->number = (unsigned)number;
	return 0;
}

static int
take(const struct option_row *row, const char *value, struct error *err)
{
	if (row->number != NULL)
		return read_number(row, value, err);
	if (row->seconds != NULL)
		return read_seconds(value, row->seconds, err);
	if (row->flag != NULL)
		*row->flag = true;
	else
		*row->text = value;
	return 0;
}

static void
make_table(const struct option_row *rows, size_t count,
    struct option table[static OPTIONS_MAX + 2])
{
	for (size_t i = 0; i < count; i++)
		table[i] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].flag == NULL ? required_argument : no_argument,
			.val = (int)i,
		};
	table[count] = (struct option){ .name = "help", .val = HELP };
	table[count + 1] = (struct option){ 0 };
}

int
options_read(int argc, char **argv, const char *usage, const struct option_row *rows,
    size_t count, struct error *err)
{
	struct option table[OPTIONS_MAX + 2];
	bool given[OPTIONS_MAX] = { false };
	int c;

	make_table(rows, count, table);
	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (c == HELP) {
			fputs(usage, stdout);
			exit(0);
		}
		if (c >= (int)count || c < 0)
			return error_set(err, ERROR_CONFIG, "see --help");
		if (take(&rows[c], optarg, err) != 0)
			return -1;
		given[c] = true;
	}
	for (size_t i = 0; i < count; i++)
		if (rows[i].required && !given[i])
			return error_set(err, ERROR_CONFIG, "--%s is missing; see --help",
			    rows[i].name);
	if (optind < argc)
		return error_set(err, ERROR_CONFIG, "see --help");
	return 0;
}

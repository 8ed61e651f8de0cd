/* expiry.c - keyhold expiry: what ends when, and what else is wrong with it. */
#include <string.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/watch.h"
#include "cli/watchreport.h"

#define DAY_SECONDS   86400
#define SOON_DAYS     30 /* what is yellow when no threshold is named */
#define TIMEOUT_MAX_S 60
#define RED           "\033[31m"
#define YELLOW        "\033[33m"

static const struct column columns[] = {
	{ "KIND", "kind" },
	{ "WHAT", "what" },
	{ "WHERE", "where" },
	{ "DAYS", "days" },
	{ "NOT AFTER", "not_after" },
	{ "VERDICT", "verdict" },
	{ NULL, NULL },
};

static bool
has_fault(const json_t *row)
{
	return json_array_size(json_object_get(row, "faults")) > 0;
}

static const char *
color_of(const json_t *row)
{
	const json_t *days = json_object_get(row, "days");

	if (has_fault(row))
		return RED;
	return json_integer_value(days) < SOON_DAYS ? YELLOW : NULL;
}

struct question {
	bool has_threshold;
	int64_t within_s;
	const char *hook, *metrics, *targets;
};

static int
read_question(const struct arguments *args, struct question *q, struct watch *watch,
    struct error *err)
{
	const char *below = argument_value(args, "below");
	uint64_t timeout_s = 0;

	*q = (struct question){ .hook = argument_value(args, "hook"),
		.metrics = argument_value(args, "metrics"),
		.targets = argument_value(args, "targets"),
		.has_threshold = below != NULL };
	if (below != NULL && argument_duration(below, &q->within_s) != 0)
		return error_set(err, ERROR_CONFIG,
		    "--below: \"%.40s\" is no time; say 30d or 12h", below);
	if (q->hook != NULL && below == NULL)
		return error_set(err, ERROR_CONFIG,
		    "--hook is for what is below a threshold: --below");
	if (argument_number(args, "timeout", TIMEOUT_MAX_S, &timeout_s, err) != 0)
		return -1;
	if (timeout_s == 0)
		return error_set(
		    err, ERROR_CONFIG, "--timeout: from 1 to %d", TIMEOUT_MAX_S);
	watch->timeout_ms = (int)timeout_s * 1000;
	watch->ca = argument_value(args, "ca");
	return 0;
}

/* What fails here is a row, and does not keep the rest from being looked at. */
static void
look_at_daemon(struct cli *cli, const struct question *q, struct watch *watch)
{
	/* With the metrics of all there is, all is asked for. */
	int64_t within_s = q->metrics == NULL ? q->within_s : 0;

	if (!argument_given(&cli->args, "no-daemon") &&
	    watch_daemon(cli, watch, within_s) != 0)
		cli_advise(cli, "Without what keyholdd has: --no-daemon");
	if (watch->now == 0)
		watch->now = clock_now_s();
}

static int
look(struct cli *cli, const struct question *q, struct watch *watch, struct error *err)
{
	look_at_daemon(cli, q, watch);
	for (size_t i = 0; i < cli->args.operand_count; i++)
		if (watch_target(watch, cli->args.operands[i], err) != 0)
			return -1;
	if (q->targets != NULL)
		watch_targets(watch, q->targets);
	return 0;
}

/* A fault is one whatever time is left. */
static bool
is_below(const struct question *q, const struct watch *watch, const json_t *row)
{
	const char *text = json_string_value(json_object_get(row, "not_after"));
	int64_t end;

	return has_fault(row) || text == NULL || clock_parse(text, &end) != 0 ||
	       end - watch->now < q->within_s;
}

static json_t *
select_rows(const struct question *q, const struct watch *watch)
{
	json_t *chosen = json_array(), *row;
	size_t i;

	json_array_foreach (watch->rows, i, row)
		if (!q->has_threshold || is_below(q, watch, row))
			json_array_append(chosen, row);
	return chosen;
}

static void
print(struct cli *cli, const struct watch *watch, json_t *rows)
{
	char now[CLOCK_TEXT_SIZE];
	json_t *answer;

	if (!cli->json) {
		output_table_colored(cli, rows, columns, color_of);
		return;
	}
	clock_format(now, watch->now);
	answer = json_pack("{s:s,s:O}", "now", now, "items", rows);
	output_json(cli, answer);
	json_decref(answer);
}

static int
show(struct cli *cli, const struct question *q, struct watch *watch, struct error *err)
{
	json_t *rows;
	int rc = 0;

	watch_sort(watch);
	rows = select_rows(q, watch);
	print(cli, watch, rows);
	cli->says_no = q->has_threshold && json_array_size(rows) > 0;
	if (q->metrics != NULL)
		rc = watchreport_metrics(watch, q->metrics, err);
	if (rc == 0 && q->hook != NULL)
		rc = watchreport_hook(rows, q->hook, cli->errors, err);
	json_decref(rows);
	return rc;
}

static int
expiry(struct cli *cli, struct error *err)
{
	struct watch watch = { .rows = json_array() };
	struct question q;
	int rc = -1;

	if (read_question(&cli->args, &q, &watch, err) == 0 &&
	    look(cli, &q, &watch, err) == 0)
		rc = show(cli, &q, &watch, err);
	/* Below a threshold its row says no already. */
	if (rc == 0 && watch.unseen.code != ERROR_NONE && !q.has_threshold) {
		*err = watch.unseen;
		rc = -1;
	}
	json_decref(watch.rows);
	return rc;
}

static const struct option_spec options[] = {
	{ .name = "targets",
	    .metavar = "FILE",
	    .help = "more targets, one on each line; # begins a comment, - is standard "
		    "input" },
	{ .name = "below",
	    .metavar = "TIME",
	    .help = "only what has less left, as 30d or 12h, or a fault; then the exit "
		    "status is 1 if there is any" },
	{ .name = "hook",
	    .metavar = "PROGRAM",
	    .help =
		"run it for each of these, with what, where, days left, not after and "
		"verdict as arguments; 30 s each, no shell" },
	{ .name = "metrics",
	    .metavar = "FILE",
	    .help = "write all as a textfile for Prometheus's node_exporter" },
	{ .name = "ca",
	    .metavar = "PATH",
	    .help =
		"file or directory of roots that servers are judged by, instead of the "
		"system's" },
	{ .name = "timeout",
	    .metavar = "SECONDS",
	    .fallback = "5",
	    .help = "for each connection to a server; there are up to four" },
	{ .name = "no-daemon", .help = "leave out what keyholdd has, and do not ask it" },
	{ .name = NULL },
};

const struct command expiry_commands[] = {
	{ "expiry", "[TARGET...]", "what ends when: of keyholdd, of servers and in files",
	    "keyhold expiry api.example:443 /etc/ssl/private --below 30d", options,
	    expiry },
	{ .path = NULL },
};

/* audit.c - keyhold audit: the record shown, exported, and its head. */
#include "cli/audit.h"

#include <time.h>

#include <jansson.h>

#include "cli/auditsource.h"
#include "cli/daemon.h"
#include "cli/output.h"

#define HEAD_URL "/v1/audit/head"
#define LINE_MAX 1000000

static int
print_json(struct cli *cli, const json_t *value, struct error *err)
{
	if (json_dumpf(value, cli->out, JSON_COMPACT) != 0 || putc('\n', cli->out) == EOF)
		return error_set_errno(err, ERROR_IO, "standard output");
	return 0;
}

static void
append_member(struct buffer *line, const json_t *entry, const char *member)
{
	const char *text = json_string_value(json_object_get(entry, member));

	if (text == NULL || *text == '\0')
		text = "-";
	if (line->len > 0)
		buf_text(line, "  ");
	output_text(line, text);
}

static int
show_entry(void *ctx, json_t *entry, struct error *err)
{
	static const char *const members[] = { "time", "actor", "action", "object",
		"outcome", "request", "detail" };
	struct cli *cli = ctx;
	struct buffer line;

	if (cli->json)
		return print_json(cli, entry, err);
	buf_init(&line, 0);
	buf_printf(
	    &line, "%lld", (long long)json_integer_value(json_object_get(entry, "seq")));
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		append_member(&line, entry, members[i]);
	fprintf(cli->out, "%s\n", buf_string(&line));
	buf_free(&line);
	return 0;
}

static int
read_newest(struct cli *cli, int64_t *seq, struct error *err)
{
	json_t *answer;

	if (daemon_get_json(cli, HEAD_URL, &answer, err) != 0)
		return -1;
	*seq =
	    json_integer_value(json_object_get(json_object_get(answer, "newest"), "seq"));
	json_decref(answer);
	return 0;
}

/* Somebody who reads along is to have each line when it is there. */
static int
flush(struct cli *cli, struct error *err)
{
	if (fflush(cli->out) != 0)
		return error_set_errno(err, ERROR_IO, "standard output");
	return 0;
}

static int
show_tail(struct cli *cli, struct error *err)
{
	const struct auditsink sink = { .entry = show_entry, .ctx = cli };
	const struct timespec pause = { .tv_sec = 1 };
	bool follow = argument_given(&cli->args, "follow");
	uint64_t lines = 0;
	int64_t after;

	if (argument_number(&cli->args, "lines", LINE_MAX, &lines, err) != 0 ||
	    read_newest(cli, &after, err) != 0)
		return -1;
	after = after > (int64_t)lines ? after - (int64_t)lines : 0;
	for (;;) {
		if (auditsource_entries(cli, &after, &sink, err) != 0 ||
		    flush(cli, err) != 0)
			return -1;
		if (!follow)
			return 0;
		nanosleep(&pause, NULL);
	}
}

static int
export_entry(void *ctx, json_t *entry, struct error *err)
{
	return print_json(ctx, entry, err);
}

static int
export_head(void *ctx, json_t *head, struct error *err)
{
	json_t *line = json_pack("{s:O}", "head", head);
	int rc = print_json(ctx, line, err);

	json_decref(line);
	return rc;
}

static int
export_all(struct cli *cli, struct error *err)
{
	const struct auditsink sink = {
		.entry = export_entry, .head = export_head, .ctx = cli
	};

	return auditsource_daemon(cli, &sink, err);
}

static int
show_head(struct cli *cli, struct error *err)
{
	json_t *answer;

	if (daemon_get_json(cli, HEAD_URL, &answer, err) != 0)
		return -1;
	output_json(cli, answer);
	json_decref(answer);
	return 0;
}

static const struct option_spec tail_options[] = {
	{ .name = "lines",
	    .letter = 'n',
	    .metavar = "N",
	    .fallback = "10",
	    .help = "how many entries, counted from the newest (-n N)" },
	{ .name = "follow",
	    .letter = 'f',
	    .help = "go on with what is added, until interrupted (-f)" },
	{ .name = NULL },
};

const struct command audit_commands[] = {
	{ .path = "audit tail",
	    .purpose = "the newest entries of the audit record",
	    .example = "keyhold audit tail -n 20 -f",
	    .options = tail_options,
	    .run = show_tail },
	{ .path = "audit export",
	    .purpose = "all entries and signed heads, a line of JSON each",
	    .example = "keyhold audit export > audit.jsonl",
	    .run = export_all },
	{ .path = "audit head",
	    .purpose = "how far the record reaches, as JSON to be kept elsewhere",
	    .example = "keyhold audit head > head.json",
	    .run = show_head },
	{ .path = "audit verify",
	    .operand = "[FILE]",
	    .purpose = "name the entries that are not as they were written",
	    .example =
		"keyhold audit verify audit.jsonl --key audit.pem --head head.json",
	    .options = audit_verify_options,
	    .run = audit_verify },
	{ .path = NULL },
};

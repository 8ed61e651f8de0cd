/* audit.c - keyhold audit: the record shown, exported, and its head. */
#include "cli/audit.h"

#include <time.h>

#include <jansson.h>

#include "cli/auditsource.h"
#include "cli/daemon.h"
#include "cli/output.h"
#include "rest/url.h"

#define HEAD_URL  "/v1/audit/head"
#define LINE_MAX  1000000
#define TAIL_SPAN 4000

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
		return output_json_line(cli, entry, err);
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
read_time(const struct arguments *args, const char *name, struct buffer *filter,
    struct error *err)
{
	const char *value = argument_value(args, name);
	char time[CLOCK_TEXT_SIZE];

	if (value == NULL)
		return 0;
	if (argument_time(value, time) != 0)
		return error_set(err, ERROR_CONFIG,
		    "--%s: \"%.40s\" is no time; say 2026-01-31 or "
		    "2026-01-31T23:59:59Z",
		    name, value);
	url_query(filter, name, time);
	return 0;
}

/* With the ? that is the path's, and not wanted. */
static int
read_filter(const struct arguments *args, struct buffer *filter, struct error *err)
{
	buf_text(filter, "?");
	url_query(filter, "actor", argument_value(args, "actor"));
	url_query(filter, "action", argument_value(args, "action"));
	url_query(filter, "object", argument_value(args, "object"));
	if (read_time(args, "since", filter, err) != 0 ||
	    read_time(args, "until", filter, err) != 0)
		return -1;
	return buf_failed(filter) ? error_set(err, ERROR_INTERNAL, "out of memory") : 0;
}

/* The newest ones: the oldest of them is the next to be overwritten. */
struct ring {
	json_t *entries;
	uint64_t size, count;
};

static int
keep_entry(void *ctx, json_t *entry, struct error *err)
{
	struct ring *ring = ctx;
	int rc = ring->count < ring->size
		     ? json_array_append(ring->entries, entry)
		     : json_array_set(ring->entries, ring->count % ring->size, entry);

	ring->count++;
	return rc == 0 ? 0 : error_set(err, ERROR_INTERNAL, "out of memory");
}

static int
show_ring(struct cli *cli, const struct ring *ring, struct error *err)
{
	uint64_t shown = ring->count < ring->size ? ring->count : ring->size;

	for (uint64_t i = ring->count - shown; i < ring->count; i++)
		if (show_entry(cli, json_array_get(ring->entries, i % ring->size), err) !=
		    0)
			return -1;
	return 0;
}

/* How far back they begin, a filter does not tell: each try goes back eight times as far.
 */
static int
show_newest(struct cli *cli, const char *filter, uint64_t lines, int64_t newest,
    int64_t *after, struct error *err)
{
	struct ring ring = { .entries = json_array(), .size = lines };
	const struct auditsink sink = { .entry = keep_entry, .ctx = &ring };
	int64_t span = (int64_t)lines, from = newest;
	int rc = 0;

	*after = newest;
	while (rc == 0 && ring.count < lines && from > 0) {
		json_array_clear(ring.entries);
		ring.count = 0;
		from = *after = newest > span ? newest - span : 0;
		rc = auditsource_entries(cli, filter, after, &sink, err);
		span = span < TAIL_SPAN ? TAIL_SPAN : 8 * span;
	}
	if (rc == 0)
		rc = show_ring(cli, &ring, err);
	json_decref(ring.entries);
	return rc;
}

/* What did not pass the filter is not looked through again. */
static int
follow(struct cli *cli, const char *filter, int64_t after, struct error *err)
{
	const struct auditsink sink = { .entry = show_entry, .ctx = cli };
	const struct timespec pause = { .tv_sec = 1 };
	int64_t newest;

	for (;;) {
		nanosleep(&pause, NULL);
		if (read_newest(cli, &newest, err) != 0 ||
		    auditsource_entries(cli, filter, &after, &sink, err) != 0 ||
		    flush(cli, err) != 0)
			return -1;
		if (after < newest)
			after = newest;
	}
}

static int
show_tail(struct cli *cli, struct error *err)
{
	struct buffer query;
	const char *filter;
	uint64_t lines = 0;
	int64_t newest, after;
	int rc = -1;

	buf_init(&query, 0);
	if (argument_number(&cli->args, "lines", LINE_MAX, &lines, err) != 0 ||
	    read_filter(&cli->args, &query, err) != 0 ||
	    read_newest(cli, &newest, err) != 0)
		goto out;
	filter = buf_string(&query) + 1;
	rc = show_newest(cli, filter, lines, newest, &after, err);
	if (rc == 0)
		rc = flush(cli, err);
	if (rc == 0 && argument_given(&cli->args, "follow"))
		rc = follow(cli, filter, after > newest ? after : newest, err);
out:
	buf_free(&query);
	return rc;
}

static int
export_entry(void *ctx, json_t *entry, struct error *err)
{
	return output_json_line(ctx, entry, err);
}

static int
export_head(void *ctx, json_t *head, struct error *err)
{
	json_t *line = json_pack("{s:O}", "head", head);
	int rc = output_json_line(ctx, line, err);

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
	{ .name = "actor",
	    .metavar = "ACTOR",
	    .help = "only what this one did, such as uid:33 or cert:dns:ci.example" },
	{ .name = "action",
	    .metavar = "ACTION",
	    .help = "only this, such as key.created; key is all that begins with key." },
	{ .name = "object",
	    .metavar = "OBJECT",
	    .help = "only what was done to this: a name, a serial, a path" },
	{ .name = "since",
	    .metavar = "TIME",
	    .help = "only from then on: 2026-01-31, or 2026-01-31T23:59:59Z" },
	{ .name = "until", .metavar = "TIME", .help = "only before then" },
	{ .name = NULL },
};

const struct command audit_commands[] = {
	{ .path = "audit tail",
	    .purpose = "the newest entries of the audit record",
	    .example = "keyhold audit tail -n 20 --action certificate --since 2026-01-31",
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

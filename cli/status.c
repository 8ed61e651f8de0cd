/* status.c - keyhold status. */
#include <jansson.h>

#include "base/buffer.h"
#include "cli/cli.h"
#include "cli/daemon.h"
#include "cli/output.h"

/* Together 5 s: who asks for the status has a reason to doubt it. */
#define CONNECT_TIMEOUT_MS 1000
#define ANSWER_TIMEOUT_MS  4000

static const struct column fields[] = {
	{ "status", "status" },
	{ "socket", "socket" },
	{ "token", "token" },
	{ "token serial", "serial" },
	{ "tokens", "states" },
	{ "keys", "keys" },
	{ "weak keys", "debian_weak_keys" },
	{ "version", "version" },
	{ "clock", "clock" },
	{ NULL, NULL },
};

/* Elsewhere the clock is the world's, and not in the answer. */
static void
put_clock(json_t *answer)
{
	const json_t *clock = json_object_get(answer, "clock");
	const char *now = json_string_value(json_object_get(clock, "now"));

	if (now != NULL)
		json_object_set_new(answer, "clock",
		    json_sprintf("%s, a rehearsal: time passes %lld times as fast", now,
			(long long)json_integer_value(json_object_get(clock, "rate"))));
}

static const char *
text_of(const json_t *token, const char *member)
{
	const char *text = json_string_value(json_object_get(token, member));

	return text != NULL ? text : "";
}

/* One by its label and serial, several by their names and states. */
static void
describe_tokens(json_t *answer)
{
	const json_t *tokens = json_object_get(answer, "tokens"), *token;
	struct buffer states;
	size_t i;

	if (json_array_size(tokens) == 1) {
		token = json_array_get(tokens, 0);
		json_object_set(answer, "token", json_object_get(token, "label"));
		json_object_set(answer, "serial", json_object_get(token, "serial"));
		return;
	}
	buf_init(&states, 0);
	json_array_foreach (tokens, i, token)
		buf_printf(&states, "%s%s %s", i > 0 ? ", " : "", text_of(token, "name"),
		    text_of(token, "state"));
	json_object_set_new(answer, "states", json_string(buf_string(&states)));
	buf_free(&states);
}

static int
show_status(struct cli *cli, struct error *err)
{
	json_t *answer = NULL;

	if (cli_set_timeouts(cli, CONNECT_TIMEOUT_MS, ANSWER_TIMEOUT_MS, err) != 0 ||
	    daemon_get_json(cli, "/readyz", &answer, err) != 0)
		return -1;
	if (cli->json) {
		output_json(cli, answer);
	} else {
		json_object_set_new(answer, "socket", json_string(cli->sockets));
		put_clock(answer);
		describe_tokens(answer);
		output_fields(cli, answer, fields);
	}
	json_decref(answer);
	return 0;
}

const struct command status_commands[] = {
	{ .path = "status",
	    .purpose = "whether the daemon runs and its token signs",
	    .example = "keyhold status",
	    .run = show_status },
	{ .path = NULL },
};

/* status.c - keyhold status. */
#include <jansson.h>

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
	{ "keys", "keys" },
	{ "weak keys", "debian_weak_keys" },
	{ "version", "version" },
	{ NULL, NULL },
};

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

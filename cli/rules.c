/* rules.c - keyhold rules: what a certificate authority refuses. */
#include <jansson.h>

#include "cli/cli.h"
#include "cli/daemon.h"
#include "cli/output.h"

static const struct column columns[] = {
	{ "RULE", "rule" },
	{ "SOURCE", "source" },
	{ "REFUSES", "refuses" },
	{ NULL, NULL },
};

static int
list_rules(struct cli *cli, struct error *err)
{
	json_t *answer = NULL;

	if (daemon_get_json(cli, "/v1/rules", &answer, err) != 0)
		return -1;
	if (cli->json)
		output_json(cli, answer);
	else
		output_table(cli, json_object_get(answer, "rules"), columns);
	json_decref(answer);
	return 0;
}

const struct command rules_commands[] = {
	{ .path = "rules",
	    .purpose = "what requests and certificates are refused for, and why",
	    .example = "keyhold rules",
	    .run = list_rules },
	{ .path = NULL },
};

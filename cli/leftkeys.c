/* leftkeys.c - pairs on the token that are in nobody's use. */
#include "cli/leftkeys.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "cli/daemon.h"
#include "cli/output.h"
#include "rest/url.h"

#define HEX_DIGITS "0123456789abcdefABCDEF"
#define ID_CHARS   64 /* PKCS#11's longest that keyholdd reads */

static const struct column columns[] = {
	{ "CKA_ID", "cka_id" },
	{ "TOKEN", "token" },
	{ "LABEL", "label" },
	{ "HALVES", "halves" },
	{ NULL, NULL },
};

static void
warn_of_unread(struct cli *cli, const json_t *unread)
{
	const json_t *token;
	size_t i;

	json_array_foreach (unread, i, token)
		cli_advise(cli, "Token %s was not read: %s",
		    json_string_value(json_object_get(token, "token")),
		    json_string_value(json_object_get(token, "why")));
}

int
list_left_keys(struct cli *cli, struct error *err)
{
	json_t *answer = NULL;

	if (daemon_get_json(cli, "/v1/left-keys", &answer, err) != 0)
		return -1;
	if (cli->json)
		output_json(cli, answer);
	else
		output_table(cli, json_object_get(answer, "keys"), columns);
	warn_of_unread(cli, json_object_get(answer, "unread"));
	json_decref(answer);
	return 0;
}

/* Nobody knows what it was for, so it is not asked which one is meant but whether. */
static int
confirm(struct cli *cli, struct error *err)
{
	char line[128];

	if (argument_given(&cli->args, "yes"))
		return 0;
	if (!cli->interactive)
		return error_set(err, ERROR_CONFIG,
		    "key discard needs --yes when nobody is there to confirm it");
	fprintf(cli->out,
	    "The token will destroy this key for ever; it may be another program's. "
	    "Type its CKA_ID to go on: ");
	fflush(cli->out);
	if (fgets(line, sizeof(line), cli->in) == NULL)
		line[0] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	if (strcmp(line, cli->args.operand) != 0)
		return error_set(
		    err, ERROR_CONFIG, "not confirmed; the key is still there");
	return 0;
}

int
discard_key(struct cli *cli, struct error *err)
{
	const char *id = cli->args.operand;
	size_t len = strlen(id);
	struct buffer url;
	int rc;

	if (len == 0 || len > ID_CHARS || strspn(id, HEX_DIGITS) != len)
		return error_set(err, ERROR_CONFIG,
		    "\"%.80s\" is not a CKA_ID as keyhold key left shows it", id);
	if (confirm(cli, err) != 0)
		return -1;
	buf_init(&url, 0);
	buf_printf(&url, "/v1/left-keys/%s", id);
	url_query(&url, "token", argument_value(&cli->args, "token"));
	rc = daemon_change(cli, "DELETE", buf_string(&url), NULL, NULL, err);
	buf_free(&url);
	if (rc == 0 && !cli->json)
		fprintf(cli->out, "destroyed the pair %s\n", id);
	return rc;
}

/* token.c - keyhold token: bearer tokens for clients without a user or a certificate. */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "cli/artifact.h"
#include "cli/cli.h"
#include "cli/daemon.h"
#include "cli/output.h"
#include "rest/url.h"

#define MODE_TOKEN 0600

static const struct column columns[] = {
	{ "NAME", "name" },
	{ "STATUS", "status" },
	{ "CREATED", "created" },
	{ "EXPIRES", "expires" },
	{ "REVOKED", "revoked" },
	{ NULL, NULL },
};

static int
write_file(const char *path, const char *token, struct error *err)
{
	struct buffer line;
	int rc;

	buf_init(&line, 0);
	buf_printf(&line, "%s\n", token);
	rc = buf_failed(&line) ? error_set(err, ERROR_INTERNAL, "out of memory")
			       : file_write(path, line.data, line.len, MODE_TOKEN, err);
	buf_free(&line);
	return rc;
}

/* The token goes to one place only: the file, or standard output. */
static int
hand_over(struct cli *cli, json_t *answer, const char *path, struct error *err)
{
	const char *token = json_string_value(json_object_get(answer, "token"));
	const char *expires = json_string_value(json_object_get(answer, "expires"));

	if (token == NULL || expires == NULL)
		return error_set(err, ERROR_INTERNAL, "keyholdd's answer has no token");
	if (path != NULL && write_file(path, token, err) != 0) {
		cli_advise(
		    cli, "The token is lost: keyhold token revoke %s", cli->args.operand);
		return -1;
	}
	if (cli->json) {
		if (path != NULL)
			json_object_del(answer, "token");
		output_json(cli, answer);
	} else if (path != NULL) {
		fprintf(cli->out, "wrote token %s to %s; it is good until %s\n",
		    cli->args.operand, path, expires);
	} else {
		fprintf(cli->out, "%s\n", token);
		fprintf(cli->errors, "keyhold: good until %s; it is not shown again\n",
		    expires);
	}
	return 0;
}

static json_t *
describe(struct cli *cli, struct error *err)
{
	json_t *body = json_pack("{s:s}", "name", cli->args.operand);
	uint64_t seconds;

	if (argument_days(&cli->args, &seconds, err) != 0) {
		json_decref(body);
		return NULL;
	}
	if (seconds > 0)
		json_object_set_new(
		    body, "expires_in_seconds", json_integer((json_int_t)seconds));
	return body;
}

static int
create_token(struct cli *cli, struct error *err)
{
	const char *path = argument_value(&cli->args, "out");
	json_t *body, *answer = NULL;
	int rc;

	if (path != NULL && strcmp(path, "-") == 0)
		path = NULL;
	if (url_check_name(cli->args.operand, err) != 0 ||
	    artifact_check(cli, path, false, err) != 0 ||
	    (body = describe(cli, err)) == NULL ||
	    daemon_post_json(cli, "/v1/tokens", body, &answer, err) != 0)
		return -1;
	rc = hand_over(cli, answer, path, err);
	json_decref(answer);
	return rc;
}

static int
list_tokens(struct cli *cli, struct error *err)
{
	json_t *answer;

	if (daemon_get_json(cli, "/v1/tokens", &answer, err) != 0)
		return -1;
	if (cli->json)
		output_json(cli, answer);
	else
		output_table(cli, json_object_get(answer, "tokens"), columns);
	json_decref(answer);
	return 0;
}

static int
revoke_token(struct cli *cli, struct error *err)
{
	char url[URL_MAX];

	if (url_check_name(cli->args.operand, err) != 0)
		return -1;
	snprintf(url, sizeof(url), "/v1/tokens/%s", cli->args.operand);
	if (daemon_change(cli, "DELETE", url, NULL, NULL, err) != 0)
		return -1;
	if (!cli->json)
		fprintf(cli->out, "revoked token %s\n", cli->args.operand);
	return 0;
}

static const struct option_spec create_options[] = {
	{ .name = "days", .metavar = "N", .help = "how long it is good; 90 without" },
	{ .name = "out",
	    .metavar = "FILE",
	    .help = "write it to a file of mode 0600 instead of standard output" },
	{ .name = NULL },
};

const struct command token_commands[] = {
	{ "token create", "NAME", "make a bearer token; it is shown this once",
	    "keyhold token create deploy --days 30 --out deploy.token", create_options,
	    create_token },
	{ "token list", NULL, "list the bearer tokens", "keyhold token list", NULL,
	    list_tokens },
	{ "token revoke", "NAME", "end a bearer token, now",
	    "keyhold token revoke deploy", NULL, revoke_token },
	{ .path = NULL },
};

/* hardware.c - keyhold token show and check: the PKCS#11 tokens that have the keys. */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "cli/cli.h"
#include "cli/daemon.h"
#include "cli/names.h"
#include "cli/output.h"
#include "rest/url.h"

#define CONNECT_TIMEOUT_MS 3000
#define CHECK_TIMEOUT_MS   600000 /* it makes a key of each type */

static const struct column fields[] = {
	{ "name", "name" },
	{ "state", "state" },
	{ "why", "why" },
	{ "label", "label" },
	{ "serial", "serial" },
	{ "manufacturer", "manufacturer" },
	{ "model", "model" },
	{ "module", "module" },
	{ "sessions", "session_text" },
	{ "decrypts", "decrypts" },
	{ NULL, NULL },
};

static const struct column types[] = {
	{ "TYPE", "type" },
	{ "MAKES", "makes_text" },
	{ "SIGNS", "schemes" },
	{ "WHY", "why" },
	{ NULL, NULL },
};

static const struct column results[] = {
	{ "ON", "subject" },
	{ "STEP", "step" },
	{ "OUTCOME", "outcome" },
	{ "WHY, AND WHAT IT MEANS", "detail" },
	{ NULL, NULL },
};

static const char *
yes_or_no(const json_t *object, const char *member)
{
	return json_is_true(json_object_get(object, member)) ? "yes" : "no";
}

static void
show_fields(struct cli *cli, json_t *answer)
{
	const json_t *sessions = json_object_get(answer, "sessions");
	char text[64];

	snprintf(text, sizeof(text), "%lld of %lld in use",
	    (long long)json_integer_value(json_object_get(sessions, "lent")),
	    (long long)json_integer_value(json_object_get(sessions, "max")));
	json_object_set_new(answer, "session_text", json_string(text));
	json_object_set_new(
	    answer, "decrypts", json_string(yes_or_no(answer, "rsa_key_exchange")));
	output_fields(cli, answer, fields);
}

static void
show_one(struct cli *cli, json_t *token)
{
	json_t *rows = json_object_get(token, "key_types"), *row;
	size_t i;

	json_array_foreach (rows, i, row)
		json_object_set_new(
		    row, "makes_text", json_string(yes_or_no(row, "makes")));
	show_fields(cli, token);
	fputc('\n', cli->out);
	output_table(cli, rows, types);
}

static bool
is_called(const json_t *token, const char *name)
{
	const char *its = json_string_value(json_object_get(token, "name"));

	return name == NULL || (its != NULL && strcmp(its, name) == 0);
}

/* Those with another name leave the answer. */
static int
choose(json_t *tokens, const char *name, struct error *err)
{
	for (size_t i = json_array_size(tokens); i > 0; i--)
		if (!is_called(json_array_get(tokens, i - 1), name))
			json_array_remove(tokens, i - 1);
	if (json_array_size(tokens) > 0)
		return 0;
	return error_set(err, ERROR_NOT_FOUND, "no token is named %s",
	    name != NULL ? name : "anything");
}

static int
show_tokens(struct cli *cli, struct error *err)
{
	json_t *answer, *tokens, *token;
	size_t i;
	int rc;

	if (daemon_get_json(cli, "/v1/token", &answer, err) != 0)
		return -1;
	tokens = json_object_get(answer, "tokens");
	rc = choose(tokens, cli->args.operand, err);
	if (rc == 0 && cli->json)
		output_json(cli, answer);
	else if (rc == 0)
		json_array_foreach (tokens, i, token) {
			if (i > 0)
				fputc('\n', cli->out);
			show_one(cli, token);
		}
	json_decref(answer);
	return rc;
}

static json_t *
describe(struct cli *cli)
{
	const char *type = argument_value(&cli->args, "type");

	return type != NULL ? json_pack("{s:s}", "type", type) : json_object();
}

static void
show_results(struct cli *cli, json_t *rows)
{
	json_t *row, *detail;
	size_t i;

	json_array_foreach (rows, i, row) {
		const char *why = json_string_value(json_object_get(row, "why"));
		const char *means = json_string_value(json_object_get(row, "means"));

		if (why == NULL || *why == '\0' || means == NULL)
			continue;
		detail = json_sprintf("%s: %s", why, means);
		json_object_set_new(row, "detail", detail);
	}
	output_table(cli, rows, results);
}

static int
check_token(struct cli *cli, struct error *err)
{
	struct buffer url;
	json_t *answer;
	bool works;
	int rc;

	if (cli_set_timeouts(cli, CONNECT_TIMEOUT_MS, CHECK_TIMEOUT_MS, err) != 0)
		return -1;
	buf_init(&url, 0);
	buf_text(&url, "/v1/token/check");
	url_query(&url, "token", cli->args.operand);
	rc = daemon_post_json(cli, buf_string(&url), describe(cli), &answer, err);
	buf_free(&url);
	if (rc != 0)
		return -1;
	works = json_is_true(json_object_get(answer, "works"));
	if (cli->json)
		output_json(cli, answer);
	else
		show_results(cli, json_object_get(answer, "results"));
	json_decref(answer);
	if (works)
		return 0;
	return error_set(
	    err, ERROR_REFUSED, "the token fails at what it says that it can do");
}

static const struct option_spec check_options[] = {
	{ .name = "type",
	    .metavar = "TYPE",
	    .help = "with keys of this type only",
	    .choices = NAMES_KEY_TYPES },
	{ .name = NULL },
};

const struct command hardware_commands[] = {
	{ "token show", "[NAME]",
	    "the PKCS#11 token, or each: what it is, and what it can do",
	    "keyhold token show", NULL, show_tokens },
	{ "token check", "[NAME]",
	    "a PKCS#11 token, or the first: try all that it says it can do",
	    "keyhold token check --type ec-p256", check_options, check_token },
	{ .path = NULL },
};

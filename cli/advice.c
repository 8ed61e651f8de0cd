/* advice.c - what to do next about what was refused. */
#include "cli/advice.h"

#include <string.h>

#include <jansson.h>

#include "cli/output.h"
#include "rest/problem.h"

/* How the daemon's details begin. */
#define NO_PROFILE "no profile "
#define NO_ISSUER  "no issuer "
#define NO_KEY     "no key named "

#define IN_FLIGHT "urn:keyhold:error:in-flight"

static const struct {
	const char *prefix, *command;
} lists[] = {
	{ "/v1/keys/", "keyhold key list" },
	{ "/v1/issuers/", "keyhold ca list" },
	{ "/v1/certificates/", "keyhold cert list" },
	{ "/v1/blocked-keys/", "keyhold key blocked" },
	{ "/v1/profiles/", "keyhold profile list" },
	{ "/v1/tokens/", "keyhold token list" },
};

/* What was asked for with --days, the daemon knows in seconds. */
static bool
is_about_days(const struct cli *cli, const char *rule)
{
	return (strcmp(rule, "validity-range") == 0 ||
		   strcmp(rule, "validity-beyond-issuer") == 0) &&
	       command_option(cli->args.command, "days") != NULL &&
	       argument_given(&cli->args, "days");
}

/* "  san-required  names: no subject alternative name (RFC 6125)" */
static void
advise_violation(struct cli *cli, const json_t *violation)
{
	const char *field = problem_text(violation, "field"),
		   *rule = problem_text(violation, "rule"),
		   *source = problem_text(violation, "source");
	struct buffer *out = &cli->advice;

	buf_text(out, "  ");
	output_text(out, rule);
	buf_text(out, "  ");
	if (is_about_days(cli, rule)) {
		buf_printf(out, "--days %s, of 86400 seconds each: ",
		    argument_value(&cli->args, "days"));
	} else {
		output_text(out, field);
		buf_text(out, *field != '\0' ? ": " : "");
	}
	output_text(out, problem_text(violation, "detail"));
	if (*source != '\0') {
		buf_text(out, " (");
		output_text(out, source);
		buf_text(out, ")");
	}
	buf_text(out, "\n");
}

static void
advise_violations(struct cli *cli, const json_t *violations)
{
	const json_t *violation;
	size_t i;

	json_array_foreach (violations, i, violation)
		advise_violation(cli, violation);
	if (json_array_size(violations) > 0)
		cli_advise(cli, "What each rule refuses: keyhold rules");
}

/* What is missing need not be what the path names: an issuer signs by a profile. */
static void
advise_missing(struct cli *cli, const char *detail, const char *path)
{
	if (strncmp(detail, NO_PROFILE, strlen(NO_PROFILE)) == 0) {
		cli_advise(cli, "See: keyhold profile list");
		return;
	}
	if (strncmp(detail, NO_ISSUER, strlen(NO_ISSUER)) == 0)
		path = "/v1/issuers/";
	if (strncmp(detail, NO_KEY, strlen(NO_KEY)) == 0) {
		if (strcmp(path, "/v1/issuers") == 0)
			cli_advise(cli, "One that is on the token is taken into use "
					"first: keyhold key adopt NAME --use ca");
		path = "/v1/keys/";
	}
	/* What adopt does not find was never in the list. */
	if (strstr(path, "/adopt") != NULL) {
		cli_advise(cli, "NAME is the CKA_LABEL that the token has for the "
				"private key: pkcs11-tool --login --list-objects");
		return;
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (strncmp(path, lists[i].prefix, strlen(lists[i].prefix)) == 0)
			cli_advise(cli, "See: %s", lists[i].command);
}

/* What could not be made is there: the path is the list's. */
static void
advise_taken(struct cli *cli, const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (len + 1 == strlen(lists[i].prefix) &&
		    strncmp(path, lists[i].prefix, len) == 0)
			cli_advise(cli, "See: %s", lists[i].command);
}

static void
advise(struct cli *cli, const json_t *problem, const char *path)
{
	advise_violations(cli, json_object_get(problem, "violations"));
	if (cli->rest.res.status == 401 && cli->token_file != NULL)
		cli_advise(cli, "The token is that of %s.", cli->token_file);
	if (cli->rest.res.status == 404)
		advise_missing(cli, problem_text(problem, "detail"), path);
	if (cli->rest.res.status == 409)
		advise_taken(cli, path);
	if (cli->rest.res.status == 503 || cli->rest.res.status == 429 ||
	    strcmp(problem_text(problem, "type"), IN_FLIGHT) == 0)
		cli_advise(cli, "Try again in a moment.");
	if (cli->rest.res.status == 500)
		cli_advise(cli, "keyholdd's log says why.");
}

/* What the daemon says must not move the cursor of who reads it. */
static void
clean(struct error *err)
{
	struct buffer text;

	buf_init(&text, 0);
	output_text(&text, err->text);
	error_set(err, err->code, "%s", buf_string(&text));
	buf_free(&text);
}

int
advice_explain(struct cli *cli, const char *path, struct error *err)
{
	json_t *problem = problem_read(&cli->rest.res);

	problem_summarise(problem, cli->rest.res.status, path, err);
	clean(err);
	advise(cli, problem, path);
	if (cli->rest.res.request_id[0] != '\0')
		cli_advise(cli, "request %s", cli->rest.res.request_id);
	if (cli->json && json_is_object(problem))
		output_json(cli, problem);
	json_decref(problem);
	return -1;
}

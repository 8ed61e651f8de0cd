/* problem.c - what was refused, why, and what to do next. */
#include "cli/problem.h"

#include <string.h>

#include <jansson.h>

#include "cli/output.h"

/* How the daemon's details begin. */
#define NO_PROFILE "no profile "
#define NO_ISSUER  "no issuer "
#define NO_KEY     "no key named "

#define IN_FLIGHT "urn:keyhold:error:in-flight"

static const struct {
	int status;
	enum error_code code;
} codes[] = {
	{ 400, ERROR_BAD_REQUEST },
	{ 401, ERROR_CREDENTIAL },
	{ 403, ERROR_FORBIDDEN },
	{ 404, ERROR_NOT_FOUND },
	{ 406, ERROR_UNACCEPTABLE },
	{ 409, ERROR_CONFLICT },
	{ 412, ERROR_PRECONDITION },
	{ 413, ERROR_TOO_LARGE },
	{ 415, ERROR_UNSUPPORTED },
	{ 422, ERROR_REFUSED },
	{ 429, ERROR_LIMITED },
	{ 503, ERROR_BUSY },
};

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

static enum error_code
code_of(int status)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].status == status)
			return codes[i].code;
	return status >= 400 && status < 500 ? ERROR_BAD_REQUEST : ERROR_INTERNAL;
}

static const char *
text_of(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text != NULL ? text : "";
}

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
	const char *field = text_of(violation, "field"),
		   *rule = text_of(violation, "rule"),
		   *source = text_of(violation, "source");
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
	output_text(out, text_of(violation, "detail"));
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
	if (cli->res.status == 401 && cli->token_file != NULL)
		cli_advise(cli, "The token is that of %s.", cli->token_file);
	if (cli->res.status == 404)
		advise_missing(cli, text_of(problem, "detail"), path);
	if (cli->res.status == 409)
		advise_taken(cli, path);
	if (cli->res.status == 503 || cli->res.status == 429 ||
	    strcmp(text_of(problem, "type"), IN_FLIGHT) == 0)
		cli_advise(cli, "Try again in a moment.");
	if (cli->res.status == 500)
		cli_advise(cli, "keyholdd's log says why.");
}

/* The first line; the list of broken rules says more than the daemon's own detail. */
static void
summarise(const json_t *problem, int status, const char *path, struct error *err)
{
	size_t broken = json_array_size(json_object_get(problem, "violations"));
	const char *detail = text_of(problem, "detail");
	struct buffer text;

	buf_init(&text, 0);
	output_text(&text, *detail != '\0' ? detail : text_of(problem, "title"));
	if (broken > 0)
		error_set(err, code_of(status), "refused: %zu %s broken", broken,
		    broken == 1 ? "rule is" : "rules are");
	else if (text.len > 0)
		error_set(err, code_of(status), "%s", buf_string(&text));
	else
		error_set(
		    err, code_of(status), "keyholdd answered %d to %s", status, path);
	buf_free(&text);
}

int
problem_explain(struct cli *cli, const char *path, struct error *err)
{
	json_t *problem =
	    json_loadb(buf_string(&cli->res.body), cli->res.body.len, 0, NULL);

	summarise(problem, cli->res.status, path, err);
	advise(cli, problem, path);
	if (cli->res.request_id[0] != '\0')
		cli_advise(cli, "request %s", cli->res.request_id);
	if (cli->json && json_is_object(problem))
		output_json(cli, problem);
	json_decref(problem);
	return -1;
}

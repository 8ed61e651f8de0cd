/* revoke.c - takes a certificate back, by its serial or from its file. */
#include "cli/revoke.h"

#include <jansson.h>

#include "cli/certfile.h"
#include "cli/daemon.h"
#include "cli/output.h"
#include "rest/url.h"

static const struct column fields[] = {
	{ "serial", "serial" },
	{ "ca", "issuer" },
	{ "status", "status" },
	{ "reason", "reason" },
	{ "revoked at", "revoked_at" },
	{ "invalid since", "invalidity_date" },
	{ NULL, NULL },
};

/* NULL without the option. */
static int
read_date(const struct arguments *args, char time[static CLOCK_TEXT_SIZE],
    const char **date, struct error *err)
{
	const char *text = argument_value(args, "invalidity-date");

	*date = NULL;
	if (text == NULL)
		return 0;
	if (argument_time(text, time) != 0)
		return error_set(err, ERROR_CONFIG,
		    "--invalidity-date: \"%.40s\" is no time; say 2026-01-31 or "
		    "2026-01-31T23:59:59Z",
		    text);
	*date = time;
	return 0;
}

static int
check_one_of_both(const struct arguments *args, struct error *err)
{
	bool has_file = argument_given(args, "file");

	if (has_file == (args->operand != NULL))
		return error_set(err, ERROR_CONFIG,
		    "cert revoke needs %s: a SERIAL (keyhold cert list), or --file FILE",
		    has_file ? "one of these, not both" : "to know which");
	return 0;
}

static int
send_request(struct cli *cli, json_t **answer, struct error *err)
{
	const char *path = argument_value(&cli->args, "file"), *date;
	char url[URL_MAX] = "/v1/revocations", time[CLOCK_TEXT_SIZE];
	struct buffer pem;
	int rc = -1;

	buf_init(&pem, 0);
	if (check_one_of_both(&cli->args, err) != 0 ||
	    read_date(&cli->args, time, &date, err) != 0)
		goto out;
	if (path != NULL)
		rc = certfile_pem(path, &pem, err);
	else
		rc = url_certificate(url, cli->args.operand, "/revocation", err);
	if (rc != 0)
		goto out;
	rc = daemon_post_json(cli, url,
	    json_pack("{s:s*, s:s, s:s*}", "certificate",
		path != NULL ? buf_string(&pem) : NULL, "reason",
		argument_value(&cli->args, "reason"), "invalidity_date", date),
	    answer, err);
out:
	buf_free(&pem);
	return rc;
}

int
revoke_certificate(struct cli *cli, struct error *err)
{
	json_t *answer = NULL;

	if (send_request(cli, &answer, err) != 0)
		return -1;
	if (cli->json)
		output_json(cli, answer);
	else
		output_fields(cli, answer, fields);
	json_decref(answer);
	return 0;
}

const struct option_spec revoke_options[] = {
	{ .name = "reason",
	    .metavar = "REASON",
	    .help = "why; key_compromise and ca_compromise also keep the key from being "
		    "certified again",
	    .fallback = "unspecified",
	    .choices = "unspecified key_compromise ca_compromise affiliation_changed "
		       "superseded cessation_of_operation privilege_withdrawn "
		       "aa_compromise" },
	{ .name = "invalidity-date",
	    .metavar = "TIME",
	    .help = "since when it was not to be trusted: 2026-01-31, or "
		    "2026-01-31T23:59:59Z" },
	{ .name = "file",
	    .metavar = "FILE",
	    .help = "the certificate, PEM or DER, instead of its serial; the first one "
		    "of a chain" },
	{ .name = NULL },
};

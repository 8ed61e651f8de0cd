/* renew.c - a certificate once more, for the same names. */
#include "cli/renew.h"

#include <jansson.h>

#include "cli/artifact.h"
#include "cli/daemon.h"
#include "cli/output.h"
#include "cli/request.h"
#include "cli/signing.h"
#include "rest/url.h"

/* {} asks for the same key. */
static int
make_body(struct cli *cli, json_t **body, struct error *err)
{
	const char *path = argument_value(&cli->args, "csr");
	struct buffer csr;
	uint64_t seconds;
	int rc = -1;

	*body = NULL;
	buf_init(&csr, 0);
	if (argument_days(&cli->args, &seconds, err) != 0 ||
	    (path != NULL && request_read(path, &csr, err) != 0))
		goto out;
	*body = json_object();
	if (path != NULL)
		json_object_set_new(*body, "csr", json_string(buf_string(&csr)));
	if (seconds != 0)
		json_object_set_new(
		    *body, "validity_seconds", json_integer((json_int_t)seconds));
	rc = 0;
out:
	buf_free(&csr);
	return rc;
}

static int
send(struct cli *cli, json_t **certificate, struct error *err)
{
	char url[URL_MAX];
	json_t *body;

	if (url_certificate(url, cli->args.operand, "/renewals", err) != 0 ||
	    make_body(cli, &body, err) != 0 ||
	    daemon_post_json(cli, url, body, certificate, err) != 0)
		return -1;
	output_warnings(cli, *certificate);
	return 0;
}

int
renew_certificate(struct cli *cli, struct error *err)
{
	const char *path = argument_value(&cli->args, "out");
	json_t *certificate = NULL;
	int rc = -1;

	/* Before signing: a certificate must not be issued only to be lost. */
	if (artifact_check(cli, path, false, err) == 0 &&
	    send(cli, &certificate, err) == 0)
		rc = signing_write(cli, certificate, path, err);
	json_decref(certificate);
	return rc;
}

int
renew_show_window(struct cli *cli, struct error *err)
{
	static const struct column columns[] = {
		{ "renew from", "start" },
		{ "renew until", "end" },
		{ NULL, NULL },
	};
	char url[URL_MAX];
	json_t *info = NULL;

	if (url_certificate(url, cli->args.operand, "/renewal-info", err) != 0 ||
	    daemon_get_json(cli, url, &info, err) != 0)
		return -1;
	if (cli->json)
		output_json(cli, info);
	else
		output_fields(cli, json_object_get(info, "suggestedWindow"), columns);
	json_decref(info);
	return 0;
}

/* signing.c - one certificate from one request. */
#include "cli/signing.h"

#include <string.h>

#include "cli/artifact.h"
#include "cli/daemon.h"
#include "cli/output.h"
#include "rest/url.h"

static int
make_body(const struct arguments *args, const char *csr, json_t **body, struct error *err)
{
	uint64_t seconds;

	if (argument_days(args, &seconds, err) != 0)
		return -1;
	*body = json_pack(
	    "{s:s, s:s}", "csr", csr, "profile", argument_value(args, "profile"));
	/* jansson refuses what is not UTF-8. */
	if (*body == NULL)
		return error_set(err, ERROR_IO, "the request is neither PEM nor DER");
	if (seconds != 0)
		json_object_set_new(
		    *body, "validity_seconds", json_integer((json_int_t)seconds));
	return 0;
}

int
signing_request(struct cli *cli, const char *csr, json_t **certificate, struct error *err)
{
	char url[URL_MAX];
	json_t *body;

	if (url_issuer(url, argument_value(&cli->args, "ca"), "/certificates", err) !=
		0 ||
	    make_body(&cli->args, csr, &body, err) != 0 ||
	    daemon_post_json(cli, url, body, certificate, err) != 0)
		return -1;
	output_warnings(cli, *certificate);
	return 0;
}

int
signing_chain(const json_t *certificate, struct bytes *chain, struct error *err)
{
	const json_t *text = json_object_get(certificate, "chain");

	if (!json_is_string(text))
		return error_set(
		    err, ERROR_INTERNAL, "keyholdd signed the request but sent no chain");
	*chain = (struct bytes){ (const unsigned char *)json_string_value(text),
		json_string_length(text) };
	return 0;
}

int
signing_write(
    struct cli *cli, const json_t *certificate, const char *path, struct error *err)
{
	struct bytes chain;
	int rc = signing_chain(certificate, &chain, err);

	if (rc == 0 && cli->json)
		output_json(cli, certificate);
	if (rc == 0 && (!cli->json || path != NULL))
		rc = artifact_write(cli, path, chain, MODE_PUBLIC, false, err);
	if (rc != 0)
		signing_advise(cli, certificate);
	return rc;
}

void
signing_advise(struct cli *cli, const json_t *certificate)
{
	const char *serial = json_string_value(json_object_get(certificate, "serial"));
	struct buffer text;

	buf_init(&text, 0);
	output_text(&text, serial != NULL ? serial : "SERIAL");
	cli_advise(cli, "It was issued all the same: keyhold cert show %s --pem",
	    buf_string(&text));
	buf_free(&text);
}

/* calife.c - keyhold ca set, retire, activate and rotate: the life of a CA. */
#include <stdio.h>

#include "cli/caissuer.h"
#include "cli/calife.h"
#include "cli/names.h"
#include "rest/url.h"

#define NEXT_MAX 160

static int
patch(struct cli *cli, json_t *body, const char *next, struct error *err)
{
	char url[URL_MAX];

	if (url_issuer(url, cli->args.operand, "", err) != 0) {
		json_decref(body);
		return -1;
	}
	return caissuer_send(cli, "PATCH", url, body, next, err);
}

int
calife_set(struct cli *cli, struct error *err)
{
	json_t *body = json_object();

	if (caissuer_add_urls(&cli->args, body, err) != 0) {
		json_decref(body);
		return -1;
	}
	if (json_object_size(body) == 0) {
		json_decref(body);
		return error_set(err, ERROR_CONFIG,
		    "ca set needs --crl-url, --ocsp-url, --ca-issuers-url or "
		    "--crl-shards");
	}
	return patch(cli, body, NULL, err);
}

int
calife_retire(struct cli *cli, struct error *err)
{
	const char *successor = argument_value(&cli->args, "successor");
	const char *state =
	    argument_given(&cli->args, "finally") ? "retired" : "retiring";

	if (successor != NULL && url_check_name(successor, err) != 0)
		return -1;
	return patch(cli,
	    json_pack("{s:s, s:s*}", "state", state, "successor", successor), NULL, err);
}

int
calife_activate(struct cli *cli, struct error *err)
{
	return patch(cli, json_pack("{s:s}", "state", "active"), NULL, err);
}

static int
make_rotation(const struct arguments *args, json_t **body, struct error *err)
{
	const char *name = argument_value(args, "name");
	uint64_t seconds = 0;

	if ((name != NULL && url_check_name(name, err) != 0) ||
	    argument_days(args, &seconds, err) != 0)
		return -1;
	*body = json_pack("{s:s*, s:s*, s:s*}", "name", name, "subject",
	    argument_value(args, "subject"), "key_type", argument_value(args, "type"));
	if (seconds != 0)
		json_object_set_new(
		    *body, "validity_seconds", json_integer((json_int_t)seconds));
	return caissuer_add_urls(args, *body, err);
}

int
calife_rotate(struct cli *cli, struct error *err)
{
	char url[URL_MAX], next[NEXT_MAX];
	json_t *body = NULL;

	if (url_issuer(url, cli->args.operand, "/rotate", err) != 0 ||
	    make_rotation(&cli->args, &body, err) != 0) {
		json_decref(body);
		return -1;
	}
	snprintf(next, sizeof(next),
	    "%s retires: requests to it are signed by the new CA. Of a root, give the "
	    "new "
	    "one\nto the clients, then rotate the CAs beneath it",
	    cli->args.operand);
	return caissuer_send(cli, "POST", url, body, next, err);
}

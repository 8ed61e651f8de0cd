/* ca.c - keyhold ca: certificate authorities, roots and intermediates. */
#include <jansson.h>

#include "cli/artifact.h"
#include "cli/cli.h"
#include "cli/crl.h"
#include "cli/daemon.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/url.h"

static const struct column fields[] = {
	{ "name", "name" },
	{ "issuer", "issuer" },
	{ "subject", "subject" },
	{ "key", "key" },
	{ "serial", "serial" },
	{ "not before", "not_before" },
	{ "not after", "not_after" },
	{ NULL, NULL },
};

static const struct column columns[] = {
	{ "NAME", "name" },
	{ "ISSUER", "issuer" },
	{ "KEY", "key" },
	{ "NOT AFTER", "not_after" },
	{ "SUBJECT", "subject" },
	{ NULL, NULL },
};

static int
make_request(const struct arguments *args, json_t **body, struct error *err)
{
	const char *issuer = argument_value(args, "issuer");
	uint64_t seconds = 0, path_len = 0;

	if (url_check_name(args->operand, err) != 0 ||
	    (issuer != NULL && url_check_name(issuer, err) != 0) ||
	    argument_days(args, &seconds, err) != 0 ||
	    argument_number(args, "path-len", UINT8_MAX, &path_len, err) != 0)
		return -1;
	*body = json_pack("{s:s, s:s*, s:s*, s:s*}", "name", args->operand, "issuer",
	    issuer, "subject", argument_value(args, "subject"), "key_type",
	    argument_value(args, "type"));
	/* The daemon's own default ends with the issuer; a number would be refused. */
	if (seconds != 0)
		json_object_set_new(
		    *body, "validity_seconds", json_integer((json_int_t)seconds));
	if (argument_given(args, "path-len"))
		json_object_set_new(
		    *body, "path_len", json_integer((json_int_t)path_len));
	return 0;
}

static void
print_next(struct cli *cli)
{
	const char *name = cli->args.operand;

	if (argument_value(&cli->args, "issuer") == NULL)
		fprintf(
		    cli->out, "\nNext: keyhold ca create internal --issuer %s\n", name);
	else
		fprintf(cli->out,
		    "\nNext: keyhold cert issue web --ca %s --san HOST --out DIR\n",
		    name);
}

static int
create_issuer(struct cli *cli, struct error *err)
{
	json_t *body, *issuer = NULL;

	if (make_request(&cli->args, &body, err) != 0 ||
	    daemon_post_json(cli, "/v1/issuers", body, &issuer, err) != 0)
		return -1;
	if (cli->json) {
		output_json(cli, issuer);
	} else {
		output_fields(cli, issuer, fields);
		print_next(cli);
	}
	json_decref(issuer);
	return 0;
}

static int
list_issuers(struct cli *cli, struct error *err)
{
	json_t *answer = NULL;

	if (daemon_get_json(cli, "/v1/issuers", &answer, err) != 0)
		return -1;
	if (cli->json)
		output_json(cli, answer);
	else
		output_table(cli, json_object_get(answer, "issuers"), columns);
	json_decref(answer);
	return 0;
}

static int
show_issuer(struct cli *cli, struct error *err)
{
	char url[URL_MAX];
	json_t *issuer = NULL;

	if (url_issuer(url, cli->args.operand, "", err) != 0 ||
	    daemon_get_json(cli, url, &issuer, err) != 0)
		return -1;
	if (cli->json)
		output_json(cli, issuer);
	else
		output_fields(cli, issuer, fields);
	json_decref(issuer);
	return 0;
}

static int
save_pem(struct cli *cli, const char *ending, const char *type, struct error *err)
{
	const char *path = argument_value(&cli->args, "out");
	char url[URL_MAX];

	if (url_issuer(url, cli->args.operand, ending, err) != 0 ||
	    daemon_get(cli, url, type, err) != 0)
		return -1;
	return artifact_write(
	    cli, path, buf_bytes(&cli->res.body), MODE_PUBLIC, false, err);
}

static int
save_chain(struct cli *cli, struct error *err)
{
	return save_pem(cli, "/chain", TYPE_CHAIN, err);
}

static int
save_certificate(struct cli *cli, struct error *err)
{
	return save_pem(cli, "/certificate", TYPE_PEM, err);
}

static const struct option_spec create_options[] = {
	{ .name = "subject",
	    .metavar = "NAME",
	    .help =
		"a name like /C=CN/O=example/CN=example root; without it /CN= and NAME" },
	{ .name = "issuer",
	    .metavar = "CA",
	    .help = "the CA that signs it, which makes it an intermediate; without it a "
		    "root" },
	{ .name = "days",
	    .metavar = "N",
	    .help = "how long it is valid; without it 3650 for a root, 1825 for an "
		    "intermediate or until its issuer ends" },
	{ .name = "type",
	    .metavar = "TYPE",
	    .help = "the kind of its key",
	    .fallback = "ec-p256",
	    .choices = NAMES_KEY_TYPES },
	{ .name = "path-len",
	    .metavar = "N",
	    .help = "how many CAs may follow beneath it; without it no limit for a root, "
		    "0 for "
		    "an intermediate" },
	{ .name = NULL },
};

static const struct option_spec out_options[] = {
	{ .name = "out",
	    .metavar = "FILE",
	    .help = "write it there, not on standard output" },
	{ .name = NULL },
};

const struct command ca_commands[] = {
	{ "ca create", "NAME", "create a CA: its key in the token, and its certificate",
	    "keyhold ca create internal --issuer root --days 1825", create_options,
	    create_issuer },
	{ "ca list", NULL, "list the CAs", "keyhold ca list", NULL, list_issuers },
	{ "ca show", "NAME", "show one CA", "keyhold ca show internal", NULL,
	    show_issuer },
	{ "ca chain", "NAME",
	    "print the CA's certificate and its issuers', the root last",
	    "keyhold ca chain internal --out internal-chain.pem", out_options,
	    save_chain },
	{ "ca certificate", "NAME", "print the CA's certificate as PEM",
	    "keyhold ca certificate root > root.pem", out_options, save_certificate },
	{ "ca crl", "NAME", "print what the CA has revoked, its CRL, as PEM",
	    "keyhold ca crl internal --out internal.crl.pem", crl_options, crl_save },
	{ .path = NULL },
};

/* ca.c - keyhold ca: certificate authorities, roots and intermediates. */
#include <stdio.h>

#include <jansson.h>

#include "base/text.h"
#include "cli/artifact.h"
#include "cli/caissuer.h"
#include "cli/calife.h"
#include "cli/caoutside.h"
#include "cli/cli.h"
#include "cli/crl.h"
#include "cli/daemon.h"
#include "cli/names.h"
#include "cli/output.h"
#include "rest/url.h"

#define NEXT_MAX 256

static const struct column columns[] = {
	{ "NAME", "name" },
	{ "STATE", "state" },
	{ "ISSUER", "issuer" },
	{ "KEY", "key" },
	{ "NOT AFTER", "not_after" },
	{ "SUBJECT", "subject" },
	{ NULL, NULL },
};

static json_t *
list_values(const struct arguments *args, const char *option)
{
	json_t *list = json_array();
	const char *value;
	size_t cursor = 0;

	while ((value = argument_next(args, option, &cursor)) != NULL)
		json_array_append_new(list, json_string(value));
	return list;
}

static void
add_constraints(const struct arguments *args, json_t *body)
{
	if (argument_given(args, "permit") || argument_given(args, "exclude"))
		json_object_set_new(body, "name_constraints",
		    json_pack("{s:o, s:o}", "permitted", list_values(args, "permit"),
			"excluded", list_values(args, "exclude")));
}

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
	*body = json_pack("{s:s, s:s*, s:s*, s:s*, s:s*}", "name", args->operand,
	    "issuer", issuer, "subject", argument_value(args, "subject"), "key_type",
	    argument_value(args, "type"), "token", argument_value(args, "token"));
	/* The daemon's own default ends with the issuer; a number would be refused. */
	if (seconds != 0)
		json_object_set_new(
		    *body, "validity_seconds", json_integer((json_int_t)seconds));
	if (argument_given(args, "path-len"))
		json_object_set_new(
		    *body, "path_len", json_integer((json_int_t)path_len));
	if (argument_given(args, "external"))
		json_object_set_new(*body, "external", json_true());
	add_constraints(args, *body);
	return caissuer_add_urls(args, *body, err);
}

static void
choose_next(const struct arguments *args, char next[static NEXT_MAX])
{
	const char *name = args->operand;

	if (argument_given(args, "external"))
		snprintf(next, NEXT_MAX,
		    "keyhold ca csr %s --out %s.csr, and have it signed", name, name);
	else if (argument_value(args, "issuer") == NULL)
		snprintf(next, NEXT_MAX, "keyhold ca create internal --issuer %s", name);
	else
		snprintf(next, NEXT_MAX,
		    "keyhold cert issue web --ca %s --san HOST --out DIR", name);
}

static int
create_issuer(struct cli *cli, struct error *err)
{
	json_t *body = NULL;
	char next[NEXT_MAX];

	if (make_request(&cli->args, &body, err) != 0) {
		json_decref(body);
		return -1;
	}
	choose_next(&cli->args, next);
	return caissuer_send(cli, "POST", "/v1/issuers", body, next, err);
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
	caissuer_print(cli, issuer, NULL);
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
	    cli, path, buf_bytes(&cli->rest.res.body), MODE_PUBLIC, false, err);
}

static int
save_chain(struct cli *cli, struct error *err)
{
	const char *via = argument_value(&cli->args, "via");
	char ending[sizeof("/chain?via=") + NAME_MAX_CHARS];

	if (via == NULL)
		return save_pem(cli, "/chain", TYPE_CHAIN, err);
	if (url_check_name(via, err) != 0)
		return -1;
	snprintf(ending, sizeof(ending), "/chain?via=%s", via);
	return save_pem(cli, ending, TYPE_CHAIN, err);
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
	{ .name = "token",
	    .metavar = "NAME",
	    .help = "the token that its key is made on, of several; without it the "
		    "first" },
	{ .name = "path-len",
	    .metavar = "N",
	    .help = "how many CAs may follow beneath it; without it no limit for a root, "
		    "0 for "
		    "an intermediate" },
	{ .name = "permit",
	    .metavar = "NAME",
	    .help = "names it may certify: dns:svc.example, ip:10.0.0.0/8, "
		    "email:example.com or uri:.example.com",
	    .repeatable = true },
	{ .name = "exclude",
	    .metavar = "NAME",
	    .help = "names it may not certify, written likewise",
	    .repeatable = true },
	{ .name = "external",
	    .help = "a CA elsewhere will sign it: makes its key and a request" },
	CAISSUER_URL_OPTIONS,
	{ .name = NULL },
};

static const struct option_spec set_options[] = {
	CAISSUER_URL_OPTIONS,
	{ .name = NULL },
};

static const struct option_spec retire_options[] = {
	{ .name = "successor",
	    .metavar = "CA",
	    .help = "the CA that signs what it is asked for from now on" },
	{ .name = "finally",
	    .help =
		"no CRLs and OCSP responses either, once nothing it signed is valid" },
	{ .name = NULL },
};

static const struct option_spec rotate_options[] = {
	{ .name = "name",
	    .metavar = "NAME",
	    .help = "of the new CA; without it NAME-2, then NAME-3 and so on" },
	{ .name = "subject",
	    .metavar = "NAME",
	    .help = "of the new CA; without it the old one's, numbered" },
	{ .name = "days",
	    .metavar = "N",
	    .help = "how long it is valid; without it as for ca create" },
	{ .name = "type",
	    .metavar = "TYPE",
	    .help = "the kind of its key; without it that of the old one",
	    .choices = NAMES_KEY_TYPES },
	CAISSUER_URL_OPTIONS,
	{ .name = NULL },
};

static const struct option_spec install_options[] = {
	{ .name = "certificate",
	    .metavar = "FILE",
	    .help = "the CA's certificate, PEM or DER; in PEM those above it may follow",
	    .required = true },
	{ .name = NULL },
};

static const struct option_spec import_options[] = {
	{ .name = "certificate",
	    .metavar = "FILE",
	    .help = "the CA's certificate, PEM; those above it may follow",
	    .required = true },
	{ .name = "key",
	    .metavar = "KEY",
	    .help = "its key, of use ca; without it the one called NAME" },
	CAISSUER_URL_OPTIONS,
	{ .name = NULL },
};

static const struct option_spec chain_options[] = {
	{ .name = "via",
	    .metavar = "ROOT",
	    .help = "for who trusts only this root: by way of cross-certificates" },
	{ .name = "out",
	    .metavar = "FILE",
	    .help = "write it there, not on standard output" },
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
	    "keyhold ca chain internal --out internal-chain.pem", chain_options,
	    save_chain },
	{ "ca certificate", "NAME", "print the CA's certificate as PEM",
	    "keyhold ca certificate root > root.pem", out_options, save_certificate },
	{ "ca crl", "NAME", "print what the CA has revoked, its CRL, as PEM",
	    "keyhold ca crl internal --out internal.crl.pem", crl_options, crl_save },
	{ "ca set", "NAME", "change where its CRL, OCSP responder and certificate are",
	    "keyhold ca set internal --crl-url http://crl.example/internal", set_options,
	    calife_set },
	{ "ca rotate", "NAME", "make a successor with a new key; the old one retires",
	    "keyhold ca rotate internal", rotate_options, calife_rotate },
	{ "ca retire", "NAME",
	    "sign no certificates any more, only CRLs and OCSP responses",
	    "keyhold ca retire internal --successor internal-2", retire_options,
	    calife_retire },
	{ "ca activate", "NAME", "let a CA that retires sign certificates again",
	    "keyhold ca activate internal", NULL, calife_activate },
	{ "ca csr", "NAME", "print the request of a CA that another one is to sign",
	    "keyhold ca csr internal --out internal.csr", out_options, caoutside_csr },
	{ "ca install", "NAME", "put the certificate for such a request in place",
	    "keyhold ca install internal --certificate internal.pem", install_options,
	    caoutside_install },
	{ "ca import", "NAME", "take a CA that exists into use; its key is on the token",
	    "keyhold ca import old-root --certificate ca.pem", import_options,
	    caoutside_import },
	{ .path = NULL },
};

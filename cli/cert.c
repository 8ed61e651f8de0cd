/* cert.c - keyhold cert: sign a request, show certificates; the table of its commands. */
#include "cli/artifact.h"
#include "cli/certlist.h"
#include "cli/cli.h"
#include "cli/daemon.h"
#include "cli/issue.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/renew.h"
#include "cli/request.h"
#include "cli/revoke.h"
#include "cli/signing.h"
#include "rest/url.h"

static const struct column fields[] = {
	{ "serial", "serial" },
	{ "status", "status" },
	{ "revoked at", "revoked_at" },
	{ "reason", "revocation_reason" },
	{ "subject", "subject" },
	{ "names", "names" },
	{ "ca", "issuer" },
	{ "profile", "profile" },
	{ "not before", "not_before" },
	{ "not after", "not_after" },
	{ "requester", "requester" },
	{ NULL, NULL },
};

static int
sign_request(struct cli *cli, struct error *err)
{
	const char *path = argument_value(&cli->args, "out");
	json_t *certificate = NULL;
	struct buffer pem;
	int rc = -1;

	buf_init(&pem, 0);
	/* Before signing: a certificate must not be issued only to be lost. */
	if (artifact_check(cli, path, false, err) != 0 ||
	    request_read(cli->args.operand, &pem, err) != 0 ||
	    signing_request(cli, buf_string(&pem), &certificate, err) != 0)
		goto out;
	rc = signing_write(cli, certificate, path, err);
out:
	json_decref(certificate);
	buf_free(&pem);
	return rc;
}

static int
show_certificate(struct cli *cli, struct error *err)
{
	char url[URL_MAX];
	json_t *certificate = NULL;

	if (url_certificate(url, cli->args.operand, "", err) != 0)
		return -1;
	if (argument_given(&cli->args, "pem")) {
		if (daemon_get(cli, url, TYPE_PEM, err) != 0)
			return -1;
		return artifact_write(
		    cli, NULL, buf_bytes(&cli->rest.res.body), MODE_PUBLIC, false, err);
	}
	if (daemon_get_json(cli, url, &certificate, err) != 0)
		return -1;
	if (cli->json)
		output_json(cli, certificate);
	else
		output_fields(cli, certificate, fields);
	json_decref(certificate);
	return 0;
}

#define IDEMPOTENCY_KEY                                                                  \
	{                                                                                \
		.name = "idempotency-key", .metavar = "KEY",                             \
		.help = "the same key with the same request gives the same certificate " \
			"for 24 hours, so that it is safe to try again",                 \
	}

static const struct option_spec sign_options[] = {
	{ .name = "ca", .metavar = "CA", .help = "the CA that signs", .required = true },
	{ .name = "profile",
	    .metavar = "PROFILE",
	    .help = "what the certificate is for: server, client or peer, intermediate "
		    "for another CA, or a profile of yours",
	    .fallback = "server" },
	{ .name = "days",
	    .metavar = "N",
	    .help = "how long it is valid; without it as long as the profile says" },
	{ .name = "out",
	    .metavar = "FILE",
	    .help = "write it there, not on standard output" },
	IDEMPOTENCY_KEY,
	{ .name = NULL },
};

static const struct option_spec renew_options[] = {
	{ .name = "csr",
	    .metavar = "FILE",
	    .help = "a request of a new key for the same names; without it the old key "
		    "is certified again" },
	{ .name = "days",
	    .metavar = "N",
	    .help = "how long it is valid; without it as long as the profile says" },
	{ .name = "out",
	    .metavar = "FILE",
	    .help = "write it there, not on standard output" },
	IDEMPOTENCY_KEY,
	{ .name = NULL },
};

static const struct option_spec issue_options[] = {
	{ .name = "ca", .metavar = "CA", .help = "the CA that signs", .required = true },
	{ .name = "san",
	    .metavar = "NAME",
	    .help = "a DNS name or address that clients connect to",
	    .repeatable = true,
	    .required = true },
	{ .name = "out",
	    .metavar = "DIR",
	    .help = "where NAME.crt and NAME.key go; made if it is not there",
	    .required = true },
	{ .name = "profile",
	    .metavar = "PROFILE",
	    .help = "what the certificate is for: server, client, peer or a profile of "
		    "yours",
	    .fallback = "server" },
	{ .name = "type",
	    .metavar = "TYPE",
	    .help = "the kind of key to make; without it that of the key there is, else "
		    "ec-p256, or rsa-2048 for tls-rsa-kex",
	    .choices = NAMES_KEY_TYPES },
	{ .name = "use",
	    .metavar = "USE",
	    .help = "the use of the key to make; without it that of a key there is, else "
		    "tls",
	    .choices = NAMES_TLS_USES },
	{ .name = "days",
	    .metavar = "N",
	    .help = "how long it is valid; without it as long as the profile says" },
	{ .name = "subject",
	    .metavar = "NAME",
	    .help = "a name like /C=CN/O=example/CN=web" },
	{ .name = "new-key",
	    .help = "make a new key even if there is one, which goes on by its "
		    "spki:HASH" },
	{ .name = "pem",
	    .help = "write NAME.pem too, both in one file, as HAProxy wants it; one that "
		    "holds a reference is rewritten without being asked" },
	{ .name = "force",
	    .help = "overwrite NAME.key and NAME.pem even if they hold a private key" },
	{ .name = NULL },
};

static const struct option_spec list_options[] = {
	{ .name = "ca", .metavar = "CA", .help = "only those this CA signed" },
	{ .name = "status",
	    .metavar = "STATUS",
	    .help = "only those of this status",
	    .choices = "valid expired revoked" },
	{ .name = "san",
	    .metavar = "NAME",
	    .help = "only those with this alternative name" },
	{ .name = "key",
	    .metavar = "KEY",
	    .help =
		"only those of this key: its name, for the current one, or spki:HASH" },
	{ .name = "expiring",
	    .metavar = "TIME",
	    .help = "only valid ones that end within this time: 30d or 12h" },
	{ .name = "expires-before",
	    .metavar = "TIME",
	    .help = "only those that end before: 30d or 12h (from now), 2026-01-31, or "
		    "2026-01-31T23:59:59Z" },
	{ .name = "limit",
	    .metavar = "N",
	    .help = "at most so many; 0 for all",
	    .fallback = "100" },
	{ .name = NULL },
};

static const struct option_spec show_options[] = {
	{ .name = "pem", .help = "print the certificate itself" },
	{ .name = NULL },
};

const struct command cert_commands[] = {
	{ "cert sign", "FILE", "sign a certificate request; - is standard input",
	    "keyhold cert sign server.csr --ca internal --profile server > server.pem",
	    sign_options, sign_request },
	{ "cert issue", "NAME", "key, request, certificate and key reference in one step",
	    "keyhold cert issue web --ca internal --san localhost --san 127.0.0.1 --out "
	    "tls/",
	    issue_options, issue_certificate },
	{ "cert list", NULL, "list certificates",
	    "keyhold cert list --ca internal --expiring 30d", list_options,
	    certlist_print },
	{ "cert show", "SERIAL", "show one certificate",
	    "keyhold cert show 4f2a09c17be35d80a6f4129c3d5e8b7016a2c4f9 --pem",
	    show_options, show_certificate },
	{ "cert renew", "SERIAL", "issue a certificate again, for the same names",
	    "keyhold cert renew 4f2a09c17be35d80a6f4129c3d5e8b7016a2c4f9 --out web.crt",
	    renew_options, renew_certificate },
	{ "cert renewal-info", "SERIAL", "say when a certificate should be renewed",
	    "keyhold cert renewal-info 4f2a09c17be35d80a6f4129c3d5e8b7016a2c4f9", NULL,
	    renew_show_window },
	{ "cert revoke", "[SERIAL]", "revoke a certificate, for good",
	    "keyhold cert revoke 4f2a09c17be35d80a6f4129c3d5e8b7016a2c4f9 --reason "
	    "superseded",
	    revoke_options, revoke_certificate },
	{ .path = NULL },
};

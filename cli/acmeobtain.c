/*
 * acmeobtain.c - a request signed in the token, a chain from an ACME server.
 *
 * The file is tried before the server is asked: a certificate counts against the limits
 * that public servers have.
 */
#include "cli/acmeobtain.h"

#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/pem.h"
#include "cli/acmeopen.h"
#include "cli/artifact.h"
#include "cli/certfile.h"
#include "cli/daemon.h"
#include "cli/names.h"
#include "rest/url.h"

#define NAMES_MAX 100
#define HOOK_MAX  32

/* What the options say, in the form of acme/. */
struct wanted {
	const char *names[NAMES_MAX + 1];
	const char *hook[HOOK_MAX + 1];
	struct acme_order order;
	struct acme_challenge challenge;
	struct buffer csr, replaces;
};

static int
collect(const struct arguments *args, const char *option, const char **out, size_t max,
    struct error *err)
{
	size_t cursor = 0, count = 0;
	const char *value;

	while ((value = argument_next(args, option, &cursor)) != NULL) {
		if (count == max)
			return error_set(
			    err, ERROR_CONFIG, "--%s: more than %zu", option, max);
		out[count++] = value;
	}
	out[count] = NULL;
	return 0;
}

static int
read_challenge(const struct arguments *args, struct wanted *wanted, struct error *err)
{
	struct acme_challenge *challenge = &wanted->challenge;

	if (acme_method_read(argument_value(args, "challenge"), &challenge->method) != 0)
		return error_set(err, ERROR_CONFIG, "--challenge: no such challenge");
	challenge->listen = argument_value(args, "listen");
	challenge->webroot = argument_value(args, "webroot");
	if (wanted->hook[0] != NULL)
		challenge->hook = wanted->hook;
	return 0;
}

/* The daemon's PEM, as DER. */
static int
fetch_csr(struct cli *cli, struct buffer *der, struct error *err)
{
	static const char *const labels[] = { "CERTIFICATE REQUEST", NULL };
	json_t *sans = json_array(), *body;
	char url[URL_MAX];
	size_t cursor = 0;
	const char *san;

	while ((san = argument_next(&cli->args, "san", &cursor)) != NULL)
		json_array_append_new(sans, json_string(san));
	body = json_pack("{s:o}", "sans", sans);
	if (url_key(url, cli->args.operand, "/csr", err) != 0) {
		json_decref(body);
		return -1;
	}
	if (daemon_send(cli, "POST", url, body, TYPE_PEM, err) != 0)
		return -1;
	return pem_read(buf_bytes(&cli->rest.res.body), labels, der, err);
}

static int
read_replaces(const struct arguments *args, struct wanted *wanted, struct error *err)
{
	const char *path = argument_value(args, "replaces");

	if (path == NULL)
		return 0;
	if (certfile_der(path, &wanted->replaces, err) != 0)
		return -1;
	wanted->order.replaces = buf_bytes(&wanted->replaces);
	return 0;
}

/* Whether the chain can be written, before there is one. */
static int
check_out(struct cli *cli, const char *path, struct error *err)
{
	struct file_change change = { .path = "" };
	int fd;

	if (artifact_check(cli, path, false, err) != 0)
		return -1;
	if (path == NULL || strcmp(path, "-") == 0)
		return 0;
	if ((fd = file_begin(&change, path, err)) < 0)
		return -1;
	close(fd);
	file_discard(&change);
	return 0;
}

static int
prepare(struct cli *cli, struct wanted *wanted, struct error *err)
{
	const struct arguments *args = &cli->args;

	if (check_out(cli, argument_value(args, "out"), err) != 0 ||
	    collect(args, "san", wanted->names, NAMES_MAX, err) != 0 ||
	    collect(args, "dns-hook", wanted->hook, HOOK_MAX, err) != 0 ||
	    read_challenge(args, wanted, err) != 0 ||
	    read_replaces(args, wanted, err) != 0 ||
	    fetch_csr(cli, &wanted->csr, err) != 0)
		return -1;
	wanted->order.names = wanted->names;
	wanted->order.profile = argument_value(args, "profile");
	wanted->order.csr = buf_bytes(&wanted->csr);
	return 0;
}

static int
obtain(
    struct cli *cli, const struct wanted *wanted, struct buffer *chain, struct error *err)
{
	struct acmeopen open;
	int rc;

	rc = acmeopen_init(cli, &open, err);
	if (rc == 0)
		rc = acme_obtain(
		    open.acme, &wanted->order, &wanted->challenge, chain, err);
	if (rc != 0)
		acmeopen_explain(cli, &open, err);
	acmeopen_clear(&open);
	return rc;
}

/* A chain that was issued is not lost for a file. */
static int
deliver(struct cli *cli, struct bytes chain, struct error *err)
{
	const char *path = argument_value(&cli->args, "out");
	struct error none;

	if (artifact_write(cli, path, chain, MODE_PUBLIC, false, err) == 0)
		return 0;
	(void)artifact_write(cli, NULL, chain, MODE_PUBLIC, false, &none);
	cli_advise(cli, "The certificate was issued: it is on standard output.");
	return -1;
}

int
acmeobtain_run(struct cli *cli, struct error *err)
{
	struct wanted wanted = { .names = { NULL } };
	struct buffer chain;
	int rc = -1;

	buf_init(&wanted.csr, 0);
	buf_init(&wanted.replaces, 0);
	buf_init(&chain, 0);
	if (prepare(cli, &wanted, err) == 0 && obtain(cli, &wanted, &chain, err) == 0)
		rc = deliver(cli, buf_bytes(&chain), err);
	buf_free(&wanted.csr);
	buf_free(&wanted.replaces);
	buf_free(&chain);
	return rc;
}

const struct option_spec acmeobtain_options[] = {
	{ .name = "san",
	    .metavar = "NAME",
	    .help = "a DNS name or an address that the certificate is for",
	    .repeatable = true,
	    .required = true },
	ACMEOPEN_OPTIONS,
	ACMEOPEN_ACCOUNT,
	{ .name = "challenge",
	    .metavar = "CHALLENGE",
	    .help = "how the server is shown that the names are yours",
	    .choices = "http-01 dns-01 tls-alpn-01",
	    .required = true },
	{ .name = "listen",
	    .metavar = "ADDRESS:PORT",
	    .help = "http-01 and tls-alpn-01: where to listen meanwhile; without it on "
		    "port 80 or 443 of all addresses" },
	{ .name = "webroot",
	    .metavar = "DIR",
	    .help = "http-01: the directory of a web server that runs already" },
	{ .name = "dns-hook",
	    .metavar = "PROGRAM",
	    .help = "dns-01: is called with add or remove, a record's name and its "
		    "value; given again, its arguments before these",
	    .repeatable = true },
	{ .name = "profile",
	    .metavar = "PROFILE",
	    .help = "a kind of certificate that the server offers" },
	{ .name = "replaces",
	    .metavar = "FILE",
	    .help = "the certificate that this one renews; the server is told" },
	{ .name = "out",
	    .metavar = "FILE",
	    .help = "write the chain there, not on standard output" },
	{ .name = NULL },
};

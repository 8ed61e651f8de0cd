/* caoutside.c - keyhold ca csr, install and import. */
#include "cli/caoutside.h"

#include <stdio.h>

#include "base/file.h"
#include "base/pem.h"
#include "cli/artifact.h"
#include "cli/caissuer.h"
#include "cli/daemon.h"
#include "rest/url.h"

#define CERTIFICATE_MAX_BYTES 65536
#define NEXT_MAX              128

int
caoutside_csr(struct cli *cli, struct error *err)
{
	char url[URL_MAX];

	if (url_issuer(url, cli->args.operand, "/csr", err) != 0 ||
	    daemon_get(cli, url, TYPE_PEM, err) != 0)
		return -1;
	return artifact_write(cli, argument_value(&cli->args, "out"),
	    buf_bytes(&cli->rest.res.body), MODE_PUBLIC, false, err);
}

/* A private key in the file never leaves this process. */
static int
read_certificate(const char *path, struct buffer *content, struct error *err)
{
	struct error why;

	if (file_read(path, CERTIFICATE_MAX_BYTES, content, &why) != 0)
		return error_set(err, ERROR_IO, "%s", why.text);
	if (pem_has_private_key(buf_bytes(content)))
		return error_set(err, ERROR_IO,
		    "%s holds a private key; it was not sent. The CA's certificate alone "
		    "is wanted",
		    path);
	return 0;
}

static int
install(struct cli *cli, const struct buffer *content, struct error *err)
{
	char url[URL_MAX];
	json_t *issuer = NULL;
	bool der = content->len > 0 && content->data[0] == 0x30;

	if (url_issuer(url, cli->args.operand, "/certificate", err) != 0 ||
	    daemon_put(cli, url, der ? "application/pkix-cert" : TYPE_CHAIN,
		buf_bytes(content), err) != 0 ||
	    daemon_answer(cli, &issuer, err) != 0)
		return -1;
	caissuer_print(cli, issuer, NULL);
	return 0;
}

int
caoutside_install(struct cli *cli, struct error *err)
{
	struct buffer content;
	int rc = -1;

	buf_init(&content, 0);
	if (read_certificate(argument_value(&cli->args, "certificate"), &content, err) ==
	    0)
		rc = install(cli, &content, err);
	buf_free(&content);
	return rc;
}

static int
make_import(struct cli *cli, json_t **body, struct error *err)
{
	const char *key = argument_value(&cli->args, "key");
	const char *path = argument_value(&cli->args, "certificate");
	struct buffer content;
	int rc = -1;

	if (url_check_name(cli->args.operand, err) != 0 ||
	    (key != NULL && url_check_name(key, err) != 0))
		return -1;
	buf_init(&content, 0);
	if (read_certificate(path, &content, err) == 0) {
		*body = json_pack("{s:s, s:s*, s:s}", "name", cli->args.operand, "key",
		    key, "certificate", buf_string(&content));
		rc = *body != NULL ? caissuer_add_urls(&cli->args, *body, err)
				   : error_set(err, ERROR_IO, "%s is not PEM", path);
	}
	buf_free(&content);
	return rc;
}

int
caoutside_import(struct cli *cli, struct error *err)
{
	char next[NEXT_MAX];
	json_t *body = NULL;

	if (make_import(cli, &body, err) != 0) {
		json_decref(body);
		return -1;
	}
	snprintf(next, sizeof(next),
	    "keyhold cert issue web --ca %s --san HOST --out DIR", cli->args.operand);
	return caissuer_send(cli, "POST", "/v1/issuers", body, next, err);
}

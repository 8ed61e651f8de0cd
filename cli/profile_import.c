/* profile_import.c - keyhold profile import: from a file of OpenSSL's to YAML. */
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/file.h"
#include "cli/daemon.h"
#include "cli/opensslcnf.h"
#include "cli/output.h"
#include "cli/profile.h"
#include "rest/url.h"
#include "cli/yamldoc.h"

#define FILE_MAX_BYTES (1024 * 1024)

static int
load(const char *path, CONF **conf, struct error *err)
{
	struct buffer text;
	BIO *bio = NULL;
	long line = 0;
	int rc = -1;

	buf_init(&text, 0);
	if (file_read(path, FILE_MAX_BYTES, &text, err) != 0)
		goto out;
	bio = BIO_new_mem_buf(buf_string(&text), (int)text.len);
	*conf = NCONF_new(NULL);
	if (bio == NULL || *conf == NULL) {
		error_set(err, ERROR_INTERNAL, "out of memory");
		goto out;
	}
	if (NCONF_load_bio(*conf, bio, &line) != 1) {
		error_set(err, ERROR_CONFIG, "%s:%ld: OpenSSL cannot read it: %s", path,
		    line, ERR_reason_error_string(ERR_peek_last_error()));
		goto out;
	}
	rc = 0;
out:
	ERR_clear_error();
	BIO_free(bio);
	buf_free(&text);
	return rc;
}

static int
fetch_ca(struct cli *cli, const char *name, X509 **ca, struct error *err)
{
	char url[URL_MAX];
	BIO *bio;

	if (url_issuer(url, name, "/certificate", err) != 0 ||
	    daemon_get(cli, url, TYPE_PEM, err) != 0)
		return -1;
	bio =
	    BIO_new_mem_buf(buf_string(&cli->rest.res.body), (int)cli->rest.res.body.len);
	*ca = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	BIO_free(bio);
	ERR_clear_error();
	if (*ca == NULL)
		return error_set(
		    err, ERROR_INTERNAL, "keyholdd's certificate of %s", name);
	return 0;
}

static int
convert(struct cli *cli, struct import *import, struct error *err)
{
	const char *ca = argument_value(&cli->args, "ca");

	import->section = argument_value(&cli->args, "section");
	import->policy = argument_value(&cli->args, "policy");
	if (ca != NULL && fetch_ca(cli, ca, &import->ca, err) != 0)
		return -1;
	return opensslcnf_convert(import, err);
}

/* What could not be taken over comes first: it decides whether the rest is wanted. */
static int
hand_out(struct cli *cli, struct import *import, struct error *err)
{
	const char *name = argument_value(&cli->args, "set");
	struct buffer yaml;

	fputs(buf_string(&import->notes), cli->errors);
	if (name != NULL)
		return profile_put(
		    cli, name, json_incref(import->profile), 0, false, err);
	if (cli->json) {
		output_json(cli, import->profile);
		return 0;
	}
	buf_init(&yaml, 0);
	yamldoc_write(import->profile, &yaml);
	fputs(buf_string(&yaml), cli->out);
	buf_free(&yaml);
	return 0;
}

int
profile_import(struct cli *cli, struct error *err)
{
	struct import import = { 0 };
	int rc = -1;

	buf_init(&import.notes, 0);
	if (load(cli->args.operand, &import.conf, err) == 0 &&
	    convert(cli, &import, err) == 0)
		rc = hand_out(cli, &import, err);
	NCONF_free(import.conf);
	X509_free(import.ca);
	json_decref(import.profile);
	buf_free(&import.notes);
	return rc;
}

const struct option_spec profile_import_options[] = {
	{ .name = "section",
	    .metavar = "SECTION",
	    .help = "the extensions, as openssl x509 -extensions names them",
	    .required = true },
	{ .name = "policy",
	    .metavar = "SECTION",
	    .help = "the rules of openssl ca for subjects, such as policy_match" },
	{ .name = "ca",
	    .metavar = "CA",
	    .help = "the CA whose subject a policy's \"match\" means" },
	{ .name = "set",
	    .metavar = "NAME",
	    .help =
		"make a profile of this name; without it print YAML for profile set" },
	{ .name = NULL },
};

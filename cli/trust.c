/*
 * trust.c - keyhold trust: this house's roots in the store that all programs of a system
 * look into.
 *
 * Installing makes the store what the bundle is: the next root comes beside the old one
 * as soon as it is in the bundle, and the old one goes when the bundle has it no more.
 */
#include <string.h>

#include <jansson.h>

#include <openssl/x509v3.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/cli.h"
#include "cli/daemon.h"
#include "cli/output.h"
#include "cli/truststore.h"
#include "probe/certificate.h"

#define BUNDLE_MAX_BYTES (1024 * 1024)
#define OUTPUT_MAX_BYTES 4096

static const struct column columns[] = {
	{ "ROOT", "root" },
	{ "NOT AFTER", "not_after" },
	{ "STATE", "state" },
	{ "FILE", "file" },
	{ NULL, NULL },
};

struct trust {
	struct truststore store;
	STACK_OF(X509) * bundle; /* what is to be there; NULL: nothing */
	json_t *rows;
	bool only_shows, removed;
	bool left_out; /* a root whose file's name is taken */
};

/* cert is NULL for a file that somebody has changed. */
static void
add_row(struct trust *trust, const char *state, const char *name, X509 *cert)
{
	char label[CERTIFICATE_LABEL_SIZE] = "?", not_after[CLOCK_TEXT_SIZE] = "";
	json_t *row;

	if (cert != NULL) {
		certificate_label(cert, label);
		clock_format(not_after, certificate_time(X509_get0_notAfter(cert)));
	}
	row = json_pack("{s:s++,s:s,s:s,s:s}", "file", trust->store.directory, "/", name,
	    "root", label, "not_after", not_after, "state", state);
	json_array_append_new(trust->rows, row);
}

/* A leaf among the roots of a system would be a mistake of somebody's. */
static int
check_bundle(const STACK_OF(X509) * bundle, struct error *err)
{
	char label[CERTIFICATE_LABEL_SIZE];

	for (int i = 0; i < sk_X509_num(bundle); i++) {
		X509 *cert = sk_X509_value(bundle, i);

		if (X509_check_ca(cert) == 1 &&
		    (X509_get_extension_flags(cert) & EXFLAG_SS) != 0)
			continue;
		certificate_label(cert, label);
		return error_set(err, ERROR_BAD_REQUEST,
		    "%.64s in the bundle is no root: only a self-signed certificate of "
		    "an "
		    "authority is installed",
		    label);
	}
	return 0;
}

static int
read_bundle(struct cli *cli, struct trust *trust, struct error *err)
{
	const char *path = argument_value(&cli->args, "bundle");
	struct buffer data;
	int rc;

	buf_init(&data, 0);
	if (path != NULL)
		rc = file_read(path, BUNDLE_MAX_BYTES, &data, err);
	else
		rc = daemon_get(cli, "/v1/trust/bundle", TYPE_CHAIN, err);
	if (rc == 0)
		rc = certificate_read_all(
		    buf_bytes(path != NULL ? &data : &cli->rest.res.body), trust->bundle,
		    err);
	buf_free(&data);
	return rc == 0 ? check_bundle(trust->bundle, err) : -1;
}

static bool
is_wanted(const struct trust *trust, X509 *cert)
{
	for (int i = 0; i < sk_X509_num(trust->bundle); i++)
		if (X509_cmp(sk_X509_value(trust->bundle, i), cert) == 0)
			return true;
	return false;
}

static int
look_at_file(void *ctx, const char *name, X509 *cert, struct error *err)
{
	struct trust *trust = ctx;

	if (cert == NULL) {
		add_row(trust, "changed by somebody, left alone", name, NULL);
		return 0;
	}
	if (trust->only_shows) {
		add_row(trust, "installed", name, cert);
		return 0;
	}
	if (is_wanted(trust, cert))
		return 0;
	add_row(trust, "removed", name, cert);
	trust->removed = true;
	return truststore_remove(&trust->store, name, err);
}

static int
put_wanted(struct trust *trust, struct error *err)
{
	char name[TRUSTSTORE_NAME_SIZE];

	for (int i = 0; i < sk_X509_num(trust->bundle); i++) {
		X509 *root = sk_X509_value(trust->bundle, i);

		if (truststore_name(&trust->store, root, name, err) != 0)
			return -1;
		if (truststore_has(&trust->store, name)) {
			add_row(trust, "there already", name, root);
			continue;
		}
		/* It gets its row with the others that were changed. */
		if (truststore_is_taken(&trust->store, name)) {
			trust->left_out = true;
			continue;
		}
		if (truststore_put(&trust->store, name, root, err) != 0)
			return -1;
		add_row(trust, "installed", name, root);
	}
	return 0;
}

static int
update(struct cli *cli, struct trust *trust, struct error *err)
{
	struct buffer output, line;
	int rc;

	buf_init(&output, OUTPUT_MAX_BYTES);
	buf_init(&line, 0);
	rc = truststore_update(&trust->store, trust->removed, &output, err);
	if (rc != 0 && output.len > 0) {
		output_text(&line, buf_string(&output));
		cli_advise(cli, "%s", buf_string(&line));
	}
	buf_free(&line);
	buf_free(&output);
	return rc;
}

static void
print(struct cli *cli, const struct trust *trust)
{
	if (cli->json) {
		json_t *answer = json_pack("{s:s,s:O}", "system",
		    truststore_system(&trust->store), "roots", trust->rows);

		output_json(cli, answer);
		json_decref(answer);
		return;
	}
	output_table(cli, trust->rows, columns);
	if (trust->store.is_elsewhere && !trust->only_shows)
		fprintf(cli->out, "Nothing was run below another root: run %s there.\n",
		    truststore_command(&trust->store));
}

static int
open_trust(struct cli *cli, struct trust *trust, struct error *err)
{
	const char *root = argument_value(&cli->args, "root");

	*trust = (struct trust){ .rows = json_array(), .bundle = sk_X509_new_null() };
	return truststore_open(
	    &trust->store, root, argument_value(&cli->args, "label"), err);
}

static void
close_trust(struct trust *trust)
{
	truststore_close(&trust->store);
	sk_X509_pop_free(trust->bundle, X509_free);
	json_decref(trust->rows);
}

/* New ones first: there is no moment without a root. */
static int
install(struct cli *cli, struct error *err)
{
	struct trust trust;
	int rc = -1;

	if (open_trust(cli, &trust, err) == 0 && read_bundle(cli, &trust, err) == 0 &&
	    put_wanted(&trust, err) == 0 &&
	    truststore_each(&trust.store, look_at_file, &trust, err) == 0 &&
	    (rc = update(cli, &trust, err)) == 0)
		print(cli, &trust);
	if (rc == 0 && trust.left_out)
		rc = error_set(err, ERROR_CONFLICT,
		    "a root was not installed: its file was changed by somebody; look at "
		    "it, remove it and install again");
	close_trust(&trust);
	return rc;
}

static int
uninstall(struct cli *cli, struct error *err)
{
	struct trust trust;
	int rc = -1;

	if (open_trust(cli, &trust, err) != 0)
		goto out;
	/* Also when the command failed the last time, and the files are gone. */
	trust.removed = true;
	if (truststore_each(&trust.store, look_at_file, &trust, err) == 0 &&
	    (rc = update(cli, &trust, err)) == 0)
		print(cli, &trust);
out:
	close_trust(&trust);
	return rc;
}

static int
show(struct cli *cli, struct error *err)
{
	struct trust trust;
	int rc = -1;

	if (open_trust(cli, &trust, err) == 0) {
		trust.only_shows = true;
		rc = truststore_each(&trust.store, look_at_file, &trust, err);
	}
	if (rc == 0)
		print(cli, &trust);
	close_trust(&trust);
	return rc;
}

#define ROOT_OPTION                                                                      \
	{                                                                                \
		.name = "root", .metavar = "DIR",                                        \
		.help = "of the system below DIR, such as an image's: no command is run" \
	}
#define LABEL_OPTION                                                                     \
	{                                                                                \
		.name = "label", .metavar = "NAME", .fallback = "keyhold",               \
		.help = "how the files' names begin; one for each house, if there are "  \
			"several"                                                        \
	}

static const struct option_spec install_options[] = {
	{ .name = "bundle",
	    .metavar = "FILE",
	    .help = "the roots in a file, - for standard input, instead of keyholdd's" },
	ROOT_OPTION,
	LABEL_OPTION,
	{ .name = NULL },
};

static const struct option_spec options[] = {
	ROOT_OPTION,
	LABEL_OPTION,
	{ .name = NULL },
};

const struct command trust_commands[] = {
	{ "trust install", NULL, "have this system trust the roots of the house",
	    "keyhold trust install --bundle roots.pem", install_options, install },
	{ "trust uninstall", NULL, "take away what trust install installed",
	    "keyhold trust uninstall", options, uninstall },
	{ "trust show", NULL, "what trust install installed", "keyhold trust show",
	    options, show },
	{ .path = NULL },
};

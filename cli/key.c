/* key.c - keyhold key: key pairs in the token. */
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/artifact.h"
#include "cli/cli.h"
#include "cli/daemon.h"
#include "cli/key.h"
#include "cli/leftkeys.h"
#include "cli/managedkey.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/rotate.h"
#include "rest/url.h"

#define ANSWER_LINE_MAX 128

const struct column key_fields[] = {
	{ "name", "name" },
	{ "type", "type" },
	{ "use", "use" },
	{ "token", "token" },
	{ "schemes", "schemes" },
	{ "created", "created" },
	{ "replaced", "replaced" },
	{ "spki sha256", "spki_sha256" },
	{ NULL, NULL },
};

static const struct column columns[] = {
	{ "NAME", "name" },
	{ "TYPE", "type" },
	{ "USE", "use" },
	{ "CREATED", "created" },
	{ "REPLACED", "replaced" },
	{ "SPKI SHA256", "spki_sha256" },
	{ NULL, NULL },
};

static const struct column columns_of_several[] = {
	{ "NAME", "name" },
	{ "TYPE", "type" },
	{ "USE", "use" },
	{ "TOKEN", "token" },
	{ "CREATED", "created" },
	{ "REPLACED", "replaced" },
	{ "SPKI SHA256", "spki_sha256" },
	{ NULL, NULL },
};

/* Where all keys are on one token, its name says nothing. */
static bool
are_on_several(const json_t *keys)
{
	const char *first = NULL;
	const json_t *key;
	size_t i;

	json_array_foreach (keys, i, key) {
		const char *token = json_string_value(json_object_get(key, "token"));

		if (first != NULL && token != NULL && strcmp(token, first) != 0)
			return true;
		first = token;
	}
	return false;
}

static void
print_next(struct cli *cli, const char *name, const char *use)
{
	if (strcmp(use, "sign") == 0)
		fprintf(cli->out, "\nNext: keyhold key public %s\n", name);
	else if (names_does_tls(use))
		fprintf(cli->out,
		    "\nNext: keyhold cert issue %s --ca ISSUER --san HOST --out DIR\n"
		    "  or: keyhold key csr %s --san HOST, for a CA elsewhere\n",
		    name, name);
}

/* Posts body, which is freed, and shows the key that comes back. */
static int
post_key(struct cli *cli, const char *path, json_t *body, struct error *err)
{
	json_t *key = NULL;

	if (daemon_post_json(cli, path, body, &key, err) != 0)
		return -1;
	if (cli->json) {
		output_json(cli, key);
	} else {
		output_fields(cli, key, key_fields);
		print_next(cli, cli->args.operand, argument_value(&cli->args, "use"));
	}
	json_decref(key);
	return 0;
}

static int
create_key(struct cli *cli, struct error *err)
{
	const char *name = cli->args.operand, *use = argument_value(&cli->args, "use");

	if (url_check_name(name, err) != 0)
		return -1;
	return post_key(cli, "/v1/keys",
	    json_pack("{s:s, s:s, s:s, s:s*}", "name", name, "type",
		names_key_type(&cli->args, use), "use", use, "token",
		argument_value(&cli->args, "token")),
	    err);
}

static int
adopt_key(struct cli *cli, struct error *err)
{
	char url[URL_MAX];

	if (url_check_name(cli->args.operand, err) != 0 ||
	    url_key(url, cli->args.operand, "/adopt", err) != 0)
		return -1;
	return post_key(cli, url,
	    json_pack("{s:s, s:s*, s:s*}", "use", argument_value(&cli->args, "use"),
		"type", argument_value(&cli->args, "type"), "token",
		argument_value(&cli->args, "token")),
	    err);
}

static int
list_keys(struct cli *cli, struct error *err)
{
	json_t *answer = NULL, *keys;

	if (daemon_get_json(cli, "/v1/keys", &answer, err) != 0)
		return -1;
	keys = json_object_get(answer, "keys");
	if (cli->json)
		output_json(cli, answer);
	else
		output_table(
		    cli, keys, are_on_several(keys) ? columns_of_several : columns);
	json_decref(answer);
	return 0;
}

static int
show_key(struct cli *cli, struct error *err)
{
	char url[URL_MAX];
	json_t *key = NULL;

	if (url_key(url, cli->args.operand, "", err) != 0 ||
	    daemon_get_json(cli, url, &key, err) != 0)
		return -1;
	if (cli->json)
		output_json(cli, key);
	else
		output_fields(cli, key, key_fields);
	json_decref(key);
	return 0;
}

static int
print_public(struct cli *cli, struct error *err)
{
	char url[URL_MAX];

	if (url_key(url, cli->args.operand, "/public", err) != 0 ||
	    daemon_get(cli, url, TYPE_PEM, err) != 0)
		return -1;
	return artifact_write(
	    cli, NULL, buf_bytes(&cli->rest.res.body), MODE_PUBLIC, false, err);
}

static int
save_reference(struct cli *cli, struct error *err)
{
	const char *path = argument_value(&cli->args, "out");
	bool force = argument_given(&cli->args, "force");
	char url[URL_MAX];

	if (url_key(url, cli->args.operand, "/reference", err) != 0 ||
	    daemon_get(cli, url, TYPE_PEM, err) != 0)
		return -1;
	return artifact_write(
	    cli, path, buf_bytes(&cli->rest.res.body), MODE_REFERENCE, force, err);
}

static int
save_csr(struct cli *cli, struct error *err)
{
	const char *path = argument_value(&cli->args, "out");
	char url[URL_MAX];

	if (url_key(url, cli->args.operand, "/csr", err) != 0 ||
	    daemon_send(cli, "POST", url, names_of_request(&cli->args), TYPE_PEM, err) !=
		0)
		return -1;
	return artifact_write(
	    cli, path, buf_bytes(&cli->rest.res.body), MODE_PUBLIC, false, err);
}

/* A script does not see what else it would end. */
static int
check_unused(struct cli *cli, const struct buffer *users, struct error *err)
{
	if (users->len == 0)
		return 0;
	cli_advise(cli, "To do it: keyhold managed remove NAME, and delete the key once "
			"no server has it.");
	return error_set(
	    err, ERROR_CONFLICT, "this key is needed for %s", buf_string(users));
}

/* Typing the name, not "y": a habit must not destroy a key. */
static int
confirm_deletion(
    struct cli *cli, const json_t *key, const struct buffer *users, struct error *err)
{
	const char *name = json_string_value(json_object_get(key, "name"));
	char line[ANSWER_LINE_MAX];

	if (argument_given(&cli->args, "yes"))
		return check_unused(cli, users, err);
	if (!cli->interactive)
		return error_set(err, ERROR_CONFIG,
		    "key delete needs --yes when nobody is there to confirm it");
	output_fields(cli, key, key_fields);
	if (users->len > 0)
		fprintf(cli->out, "\nThis key is needed for %s.\n", buf_string(users));
	fprintf(cli->out,
	    "\nThe token will destroy this key for ever. Type its name to go on: ");
	fflush(cli->out);
	if (fgets(line, sizeof(line), cli->in) == NULL)
		line[0] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	if (name == NULL || strcmp(line, name) != 0)
		return error_set(
		    err, ERROR_CONFIG, "not confirmed; the key is still there");
	return 0;
}

/* The hash that is sent is the one that was shown: a key made meanwhile is spared. */
static int
delete_key(struct cli *cli, struct error *err)
{
	char url[URL_MAX];
	json_t *key = NULL, *hash;
	struct buffer users;
	int rc = -1;

	buf_init(&users, 0);
	if (url_key(url, cli->args.operand, "", err) != 0 ||
	    daemon_get_json(cli, url, &key, err) != 0 ||
	    managedkey_users(cli, key, &users, err) != 0 ||
	    confirm_deletion(cli, key, &users, err) != 0)
		goto out;
	hash = json_object_get(key, "spki_sha256");
	if (daemon_send(cli, "DELETE", url, json_pack("{s:O?}", "spki_sha256", hash),
		NULL, err) != 0)
		goto out;
	if (!cli->json)
		fprintf(cli->out, "deleted key %s\n", cli->args.operand);
	rc = 0;
out:
	buf_free(&users);
	json_decref(key);
	return rc;
}

static const struct option_spec create_options[] = {
	{ .name = "type",
	    .metavar = "TYPE",
	    .help =
		"the kind of key; for tls-rsa-kex an RSA key, rsa-2048 if none is said",
	    .fallback = "ec-p256",
	    .choices = NAMES_KEY_TYPES },
	{ .name = "use",
	    .metavar = "USE",
	    .help =
		"tls signs TLS handshakes and its own CSR; tls-rsa-kex does that, and "
		"decrypts for TLS 1.2 clients that know no better than RSA key "
		"exchange; ca signs what the daemon builds; sign signs anything",
	    .choices = NAMES_KEY_USES,
	    .required = true },
	{ .name = "token",
	    .metavar = "NAME",
	    .help = "the token that it is made on, of several; without it the first" },
	{ .name = NULL },
};

static const struct option_spec rotate_options[] = {
	{ .name = "type",
	    .metavar = "TYPE",
	    .help = "the kind of key; without it that of the old one",
	    .choices = NAMES_KEY_TYPES },
	{ .name = NULL },
};

static const struct option_spec adopt_options[] = {
	{ .name = "use",
	    .metavar = "USE",
	    .help = "what the key may do from now on; see: keyhold help key create",
	    .choices = NAMES_KEY_USES,
	    .required = true },
	{ .name = "type",
	    .metavar = "TYPE",
	    .help = "the type it must have; without it an RSA key becomes rsa-2048 and "
		    "so on, never rsa-pss-2048",
	    .choices = NAMES_KEY_TYPES },
	{ .name = "token",
	    .metavar = "NAME",
	    .help = "the token that it is on, of several; without it the first" },
	{ .name = NULL },
};

static const struct option_spec reference_options[] = {
	{ .name = "out",
	    .metavar = "FILE",
	    .help =
		"write it there, mode 0640 if it is new, instead of on standard output" },
	{ .name = "force", .help = "overwrite FILE even if it holds a private key" },
	{ .name = NULL },
};

static const struct option_spec csr_options[] = {
	{ .name = "subject",
	    .metavar = "NAME",
	    .help = "a name like /C=CN/O=example/CN=web" },
	{ .name = "san",
	    .metavar = "NAME",
	    .help = "a DNS name or address, or dns:, ip:, email: or uri: and a name",
	    .repeatable = true },
	{ .name = "out",
	    .metavar = "FILE",
	    .help = "write it there, not on standard output" },
	{ .name = NULL },
};

static const struct option_spec delete_options[] = {
	{ .name = "yes", .help = "do not ask" },
	{ .name = NULL },
};

static const struct option_spec discard_options[] = {
	{ .name = "yes", .help = "do not ask" },
	{ .name = "token",
	    .metavar = "NAME",
	    .help = "the token that it is on, of several; without it the first" },
	{ .name = NULL },
};

const struct command key_commands[] = {
	{ "key create", "NAME", "generate a key pair in the token",
	    "keyhold key create web --type ec-p256 --use tls", create_options,
	    create_key },
	{ "key list", NULL, "list the keys", "keyhold key list", NULL, list_keys },
	{ "key show", "KEY", "show one key, by name or spki:HASH", "keyhold key show web",
	    NULL, show_key },
	{ "key public", "KEY", "print the public key as PEM",
	    "keyhold key public web > web.pub", NULL, print_public },
	{ "key reference", "KEY",
	    "print the PEM that a proxy loads in place of a private key",
	    "keyhold key reference web --out /etc/nginx/web.key", reference_options,
	    save_reference },
	{ "key csr", "KEY", "print a certificate request signed by the key",
	    "keyhold key csr web --subject /CN=www.example.org --san www.example.org",
	    csr_options, save_csr },
	{ "key rotate", "NAME",
	    "make a new key under this name; the old one goes on by its spki:HASH",
	    "keyhold key rotate web", rotate_options, rotate_key },
	{ "key delete", "KEY", "destroy a key in the token", "keyhold key delete old-web",
	    delete_options, delete_key },
	{ "key adopt", "NAME", "take a key that is already on the token into use",
	    "keyhold key adopt web --use tls", adopt_options, adopt_key },
	{ "key left", NULL,
	    "list the pairs on the tokens that are in nobody's use, as a crash leaves "
	    "one",
	    "keyhold key left", NULL, list_left_keys },
	{ "key discard", "CKA_ID", "destroy a pair that is in nobody's use",
	    "keyhold key discard 3b1c", discard_options, discard_key },
	{ .path = NULL },
};

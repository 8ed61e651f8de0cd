/* acme.c - keyhold acme: accounts, certificates and renewal windows of ACME servers. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "acme/base64url.h"
#include "cli/acmeobtain.h"
#include "cli/acmeopen.h"
#include "cli/certfile.h"
#include "cli/output.h"

#define CONTACTS_MAX 16

static const struct column account_fields[] = {
	{ "account", "account" },
	{ "status", "status" },
	{ "contacts", "contacts" },
	{ "terms", "terms" },
	{ "thumbprint", "thumbprint" },
	{ NULL, NULL },
};

static const struct column window_fields[] = {
	{ "renew from", "start" },
	{ "renew until", "end" },
	{ "ask again", "ask_again" },
	{ "explanation", "explanation" },
	{ NULL, NULL },
};

static void
print(struct cli *cli, json_t *object, const struct column *fields)
{
	if (cli->json)
		output_json(cli, object);
	else
		output_fields(cli, object, fields);
	json_decref(object);
}

static void
print_account(struct cli *cli, const struct acme_account *account)
{
	json_t *contacts = json_array();

	for (char **one = account->contacts; one != NULL && *one != NULL; one++)
		json_array_append_new(contacts, json_string(*one));
	print(cli,
	    json_pack("{s:s, s:s, s:o, s:s*, s:s}", "account", account->url, "status",
		account->status, "contacts", contacts, "terms", account->terms,
		"thumbprint", account->thumbprint),
	    account_fields);
}

/* Contacts as RFC 8555 has them: an address for mail becomes a URL. */
struct contacts {
	char *urls[CONTACTS_MAX + 1];
	size_t count;
};

static int
read_contacts(const struct arguments *args, struct contacts *contacts, struct error *err)
{
	const char *value;
	size_t cursor = 0;

	while ((value = argument_next(args, "contact", &cursor)) != NULL) {
		struct buffer url;

		if (contacts->count == CONTACTS_MAX)
			return error_set(
			    err, ERROR_CONFIG, "more than %d contacts", CONTACTS_MAX);
		buf_init(&url, 0);
		buf_printf(
		    &url, "%s%s", strchr(value, ':') == NULL ? "mailto:" : "", value);
		contacts->urls[contacts->count] = strdup(buf_string(&url));
		buf_free(&url);
		if (contacts->urls[contacts->count++] == NULL)
			return error_set(err, ERROR_INTERNAL, "out of memory");
	}
	return 0;
}

static void
free_contacts(struct contacts *contacts)
{
	for (size_t i = 0; i < contacts->count; i++)
		free(contacts->urls[i]);
}

/* As authorities hand it out: in base64url, some with padding. */
static int
decode_key(const char *text, struct buffer *key, struct error *err)
{
	struct buffer bare;
	size_t len = strlen(text);
	int rc;

	while (len > 0 && text[len - 1] == '=')
		len--;
	buf_init(&bare, 0);
	buf_append(&bare, text, len);
	rc = base64url_decode(key, buf_string(&bare), err);
	buf_free(&bare);
	return rc;
}

/* The key from its file. */
static int
read_binding(const struct arguments *args, struct acme_registration *registration,
    struct buffer *key, struct error *err)
{
	const char *path = argument_value(args, "eab-key-file");
	struct secret *secret = NULL;
	struct error why;
	int rc = -1;

	registration->eab_kid = argument_value(args, "eab-kid");
	if ((path == NULL) != (registration->eab_kid == NULL))
		return error_set(
		    err, ERROR_CONFIG, "--eab-kid and --eab-key-file go together");
	if (path == NULL)
		return 0;
	if (secret_read_file(path, &secret, &why) != 0)
		return error_set(err, ERROR_IO, "%s", why.text);
	if (decode_key(secret_text(secret), key, &why) != 0 || key->len == 0)
		error_set(err, ERROR_IO, "%.150s: its first line is not base64url", path);
	else
		rc = 0;
	secret_free(secret);
	registration->eab_key = buf_bytes(key);
	return rc;
}

static int
register_by(
    struct cli *cli, const struct acme_registration *registration, struct error *err)
{
	struct acme_account account = { .url = NULL };
	struct acmeopen open;
	int rc = acmeopen_init(cli, &open, err);

	if (rc == 0)
		rc = acme_register(open.acme, registration, &account, err);
	if (rc == 0)
		print_account(cli, &account);
	else
		acmeopen_explain(cli, &open, err);
	if (rc != 0 && err->code == ERROR_CONFIG)
		cli_advise(cli, "The options are --agree-terms, and --eab-kid with "
				"--eab-key-file.");
	acme_account_free(&account);
	acmeopen_clear(&open);
	return rc;
}

static int
register_account(struct cli *cli, struct error *err)
{
	struct acme_registration registration = {
		.terms_agreed = argument_given(&cli->args, "agree-terms"),
	};
	struct contacts contacts = { .count = 0 };
	struct buffer key;
	int rc = -1;

	buf_init(&key, 0);
	registration.contacts = (const char *const *)contacts.urls;
	if (read_contacts(&cli->args, &contacts, err) == 0 &&
	    read_binding(&cli->args, &registration, &key, err) == 0)
		rc = register_by(cli, &registration, err);
	free_contacts(&contacts);
	buf_free(&key);
	return rc;
}

static int
show_account(struct cli *cli, struct error *err)
{
	struct acme_account account = { .url = NULL };
	struct acmeopen open;
	int rc = acmeopen_init(cli, &open, err);

	if (rc == 0)
		rc = acme_show(open.acme, &account, err);
	if (rc == 0)
		print_account(cli, &account);
	else
		acmeopen_explain(cli, &open, err);
	acme_account_free(&account);
	acmeopen_clear(&open);
	return rc;
}

static int
deactivate_account(struct cli *cli, struct error *err)
{
	struct acmeopen open;
	int rc;

	if (!argument_given(&cli->args, "yes"))
		return error_set(err, ERROR_CONFIG,
		    "a deactivated account never comes back: acme deactivate needs "
		    "--yes");
	rc = acmeopen_init(cli, &open, err);
	if (rc == 0)
		rc = acme_deactivate(open.acme, err);
	if (rc != 0)
		acmeopen_explain(cli, &open, err);
	else if (!cli->json)
		fprintf(cli->out, "deactivated the account of key %s\n",
		    argument_value(&cli->args, "account"));
	acmeopen_clear(&open);
	return rc;
}

static int
roll_over(struct cli *cli, struct error *err)
{
	const char *name = argument_value(&cli->args, "new-account");
	struct signer signer;
	struct acmeopen open = { .acme = NULL };
	int rc = acmeopen_key(cli, name, &signer, err);

	if (rc == 0)
		rc = acmeopen_init(cli, &open, err);
	if (rc == 0)
		rc = acme_rollover(open.acme,
		    &(struct acme_key){ buf_bytes(&signer.spki), signer_sign, &signer },
		    err);
	if (rc != 0)
		acmeopen_explain(cli, &open, err);
	else if (!cli->json)
		fprintf(cli->out, "the account is key %s's now\n", name);
	acmeopen_clear(&open);
	signer_clear(&signer);
	return rc;
}

static const struct {
	const char *name;
	int code; /* of RFC 5280 section 5.3.1 */
} reasons[] = {
	{ "unspecified", -1 }, /* by leaving it out */
	{ "key_compromise", 1 },
	{ "affiliation_changed", 3 },
	{ "superseded", 4 },
	{ "cessation_of_operation", 5 },
};

static int
reason_code(const char *name)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcmp(reasons[i].name, name) == 0)
			return reasons[i].code;
	abort();
}

static int
send_revocation(struct cli *cli, struct error *err)
{
	const char *path = cli->args.operand;
	struct acmeopen open = { .acme = NULL };
	struct buffer der;
	int rc;

	buf_init(&der, 0);
	rc = certfile_der(path, &der, err);
	if (rc == 0)
		rc = acmeopen_init(cli, &open, err);
	if (rc == 0)
		rc = acme_revoke(open.acme, buf_bytes(&der),
		    reason_code(argument_value(&cli->args, "reason")), err);
	if (rc != 0)
		acmeopen_explain(cli, &open, err);
	else if (!cli->json)
		fprintf(cli->out, "revoked %s\n", path);
	acmeopen_clear(&open);
	buf_free(&der);
	return rc;
}

static void
print_window(struct cli *cli, const struct acme_window *window)
{
	char start[CLOCK_TEXT_SIZE], end[CLOCK_TEXT_SIZE], again[CLOCK_TEXT_SIZE];
	const char *explanation = window->explanation;

	clock_format(start, window->start);
	clock_format(end, window->end);
	clock_format(again, clock_now_s() + window->retry_after_s);
	print(cli,
	    json_pack("{s:s, s:s, s:s, s:s*}", "start", start, "end", end, "ask_again",
		again, "explanation", explanation[0] != '\0' ? explanation : NULL),
	    window_fields);
}

static int
show_window(struct cli *cli, struct error *err)
{
	struct acmeopen open = { .acme = NULL };
	struct acme_window window;
	struct buffer der;
	int rc;

	buf_init(&der, 0);
	rc = certfile_der(cli->args.operand, &der, err);
	if (rc == 0)
		rc = acmeopen_init(cli, &open, err);
	if (rc == 0)
		rc = acme_window(open.acme, buf_bytes(&der), &window, err);
	if (rc == 0)
		print_window(cli, &window);
	else
		acmeopen_explain(cli, &open, err);
	acmeopen_clear(&open);
	buf_free(&der);
	return rc;
}

static const struct option_spec register_options[] = {
	ACMEOPEN_OPTIONS,
	ACMEOPEN_ACCOUNT,
	{ .name = "contact",
	    .metavar = "ADDRESS",
	    .help = "an address for mail, or a URL such as mailto:",
	    .repeatable = true },
	{ .name = "agree-terms", .help = "agree to the server's terms of service" },
	{ .name = "eab-kid",
	    .metavar = "ID",
	    .help = "bind the account to one that the server's owner knows: its key's "
		    "name" },
	{ .name = "eab-key-file",
	    .metavar = "FILE",
	    .help = "and a file of mode 0600 with that key, in base64url" },
	{ .name = NULL },
};

static const struct option_spec account_options[] = {
	ACMEOPEN_OPTIONS,
	ACMEOPEN_ACCOUNT,
	{ .name = NULL },
};

static const struct option_spec deactivate_options[] = {
	ACMEOPEN_OPTIONS,
	ACMEOPEN_ACCOUNT,
	{ .name = "yes", .help = "it cannot be undone" },
	{ .name = NULL },
};

static const struct option_spec rollover_options[] = {
	ACMEOPEN_OPTIONS,
	ACMEOPEN_ACCOUNT,
	{ .name = "new-account",
	    .metavar = "KEY",
	    .help = "the key in the token that the account is to have from now on",
	    .required = true },
	{ .name = NULL },
};

static const struct option_spec revocation_options[] = {
	ACMEOPEN_OPTIONS,
	ACMEOPEN_ACCOUNT,
	{ .name = "reason",
	    .metavar = "REASON",
	    .help = "why",
	    .fallback = "unspecified",
	    .choices = "unspecified key_compromise affiliation_changed superseded "
		       "cessation_of_operation" },
	{ .name = NULL },
};

static const struct option_spec window_options[] = {
	ACMEOPEN_OPTIONS,
	{ .name = NULL },
};

#define SERVER "--acme https://acme-v02.api.letsencrypt.org/directory"

const struct command acme_commands[] = {
	{ "acme register", NULL, "make an account at an ACME server",
	    "keyhold acme register " SERVER
	    " --account acme --contact admin@example.org --agree-terms",
	    register_options, register_account },
	{ "acme show", NULL, "show the account of a key",
	    "keyhold acme show " SERVER " --account acme", account_options,
	    show_account },
	{ "acme obtain", "NAME", "obtain a certificate for a key that is in the token",
	    "keyhold acme obtain web --san www.example.org " SERVER
	    " --account acme --challenge http-01 --out web.crt",
	    acmeobtain_options, acmeobtain_run },
	{ "acme window", "FILE", "ask when a certificate ought to be renewed",
	    "keyhold acme window web.crt " SERVER, window_options, show_window },
	{ "acme revoke", "FILE", "have a certificate revoked",
	    "keyhold acme revoke web.crt " SERVER " --account acme --reason superseded",
	    revocation_options, send_revocation },
	{ "acme rollover", NULL, "give an account another key",
	    "keyhold acme rollover " SERVER " --account acme --new-account acme-2027",
	    rollover_options, roll_over },
	{ "acme deactivate", NULL, "close an account for ever",
	    "keyhold acme deactivate " SERVER " --account acme --yes", deactivate_options,
	    deactivate_account },
	{ .path = NULL },
};

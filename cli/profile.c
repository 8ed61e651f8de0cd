/* profile.c - keyhold profile: what certificates may look like, as YAML. */
#include "cli/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/daemon.h"
#include "cli/output.h"
#include "rest/url.h"
#include "cli/yamldoc.h"

#define DOCUMENT_MAX_BYTES 65536
#define CONDITION_SIZE     64
#define MEMBER_SIZE        80

static const struct column columns[] = {
	{ "NAME", "name" },
	{ "FOR", "ext_key_usage" },
	{ "DNS NAMES", "dns_names" },
	{ "DESCRIPTION", "description" },
	{ NULL, NULL },
};

static int
list_profiles(struct cli *cli, struct error *err)
{
	json_t *answer = NULL;

	if (daemon_get_json(cli, "/v1/profiles", &answer, err) != 0)
		return -1;
	if (cli->json)
		output_json(cli, answer);
	else
		output_table(cli, json_object_get(answer, "profiles"), columns);
	json_decref(answer);
	return 0;
}

/* The version that the last answer's entity tag says; 0 for a profile without. */
static json_int_t
version_of(const struct cli *cli)
{
	return cli->rest.res.etag[0] == '"' ? strtoll(cli->rest.res.etag + 1, NULL, 10)
					    : 0;
}

/* What `profile set` takes: the state it began from, and all that can be set. */
static void
print_yaml(struct cli *cli, json_t *profile)
{
	const json_int_t version = version_of(cli);
	struct buffer out;

	buf_init(&out, 0);
	if (version != 0)
		buf_printf(&out, "version: %" JSON_INTEGER_FORMAT "\n", version);
	json_object_del(profile, "name");
	json_object_del(profile, "built_in");
	yamldoc_write(profile, &out);
	fputs(buf_string(&out), cli->out);
	buf_free(&out);
}

static int
show_profile(struct cli *cli, struct error *err)
{
	char url[URL_MAX];
	json_t *profile = NULL;

	if (url_profile(url, cli->args.operand, err) != 0 ||
	    daemon_get_json(cli, url, &profile, err) != 0)
		return -1;
	if (cli->json)
		output_json(cli, profile);
	else
		print_yaml(cli, profile);
	json_decref(profile);
	return 0;
}

static int
explain_state(struct cli *cli, const char *name, json_int_t version, struct error *err)
{
	if (version != 0) {
		error_set(err, ERROR_PRECONDITION,
		    "profile %s is no longer at version %" JSON_INTEGER_FORMAT, name,
		    version);
		cli_advise(cli, "What it is now: keyhold profile show %s", name);
	} else {
		error_set(err, ERROR_PRECONDITION, "profile %s exists already", name);
		cli_advise(cli,
		    "To change it, begin with keyhold profile show %s > FILE, which has "
		    "its version",
		    name);
	}
	cli_advise(cli, "To replace it whatever it is: --force");
	return -1;
}

int
profile_put(struct cli *cli, const char *name, json_t *document, json_int_t version,
    bool force, struct error *err)
{
	char url[URL_MAX], condition[CONDITION_SIZE] = "If-None-Match: *";
	json_t *answer = NULL;

	if (url_profile(url, name, err) != 0) {
		json_decref(document);
		return -1;
	}
	if (version != 0)
		snprintf(condition, sizeof(condition),
		    "If-Match: \"%" JSON_INTEGER_FORMAT "\"", version);
	if (daemon_change(cli, "PUT", url, document, force ? NULL : condition, err) !=
	    0) {
		return err->code == ERROR_PRECONDITION
			   ? explain_state(cli, name, version, err)
			   : -1;
	}
	if (daemon_answer(cli, &answer, err) != 0)
		return -1;
	if (cli->json)
		output_json(cli, answer);
	else
		fprintf(cli->out, "profile %s: version %" JSON_INTEGER_FORMAT "\n", name,
		    version_of(cli));
	json_decref(answer);
	return 0;
}

/* The member that a reason is about: quoted, or what it begins with. */
static bool
member_of(const char *reason, char member[static MEMBER_SIZE])
{
	const char *quote = strchr(reason, '"');
	size_t len = strcspn(reason, ": ");

	if (strncmp(reason, "JSON: ", 6) == 0) {
		if (quote == NULL)
			return false;
		reason = quote + 1;
		len = strcspn(reason, "\"");
	}
	if (len == 0 || len >= MEMBER_SIZE)
		return false;
	memcpy(member, reason, len);
	member[len] = '\0';
	return true;
}

/* The daemon says which member it is; the file says in which line. */
static void
add_line(const struct yamldoc *doc, const char *path, struct error *err)
{
	const struct error why = *err;
	char member[MEMBER_SIZE];
	size_t line;

	if (why.code != ERROR_BAD_REQUEST || !member_of(why.text, member) ||
	    (line = yamldoc_line(doc, member)) == 0)
		return;
	error_set(err, why.code, "%s:%zu: %s", path, line, why.text);
}

static int
take_version(
    struct yamldoc *doc, const char *path, json_int_t *version, struct error *err)
{
	const json_t *given = json_object_get(doc->members, "version");

	*version = json_integer_value(given);
	if (given != NULL && *version < 1)
		return error_set(err, ERROR_CONFIG,
		    "%s:%zu: version is the number that keyhold profile show prints",
		    path, yamldoc_line(doc, "version"));
	json_object_del(doc->members, "version");
	return 0;
}

static int
set_document(struct cli *cli, struct yamldoc *doc, const char *path, struct error *err)
{
	const bool force = argument_given(&cli->args, "force");
	json_int_t version;
	int rc;

	if (take_version(doc, path, &version, err) != 0)
		return -1;
	rc = profile_put(
	    cli, cli->args.operand, json_incref(doc->members), version, force, err);
	if (rc != 0)
		add_line(doc, path, err);
	return rc;
}

static int
set_profile(struct cli *cli, struct error *err)
{
	const char *path = cli->args.second;
	struct yamldoc doc = { 0 };
	struct buffer text;
	int rc = -1;

	buf_init(&text, 0);
	if (url_check_name(cli->args.operand, err) == 0 &&
	    file_read(path, DOCUMENT_MAX_BYTES, &text, err) == 0 &&
	    yamldoc_read(buf_bytes(&text), path, &doc, err) == 0)
		rc = set_document(cli, &doc, path, err);
	yamldoc_clear(&doc);
	buf_free(&text);
	return rc;
}

static int
delete_profile(struct cli *cli, struct error *err)
{
	char url[URL_MAX];

	if (url_profile(url, cli->args.operand, err) != 0 ||
	    daemon_change(cli, "DELETE", url, NULL, NULL, err) != 0)
		return -1;
	if (!cli->json)
		fprintf(cli->out, "deleted profile %s\n", cli->args.operand);
	return 0;
}

static const struct option_spec set_options[] = {
	{ .name = "force",
	    .help = "replace what is there, whatever it is; without it a file with a "
		    "version changes that version, and one without makes a new profile" },
	{ .name = NULL },
};

const struct command profile_commands[] = {
	{ "profile list", NULL, "list the profiles", "keyhold profile list", NULL,
	    list_profiles },
	{ "profile show", "NAME", "print a profile as YAML, as profile set takes it",
	    "keyhold profile show server > web.yaml", NULL, show_profile },
	{ "profile set", "NAME FILE", "make or change a profile",
	    "keyhold profile set web web.yaml", set_options, set_profile },
	{ "profile delete", "NAME",
	    "delete a profile; what was issued by it stays as it is",
	    "keyhold profile delete web", NULL, delete_profile },
	{ "profile import", "FILE", "turn an openssl.cnf into a profile",
	    "keyhold profile import openssl.cnf --section v3_req --ca internal > "
	    "milvus.yaml",
	    profile_import_options, profile_import },
	{ .path = NULL },
};

/* access.c - keyhold access: the rules in force, and what they say of somebody. */
#include <string.h>

#include <jansson.h>

#include "cli/cli.h"
#include "cli/daemon.h"
#include "cli/output.h"
#include "rest/url.h"
#include "cli/yamldoc.h"

/* Only these make a word that YAML takes for nothing else. */
static bool
needs_quotes(const char *text)
{
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_./")] != '\0' ||
	       text[0] == '-';
}

static void
write_word(struct buffer *out, const json_t *value)
{
	const char *text = json_string_value(value);

	if (text == NULL)
		return;
	if (needs_quotes(text))
		yamldoc_text(text, out);
	else
		buf_text(out, text);
}

static void
write_value(struct buffer *out, const json_t *value)
{
	const json_t *item;
	size_t i;

	if (json_is_integer(value))
		buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (!json_is_array(value))
		write_word(out, value);
	else
		buf_text(out, "[");
	json_array_foreach (value, i, item) {
		if (i > 0)
			buf_text(out, ", ");
		write_word(out, item);
	}
	if (json_is_array(value))
		buf_text(out, "]");
}

/* "rule 2 (line 31): { who: "unix:www-data", may: [use], keys: [web] }"; to who may not
 * see rules "rule 2 (line 31)" */
static void
print_rule(struct cli *cli, const json_t *rule)
{
	const json_t *number = json_object_get(rule, "number");
	const json_t *line = json_object_get(rule, "line"), *value;
	const char *member, *comma = ": {";
	struct buffer out;

	buf_init(&out, 0);
	buf_printf(&out, "rule %" JSON_INTEGER_FORMAT " (line %" JSON_INTEGER_FORMAT ")",
	    json_integer_value(number), json_integer_value(line));
	json_object_foreach ((json_t *)(uintptr_t)rule, member, value) {
		if (value == number || value == line)
			continue;
		buf_printf(&out, "%s %s: ", comma, member);
		write_value(&out, value);
		comma = ",";
	}
	if (comma[0] == ',')
		buf_text(&out, " }");
	fprintf(cli->out, "%s\n", buf_string(&out));
	buf_free(&out);
}

static const struct column fields[] = {
	{ "loaded", "loaded" },
	{ "file sha256", "sha256" },
	{ NULL, NULL },
};

static int
list_access(struct cli *cli, struct error *err)
{
	const json_t *rule;
	json_t *answer = NULL, *rules;
	size_t i;

	if (daemon_get_json(cli, "/v1/access", &answer, err) != 0)
		return -1;
	if (cli->json) {
		output_json(cli, answer);
	} else {
		rules = json_object_get(answer, "rules");
		output_fields(cli, answer, fields);
		json_array_foreach (rules, i, rule)
			print_rule(cli, rule);
		if (json_is_true(json_object_get(answer, "everyone_is_admin")))
			fputs("--dev: whoever can open the socket may do everything\n",
			    cli->out);
		else if (json_array_size(rules) == 0)
			fputs("no rules: for root and the daemon's own user only\n",
			    cli->out);
	}
	json_decref(answer);
	return 0;
}

static void
print_groups(struct cli *cli, const json_t *answer)
{
	const json_t *groups = json_object_get(answer, "groups"), *group;
	struct buffer out;
	size_t i;

	if (json_array_size(groups) == 0)
		return;
	buf_init(&out, 0);
	output_text(&out, json_string_value(json_object_get(answer, "who")));
	buf_text(&out, " is in:");
	json_array_foreach (groups, i, group) {
		buf_text(&out, i > 0 ? ", " : " ");
		output_text(&out, json_string_value(group));
	}
	fprintf(cli->out, "%s\n", buf_string(&out));
	buf_free(&out);
}

static void
print_decision(struct cli *cli, const json_t *answer)
{
	const json_t *rule = json_object_get(answer, "rule");
	const char *why = json_string_value(json_object_get(answer, "why"));
	struct buffer out;

	fputs(cli->says_no ? "no: " : "yes: ", cli->out);
	if (rule != NULL) {
		print_rule(cli, rule);
	} else {
		buf_init(&out, 0);
		output_text(&out, why != NULL ? why : "");
		fprintf(cli->out, "%s\n", buf_string(&out));
		buf_free(&out);
	}
	print_groups(cli, answer);
}

static int
check_access(struct cli *cli, struct error *err)
{
	static const char *const single[] = { "who", "may", "key", "issuer", "profile" };
	const struct arguments *args = &cli->args;
	json_t *answer = NULL;
	struct buffer url;
	const char *name;
	size_t cursor = 0;
	int rc;

	buf_init(&url, 0);
	buf_text(&url, "/v1/access/decision");
	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		url_query(&url, single[i], argument_value(args, single[i]));
	while ((name = argument_next(args, "name", &cursor)) != NULL)
		url_query(&url, "name", name);
	rc = daemon_get_json(cli, buf_string(&url), &answer, err);
	buf_free(&url);
	if (rc != 0)
		return -1;
	cli->says_no = !json_is_true(json_object_get(answer, "allowed"));
	if (cli->json)
		output_json(cli, answer);
	else
		print_decision(cli, answer);
	json_decref(answer);
	return 0;
}

static const struct option_spec check_options[] = {
	{ .name = "who",
	    .metavar = "WHO",
	    .help = "as in a rule: unix:USER, unix:group:GROUP, cert:dns:NAME, "
		    "cert:uri:URI, cert:ip:ADDRESS, cert:subject:NAME or token:NAME",
	    .required = true },
	{ .name = "may",
	    .metavar = "RIGHT",
	    .help = "the right that is asked about",
	    .choices = "use issue revoke manage read admin",
	    .required = true },
	{ .name = "key", .metavar = "KEY", .help = "which is used, or managed" },
	{ .name = "issuer",
	    .metavar = "CA",
	    .help = "which issues, or whose certificate is revoked" },
	{ .name = "profile", .metavar = "PROFILE", .help = "which is issued by" },
	{ .name = "name",
	    .metavar = "NAME",
	    .help = "a name in the certificate, written as --san of cert issue",
	    .repeatable = true },
	{ .name = NULL },
};

const struct command access_commands[] = {
	{ .path = "access list",
	    .purpose = "the access rules in force, as they stand in the file",
	    .example = "keyhold access list",
	    .run = list_access },
	{ .path = "access check",
	    .purpose = "whether somebody may do something, and by which rule",
	    .example = "keyhold access check --who unix:www-data --may use --key web",
	    .options = check_options,
	    .run = check_access },
	{ .path = NULL },
};

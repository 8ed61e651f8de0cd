/* managed.c - keyhold managed: certificates that renew themselves. */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "cli/cli.h"
#include "cli/daemon.h"
#include "cli/exit.h"
#include "cli/managedform.h"
#include "cli/managedshow.h"
#include "cli/output.h"
#include "rest/url.h"

#define CONDITION_SIZE 64

static int
make_url(
    char url[static URL_MAX], const char *name, const char *ending, struct error *err)
{
	if (url_check_name(name, err) != 0)
		return -1;
	snprintf(url, URL_MAX, "/v1/managed/%s%s", name, ending);
	return 0;
}

/* The answer to what was sent last. */
static int
show_answer(struct cli *cli, void (*show)(struct cli *cli, const json_t *answer),
    struct error *err)
{
	json_t *answer = NULL;

	if (daemon_answer(cli, &answer, err) != 0)
		return -1;
	if (cli->json)
		output_json(cli, answer);
	else
		show(cli, answer);
	json_decref(answer);
	return 0;
}

static void
put_member(struct buffer *line, const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	output_text(line, text != NULL ? text : "?");
}

static void
say(struct cli *cli, const json_t *answer, const char *before, const char *member,
    const char *after)
{
	struct buffer line;

	buf_init(&line, 0);
	buf_text(&line, "managed certificate ");
	put_member(&line, answer, "name");
	buf_text(&line, before);
	put_member(&line, json_object_get(answer, "state"), member);
	fprintf(cli->out, "%s%s\n", buf_string(&line), after);
	buf_free(&line);
}

static void
say_due(struct cli *cli, const json_t *answer)
{
	say(cli, answer, ": due ", "due", "; what renews it is keyhold agent");
}

/* A renewal that ends well is the one that was asked for: no other follows it. */
static void
say_hastened(struct cli *cli, const json_t *answer)
{
	const json_t *state = json_object_get(answer, "state");
	const char *step = json_string_value(json_object_get(state, "step"));

	if (step == NULL || strcmp(step, "idle") == 0)
		say_due(cli, answer);
	else
		say(cli, answer, ": a renewal is under way, at step ", "step",
		    ", and goes on at once; what does that is keyhold agent");
}

static const char *
query_of(const struct cli *cli)
{
	return argument_given(&cli->args, "dry-run") ? "?dry_run=true" : "";
}

static int
add_managed(struct cli *cli, struct error *err)
{
	json_t *definition = json_pack("{s:s}", "name", cli->args.operand);
	char url[URL_MAX];

	snprintf(url, sizeof(url), "/v1/managed%s", query_of(cli));
	if (url_check_name(cli->args.operand, err) != 0 ||
	    managedform_fill(&cli->args, definition, err) != 0) {
		json_decref(definition);
		return -1;
	}
	if (daemon_send(cli, "POST", url, definition, TYPE_JSON, err) != 0)
		return -1;
	return show_answer(
	    cli, *query_of(cli) != '\0' ? managedshow_trial : say_due, err);
}

/* What can be sent back: the definition alone. */
static int
fetch_definition(struct cli *cli, json_t **definition, char condition[CONDITION_SIZE],
    struct error *err)
{
	char url[URL_MAX];

	if (make_url(url, cli->args.operand, "", err) != 0 ||
	    daemon_get_json(cli, url, definition, err) != 0)
		return -1;
	snprintf(condition, CONDITION_SIZE, "If-Match: %.40s", cli->rest.res.etag);
	json_object_del(*definition, "state");
	json_object_del(*definition, "created");
	return 0;
}

static int
change_managed(struct cli *cli, struct error *err)
{
	char url[URL_MAX], condition[CONDITION_SIZE];
	json_t *definition = NULL;

	if (fetch_definition(cli, &definition, condition, err) != 0)
		return -1;
	if (managedform_fill(&cli->args, definition, err) != 0 ||
	    make_url(url, cli->args.operand, query_of(cli), err) != 0) {
		json_decref(definition);
		return -1;
	}
	if (daemon_change(cli, "PUT", url, definition, condition, err) != 0) {
		if (err->code == ERROR_PRECONDITION || err->code == ERROR_CONFLICT)
			cli_advise(
			    cli, "Its agent has just moved on with it: try again.");
		return -1;
	}
	return show_answer(
	    cli, *query_of(cli) != '\0' ? managedshow_trial : say_due, err);
}

static int
show_managed(struct cli *cli, struct error *err)
{
	char url[URL_MAX];

	if (make_url(url, cli->args.operand, "", err) != 0 ||
	    daemon_get(cli, url, TYPE_JSON, err) != 0)
		return -1;
	return show_answer(cli, managedshow_one, err);
}

static int
list_managed(struct cli *cli, struct error *err)
{
	if (daemon_get(cli, "/v1/managed", TYPE_JSON, err) != 0)
		return -1;
	return show_answer(cli, managedshow_list, err);
}

static int
hasten(struct cli *cli, const char *name, json_t **answer, struct error *err)
{
	char url[URL_MAX];

	if (make_url(url, name, "/renew", err) != 0)
		return -1;
	return daemon_post_json(cli, url, json_object(), answer, err);
}

static void
complain(struct cli *cli, const json_t *managed, const struct error *err)
{
	struct buffer line;

	buf_init(&line, 0);
	put_member(&line, managed, "name");
	fprintf(cli->errors, "keyhold: managed certificate %s: %s\n", buf_string(&line),
	    err->text);
	buf_free(&line);
}

/* One that cannot be hastened holds up no other. Returns how many could not. */
static size_t
hasten_each(struct cli *cli, const json_t *list, json_t *answers, struct error *worst)
{
	const json_t *managed;
	size_t i, failures = 0;

	json_array_foreach (list, i, managed) {
		const char *name = json_string_value(json_object_get(managed, "name"));
		json_t *answer = NULL;
		struct error err;

		if (hasten(cli, name != NULL ? name : "", &answer, &err) == 0) {
			if (!cli->json)
				say_hastened(cli, answer);
			json_array_append_new(answers, answer);
			continue;
		}
		complain(cli, managed, &err);
		if (failures++ == 0 || exit_of(err.code) > exit_of(worst->code))
			*worst = err;
	}
	return failures;
}

static int
renew_all(struct cli *cli, struct error *err)
{
	json_t *all = NULL, *list, *answers = json_array();
	size_t failures, count;
	struct error worst;
	int rc = -1;

	if (daemon_get_json(cli, "/v1/managed", &all, err) != 0)
		goto out;
	list = json_object_get(all, "managed");
	count = json_array_size(list);
	failures = hasten_each(cli, list, answers, &worst);
	if (cli->json) {
		json_object_set(all, "managed", answers);
		output_json(cli, all);
	} else if (count == 0) {
		fputs("none\n", cli->out);
	}
	rc = failures == 0 ? 0
			   : error_set(err, worst.code, "%zu of %zu were not renewed",
				 failures, count);
out:
	json_decref(answers);
	json_decref(all);
	return rc;
}

static int
renew_managed(struct cli *cli, struct error *err)
{
	const bool all = argument_given(&cli->args, "all");
	json_t *answer = NULL;

	if (all == (cli->args.operand != NULL))
		return error_set(
		    err, ERROR_CONFIG, "say which one: a NAME, or --all instead");
	if (all)
		return renew_all(cli, err);
	if (hasten(cli, cli->args.operand, &answer, err) != 0)
		return -1;
	if (cli->json)
		output_json(cli, answer);
	else
		say_hastened(cli, answer);
	json_decref(answer);
	return 0;
}

/* For what is said of it afterwards: who may not see it may still remove it. */
static int
see(struct cli *cli, const char *url, json_t **managed, struct error *err)
{
	if (daemon_get_json(cli, url, managed, err) == 0)
		return 0;
	if (err->code != ERROR_FORBIDDEN)
		return -1;
	buf_reset(&cli->advice);
	return 0;
}

static int
remove_managed(struct cli *cli, struct error *err)
{
	const char *name = cli->args.operand;
	json_t *managed = NULL;
	char url[URL_MAX];
	int rc = -1;

	if (make_url(url, name, "", err) == 0 && see(cli, url, &managed, err) == 0)
		rc = daemon_change(cli, "DELETE", url, NULL, NULL, err);
	if (rc == 0 && !cli->json)
		managedshow_left(cli, name, managed);
	json_decref(managed);
	return rc;
}

static const struct option_spec renew_options[] = {
	{ .name = "all", .help = "all that there are" },
	{ .name = NULL },
};

const struct command managed_commands[] = {
	{ "managed add", "NAME", "have a certificate renewed from now on",
	    "keyhold managed add web --san api.example --ca internal --out "
	    "/etc/nginx/tls --verify 127.0.0.1:443",
	    managedform_add_options, add_managed },
	{ "managed list", NULL, "list the managed certificates", "keyhold managed list",
	    NULL, list_managed },
	{ "managed show", "NAME", "what one is to be, and how far its agent is",
	    "keyhold managed show web", NULL, show_managed },
	{ "managed change", "NAME",
	    "change one; what makes another certificate is due at once",
	    "keyhold managed change web --renew-before 20d", managedform_change_options,
	    change_managed },
	{ "managed renew", "[NAME]", "renew one now, or as soon as its agent looks",
	    "keyhold managed renew web", renew_options, renew_managed },
	{ "managed remove", "NAME",
	    "renew one no longer; its key, certificate and files stay",
	    "keyhold managed remove web", NULL, remove_managed },
	{ .path = NULL },
};

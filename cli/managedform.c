/*
 * managedform.c - one option for each member.
 *
 * An empty text takes away what was there. What is left open is the daemon's to say; what
 * makes no sense it says too, but of members, and who gave options is better told here.
 */
#include "cli/managedform.h"

#include <string.h>

#include "cli/managedmember.h"
#include "cli/managedsource.h"
#include "cli/names.h"
#include "probe/target.h"

/* The daemon's. */
#define DEFAULT_DAYS      90
#define SHORTEST_BEFORE_S 60
#define SHORTEST_S        3600 /* between two renewals */

static const struct member_option texts[] = {
	{ "key-type", "key_type" },
	{ "new-key", "new_key" },
	{ "out", "directory" },
	{ "owner", "owner" },
	{ "group", "group" },
	{ "mode", "mode" },
	{ "verify", "verify" },
	{ "verify-name", "verify_name" },
	{ NULL, NULL },
};

static bool
has_text(const json_t *list, const char *text)
{
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item)
		if (json_is_string(item) && strcmp(json_string_value(item), text) == 0)
			return true;
	return false;
}

/* The name to ask for goes with the names that it was one of. */
static void
replace_names(json_t *definition, json_t *names)
{
	const char *host = json_string_value(json_object_get(definition, "verify_name"));

	if (host != NULL && has_text(json_object_get(definition, "names"), host) &&
	    !has_text(names, host))
		json_object_del(definition, "verify_name");
	json_object_set_new(definition, "names", names);
}

static void
put_names(const struct arguments *args, json_t *definition)
{
	json_t *names = json_array();
	size_t cursor = 0;
	const char *name;

	while ((name = argument_next(args, "san", &cursor)) != NULL)
		json_array_append_new(names, json_string(name));
	if (json_array_size(names) > 0)
		replace_names(definition, names);
	else
		json_decref(names);
}

static bool
is_hooked(const struct arguments *args)
{
	return argument_given(args, "reload") || argument_given(args, "reload-shell") ||
	       argument_given(args, "reload-user") ||
	       argument_given(args, "reload-timeout");
}

static int
put_hook(const struct arguments *args, json_t *definition, struct error *err)
{
	const char *reload = argument_value(args, "reload");
	const char *shell = argument_value(args, "reload-shell");
	const char *user = argument_value(args, "reload-user");
	json_t *hook = json_object_get(definition, "hook");

	if (reload != NULL && shell != NULL)
		return error_set(
		    err, ERROR_CONFIG, "--reload and --reload-shell exclude each other");
	if (reload != NULL && *reload == '\0') {
		json_object_del(definition, "hook");
		return 0;
	}
	if (!is_hooked(args))
		return 0;
	if (hook == NULL && reload == NULL && shell == NULL)
		return error_set(
		    err, ERROR_CONFIG, "say what to run: --reload or --reload-shell");
	if (hook == NULL) {
		hook = json_object();
		json_object_set_new(definition, "hook", hook);
	}
	if (reload != NULL || shell != NULL) {
		json_object_del(hook, "argv");
		json_object_del(hook, "shell");
	}
	if (shell != NULL)
		member_text(hook, "shell", shell);
	if (user != NULL)
		member_text(hook, "user", user);
	if (member_words(args, "reload", hook, "argv", err) != 0)
		return -1;
	return member_seconds(args, "reload-timeout", hook, "timeout_s", err);
}

static void
put_flag(const struct arguments *args, json_t *definition)
{
	if (argument_given(args, "destroy-old-keys"))
		json_object_set_new(definition, "destroy_old_keys", json_true());
	else if (command_option(args->command, "keep-old-keys") != NULL &&
		 argument_given(args, "keep-old-keys"))
		json_object_set_new(definition, "destroy_old_keys", json_false());
}

/* Relative to what? The agent that goes there is another process. */
static int
check_paths(const struct arguments *args, struct error *err)
{
	static const char *const options[] = { "out", "webroot", "ca-file" };

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		const char *path = argument_value(args, options[i]);

		if (path != NULL && *path != '\0' && *path != '/')
			return error_set(err, ERROR_CONFIG,
			    "--%s %s: say where from the root, as in /etc/nginx/tls",
			    options[i], path);
	}
	return 0;
}

/* Of protocols the daemon knows nothing, and the agent would only find out in the end. */
static int
check_server(const struct arguments *args, struct error *err)
{
	const char *server = argument_value(args, "verify");
	struct probe_target target;
	struct error why;

	if (server == NULL || *server == '\0' ||
	    probe_target_read(server, &target, &why) == 0)
		return 0;
	return error_set(err, ERROR_CONFIG, "--verify %s", why.text);
}

/* With what was there before, an option alone may make no sense. */
static int
check_life(const struct arguments *args, const json_t *definition, struct error *err)
{
	const json_t *days = json_object_get(definition, "days");
	const long long before =
	    json_integer_value(json_object_get(definition, "renew_before_s"));
	const long long lives = days != NULL ? json_integer_value(days) : DEFAULT_DAYS;
	const char *renew_before = argument_value(args, "renew-before");

	if (renew_before != NULL && before < SHORTEST_BEFORE_S)
		return error_set(err, ERROR_CONFIG,
		    "--renew-before %s: less than a minute", renew_before);
	if (json_object_get(json_object_get(definition, "source"), "acme") != NULL)
		return !argument_given(args, "days")
			   ? 0
			   : error_set(err, ERROR_CONFIG,
				 "--days: how long a certificate lives, the ACME server "
				 "decides");
	if (before <= lives * ARGUMENT_DAY_S - SHORTEST_S)
		return 0;
	if (renew_before != NULL)
		return error_set(err, ERROR_CONFIG,
		    "--renew-before %s leaves less than an hour of %lld days between two "
		    "renewals",
		    renew_before, lives);
	return error_set(err, ERROR_CONFIG,
	    "a life of %lld days is too short to be renewed %lld hours before its end, "
	    "as it is now: say --renew-before as well",
	    lives, before / 3600);
}

int
managedform_fill(const struct arguments *args, json_t *definition, struct error *err)
{
	uint64_t seconds;

	if (check_paths(args, err) != 0 || check_server(args, err) != 0)
		return -1;
	put_names(args, definition);
	member_texts(args, texts, definition);
	if (argument_given(args, "verify") && *argument_value(args, "verify") == '\0')
		json_object_del(definition, "verify_name");
	put_flag(args, definition);
	if (argument_days(args, &seconds, err) != 0 ||
	    managedsource_fill(args, definition, err) != 0)
		return -1;
	if (seconds != 0)
		json_object_set_new(definition, "days",
		    json_integer((json_int_t)(seconds / ARGUMENT_DAY_S)));
	if (member_seconds(args, "renew-before", definition, "renew_before_s", err) !=
		0 ||
	    member_seconds(args, "grace", definition, "grace_s", err) != 0 ||
	    check_life(args, definition, err) != 0)
		return -1;
	return put_hook(args, definition, err);
}

#define DRY_RUN(text)                                                                    \
	{                                                                                \
		.name = "dry-run", .help = text                                          \
	}
#define SAN(is_required)                                                                 \
	{                                                                                \
		.name = "san", .metavar = "NAME",                                        \
		.help = "a name to certify, as for cert issue; may be repeated",         \
		.repeatable = true, .required = is_required                              \
	}
#define OUT(is_required)                                                                 \
	{                                                                                \
		.name = "out", .metavar = "DIR",                                         \
		.help = "where the agent writes it, an absolute path",                   \
		.required = is_required                                                  \
	}

#define COMMON                                                                           \
	{ .name = "ca",                                                                  \
		.metavar = "ISSUER",                                                     \
		.help = "issued by this daemon's authority" },                           \
	    { .name = "profile",                                                         \
		    .metavar = "PROFILE",                                                \
		    .help = "of the issuer (server without), or of the ACME server" },   \
	    { .name = "acme",                                                            \
		    .metavar = "URL",                                                    \
		    .help = "issued by the ACME server with this directory instead" },   \
	    { .name = "account",                                                         \
		    .metavar = "KEY",                                                    \
		    .help = "the key of the ACME account, of use sign" },                \
	    { .name = "challenge",                                                       \
		    .metavar = "TYPE",                                                   \
		    .help = "how the ACME server is shown that the names are yours",     \
		    .choices = "http-01 dns-01 tls-alpn-01" },                           \
	    { .name = "listen",                                                          \
		    .metavar = "ADDRESS:PORT",                                           \
		    .help = "where the agent answers http-01 or tls-alpn-01 itself" },   \
	    { .name = "webroot",                                                         \
		    .metavar = "DIR",                                                    \
		    .help = "answer http-01 by a file below this instead" },             \
	    { .name = "dns-hook",                                                        \
		    .metavar = "COMMAND",                                                \
		    .help = "sets and removes the record of dns-01: a program by its "   \
			    "absolute path and its words, in one, no shell" },           \
	    { .name = "ca-file",                                                         \
		    .metavar = "FILE",                                                   \
		    .help = "the authorities that the ACME server's certificate may be " \
			    "of" },                                                      \
	    { .name = "key-type",                                                        \
		    .metavar = "TYPE",                                                   \
		    .help = "of the key; ec-p256 without",                               \
		    .choices = NAMES_KEY_TYPES },                                        \
	    { .name = "new-key",                                                         \
		    .metavar = "WHEN",                                                   \
		    .help = "whether a renewal makes a new key; always without",         \
		    .choices = "always never yearly" },                                  \
	    { .name = "days",                                                            \
		    .metavar = "N",                                                      \
		    .help = "how long each certificate lives; 90 without" },             \
	    { .name = "renew-before",                                                    \
		    .metavar = "TIME",                                                   \
		    .help =                                                              \
			"how long before its end it is renewed, 30d or 12h; a third of " \
			"its life without" },                                            \
	    { .name = "owner", .metavar = "USER", .help = "whose the files are" },       \
	    { .name = "group", .metavar = "GROUP", .help = "and which group's" },        \
	    { .name = "mode", .metavar = "MODE", .help = "of the files; 0640 without" }, \
	    { .name = "reload",                                                          \
		    .metavar = "COMMAND",                                                \
		    .help =                                                              \
			"what the agent runs then: a program and its words, no shell; "  \
			"'' for nothing" },                                              \
	    { .name = "reload-shell",                                                    \
		    .metavar = "LINE",                                                   \
		    .help = "the same for /bin/sh" },                                    \
	    { .name = "reload-user", .metavar = "USER", .help = "who runs it" },         \
	    { .name = "reload-timeout",                                                  \
		    .metavar = "TIME",                                                   \
		    .help = "how long it may take; 30s without" },                       \
	    { .name = "verify",                                                          \
		    .metavar = "SERVER",                                                 \
		    .help = "where the new certificate must be served then, or the one " \
			    "before is put back: HOST:PORT, or postgres://HOST:PORT "    \
			    "and other protocols of keyhold expiry; '' for nowhere" },   \
	    { .name = "verify-name",                                                     \
		    .metavar = "NAME",                                                   \
		    .help = "the server to ask for there; the first name without" },     \
	    { .name = "grace",                                                           \
		    .metavar = "TIME",                                                   \
		    .help = "how long a replaced key is kept for who still uses it; 7d " \
			    "without" },                                                 \
	{                                                                                \
		.name = "destroy-old-keys", .help = "destroy replaced keys after that"   \
	}

const struct option_spec managedform_add_options[] = {
	SAN(true),
	OUT(true),
	COMMON,
	DRY_RUN("say what would be issued, when it would be renewed and what would be "
		"written, and make nothing"),
	{ .name = NULL },
};

const struct option_spec managedform_change_options[] = {
	SAN(false),
	OUT(false),
	COMMON,
	{ .name = "keep-old-keys", .help = "do not destroy replaced keys" },
	DRY_RUN("say what would become of it, and change nothing"),
	{ .name = NULL },
};

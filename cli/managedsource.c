/*
 * managedsource.c - an issuer of the daemon's, or an ACME server.
 *
 * The one member that must not outlive its reason is the address to listen on: the port
 * at which one challenge is looked for is of no use to another.
 * What is wrong is said of the options here, or the daemon says it of members.
 */
#include "cli/managedsource.h"

#include <string.h>

#include "cli/managedmember.h"

static const struct member_option texts[] = {
	{ "ca", "issuer" },
	{ "acme", "acme" },
	{ "profile", "profile" },
	{ "account", "account" },
	{ "challenge", "challenge" },
	{ "listen", "listen" },
	{ "webroot", "webroot" },
	{ "ca-file", "ca_file" },
	{ NULL, NULL },
};

/* What each takes, and the address to listen on that it takes with it; NULL: it has none
 * at all. The first is the daemon's choice. */
static const struct challenge {
	const char *name, *listen;
	bool takes_webroot, takes_hook;
} challenges[] = {
	{ "http-01", "0.0.0.0:80", true, false },
	{ "tls-alpn-01", "0.0.0.0:443", false, false },
	{ "dns-01", NULL, false, true },
};

static const struct challenge *
find_challenge(const char *name)
{
	for (size_t i = 0; i < sizeof(challenges) / sizeof(challenges[0]); i++)
		if (name != NULL && strcmp(challenges[i].name, name) == 0)
			return &challenges[i];
	return &challenges[0];
}

static const char *
text_of(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

static bool
is_set(const struct arguments *args, const char *option)
{
	const char *value = argument_value(args, option);

	return value != NULL && *value != '\0';
}

/* The one there is, unless one of the other kind is named. */
static json_t *
choose_source(const struct arguments *args, json_t *definition)
{
	json_t *source = json_object_get(definition, "source");
	const char *other = argument_given(args, "ca") ? "acme" : "issuer";

	if (argument_given(args, "acme"))
		json_object_del(definition, "days");
	else if (!argument_given(args, "ca"))
		other = NULL;
	if (source != NULL && (other == NULL || json_object_get(source, other) == NULL))
		return source;
	source = json_object();
	json_object_set_new(definition, "source", source);
	return source;
}

/* What the options rule out, with what the old challenge had and the new one has not. */
static void
make_room(const struct arguments *args, json_t *source)
{
	const struct challenge *before = find_challenge(text_of(source, "challenge"));
	const struct challenge *after = before;
	const char *listen = text_of(source, "listen");

	if (argument_given(args, "challenge"))
		after = find_challenge(argument_value(args, "challenge"));
	if (!after->takes_webroot || is_set(args, "listen"))
		json_object_del(source, "webroot");
	if (!after->takes_hook)
		json_object_del(source, "dns_hook");
	if (listen == NULL)
		return;
	if (after->listen == NULL || is_set(args, "webroot") ||
	    (after != before && before->listen != NULL &&
		strcmp(listen, before->listen) == 0))
		json_object_del(source, "listen");
}

static int
check_issuer(const struct arguments *args, const json_t *source, struct error *err)
{
	static const char *const others[] = { "account", "challenge", "listen", "webroot",
		"dns-hook", "ca-file" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (argument_given(args, others[i]))
			return error_set(err, ERROR_CONFIG,
			    "--%s is for an ACME server, --acme; this one comes from the "
			    "issuer %.64s",
			    others[i], text_of(source, "issuer"));
	return 0;
}

static int
misfit(const char *option, const struct challenge *challenge, struct error *err)
{
	return error_set(err, ERROR_CONFIG, "--%s does not go with --challenge %s",
	    option, challenge->name);
}

/* The agent's PATH is another than that of whoever says it. */
static int
check_hook(const struct arguments *args, const json_t *source, struct error *err)
{
	const json_t *hook = json_object_get(source, "dns_hook");
	const char *program = json_string_value(json_array_get(hook, 0));

	if (!is_set(args, "dns-hook") || program == NULL || *program == '/')
		return 0;
	return error_set(err, ERROR_CONFIG,
	    "--dns-hook %s: say where the program is from the root, as in "
	    "/etc/keyhold/dns",
	    argument_value(args, "dns-hook"));
}

static int
check_challenge(const struct arguments *args, const json_t *source, struct error *err)
{
	const struct challenge *challenge = find_challenge(text_of(source, "challenge"));

	if (is_set(args, "listen") && is_set(args, "webroot"))
		return error_set(
		    err, ERROR_CONFIG, "--listen and --webroot exclude each other");
	if (is_set(args, "listen") && challenge->listen == NULL)
		return misfit("listen", challenge, err);
	if (is_set(args, "webroot") && !challenge->takes_webroot)
		return misfit("webroot", challenge, err);
	if (is_set(args, "dns-hook") && !challenge->takes_hook)
		return misfit("dns-hook", challenge, err);
	if (challenge->takes_hook && json_object_get(source, "dns_hook") == NULL)
		return error_set(err, ERROR_CONFIG,
		    "--challenge %s needs --dns-hook: what sets and removes the record",
		    challenge->name);
	return check_hook(args, source, err);
}

/* The other challenges show one host, not all of a domain. */
static int
check_names(const json_t *names, const json_t *source, struct error *err)
{
	const json_t *name;
	size_t i;

	if (find_challenge(text_of(source, "challenge"))->takes_hook)
		return 0;
	json_array_foreach (names, i, name) {
		const char *text = json_string_value(name);

		if (text != NULL && strchr(text, '*') != NULL)
			return error_set(err, ERROR_CONFIG,
			    "--san %.100s: a wildcard takes --challenge dns-01", text);
	}
	return 0;
}

static int
check_acme(const struct arguments *args, const json_t *definition, const json_t *source,
    struct error *err)
{
	if (text_of(source, "account") == NULL)
		return error_set(err, ERROR_CONFIG,
		    "--acme needs --account: the key of the account there, of use sign");
	if (check_challenge(args, source, err) != 0)
		return -1;
	return check_names(json_object_get(definition, "names"), source, err);
}

int
managedsource_fill(const struct arguments *args, json_t *definition, struct error *err)
{
	json_t *source;

	if (argument_given(args, "ca") && argument_given(args, "acme"))
		return error_set(err, ERROR_CONFIG, "--ca and --acme exclude each other");
	if (json_object_get(definition, "source") == NULL &&
	    !argument_given(args, "ca") && !argument_given(args, "acme"))
		return error_set(err, ERROR_CONFIG,
		    "say where it comes from: --ca ISSUER or --acme URL");
	source = choose_source(args, definition);
	make_room(args, source);
	member_texts(args, texts, source);
	if (member_words(args, "dns-hook", source, "dns_hook", err) != 0)
		return -1;
	if (json_object_get(source, "acme") == NULL)
		return check_issuer(args, source, err);
	return check_acme(args, definition, source, err);
}

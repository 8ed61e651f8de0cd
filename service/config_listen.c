/* config_listen.c - the settings below listen. */
#include "service/config_listen.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "service/listen.h"
#include "api/who.h"

#define MODE_DEFAULT  "0660"
#define SETTING_SIZE  64
#define STRINGS_BYTES 16384

static const char *
parse_mode(const char *text, mode_t *mode)
{
	unsigned value = 0;
	size_t len = strlen(text);

	if (len < 3 || len > 4 || strspn(text, "01234567") != len)
		return "is not an octal mode such as \"0660\"";
	for (const char *p = text; *p != '\0'; p++)
		value = value * 8 + (unsigned)(*p - '0');
	if ((value & ~0666U) != 0)
		return "has bits that a socket does not use";
	if ((value & 0600) != 0600)
		return "shuts out the owner";
	if ((value & 02) != 0 && value != 0666)
		return "lets every user connect; say 0666 if that is meant";
	*mode = value;
	return NULL;
}

static int
read_group(const struct source *source, const char *setting, const char *name, gid_t *gid,
    struct error *err)
{
	struct group group, *found = NULL;
	char strings[STRINGS_BYTES], reason[160];
	int error = getgrnam_r(name, &group, strings, sizeof(strings), &found);

	if (error != 0)
		return source_refuse(source, setting, strerror(error), err);
	snprintf(reason, sizeof(reason), WHO_UNKNOWN, "group", name);
	if (found == NULL)
		return source_refuse(source, setting, reason, err);
	*gid = found->gr_gid;
	return 0;
}

static int
read_owner(const struct source *source, const char *setting, const char *name, uid_t *uid,
    struct error *err)
{
	struct passwd user, *found = NULL;
	char strings[STRINGS_BYTES], reason[160];
	int error = getpwnam_r(name, &user, strings, sizeof(strings), &found);

	if (error != 0)
		return source_refuse(source, setting, strerror(error), err);
	snprintf(reason, sizeof(reason), WHO_UNKNOWN, "user", name);
	if (found == NULL)
		return source_refuse(source, setting, reason, err);
	*uid = found->pw_uid;
	return 0;
}

static int
read_listener_access(const struct source *source, const char *setting,
    const struct listener_settings *settings, struct config_listener *listener,
    struct error *err)
{
	const char *mode = settings->mode != NULL ? settings->mode : MODE_DEFAULT,
		   *reason;
	char part[SETTING_SIZE];

	snprintf(part, sizeof(part), "%s.mode", setting);
	if ((reason = parse_mode(mode, &listener->mode)) != NULL)
		return source_refuse(source, part, reason, err);
	snprintf(part, sizeof(part), "%s.owner", setting);
	if (settings->owner != NULL &&
	    read_owner(source, part, settings->owner, &listener->owners.uid, err) != 0)
		return -1;
	snprintf(part, sizeof(part), "%s.group", setting);
	if (settings->group == NULL)
		return 0;
	return read_group(source, part, settings->group, &listener->owners.gid, err);
}

static int
read_unix(const struct source *source, const char *setting,
    const struct listener_settings *settings, struct config_listener *listener,
    struct error *err)
{
	char part[SETTING_SIZE];

	listener->path = settings->path;
	listener->owner = settings->owner;
	listener->group = settings->group;
	snprintf(part, sizeof(part), "%s.unix", setting);
	if (source_check_text(source, part, settings->path, LISTEN_PATH_MAX, err) != 0)
		return -1;
	if (settings->path[0] != '@') {
		if (source_check_path(source, part, settings->path, err) != 0)
			return -1;
		return read_listener_access(source, setting, settings, listener, err);
	}
	if (settings->path[1] == '\0')
		return source_refuse(
		    source, part, "an abstract socket needs a name", err);
	if (settings->mode != NULL || settings->owner != NULL || settings->group != NULL)
		return source_refuse(source, part,
		    "an abstract socket has no mode, no owner and no group", err);
	return 0;
}

static int
read_address(const struct source *source, const char *setting, const char *text,
    struct config_listener *listener, struct error *err)
{
	struct error reason;

	listener->name = text;
	if (tcp_address_read(text, &listener->address, &reason) != 0)
		return source_refuse(source, setting, reason.text, err);
	if (listener->kind == LISTENER_HTTP &&
	    !tcp_address_is_loopback(&listener->address))
		return source_refuse(source, setting,
		    "is not a loopback address: HTTP without TLS stays on this machine",
		    err);
	return 0;
}

static const char *const auth_names[] = {
	[CLIENT_AUTH_NONE] = "none",
	[CLIENT_AUTH_OPTIONAL] = "optional",
	[CLIENT_AUTH_REQUIRED] = "required",
};

const char *
client_auth_name(enum client_auth auth)
{
	return auth_names[auth];
}

static const char *
parse_client_auth(const char *text, enum client_auth *auth)
{
	*auth = CLIENT_AUTH_NONE;
	if (text == NULL)
		return NULL;
	for (enum client_auth i = CLIENT_AUTH_NONE; i <= CLIENT_AUTH_REQUIRED; i++)
		if (strcmp(text, auth_names[i]) == 0) {
			*auth = i;
			return NULL;
		}
	return "is not none, optional or required";
}

/* Whether the settings that belong together are there together; NULL: they are. */
static const char *
miss_client_ca(const struct config_listener *listener)
{
	if (listener->client_auth == CLIENT_AUTH_NONE)
		return listener->client_ca != NULL
			   ? "needs client_auth: optional or required beside it"
			   : NULL;
	return listener->client_ca == NULL ? "is required: who signs for clients?" : NULL;
}

static int
read_https(const struct source *source, const char *setting,
    const struct listener_settings *settings, struct config_listener *listener,
    struct error *err)
{
	char part[SETTING_SIZE];
	const char *reason;

	snprintf(part, sizeof(part), "%s.https", setting);
	if (read_address(source, part, settings->https, listener, err) != 0)
		return -1;
	snprintf(part, sizeof(part), "%s.certificate", setting);
	listener->certificate = settings->certificate;
	if (listener->certificate == NULL)
		return source_refuse(source, part,
		    "is required: the name of the key of this server's certificate", err);
	if (!name_is_valid(listener->certificate))
		return source_refuse(source, part, "is not a name of a key", err);
	snprintf(part, sizeof(part), "%s.client_auth", setting);
	reason = parse_client_auth(settings->client_auth, &listener->client_auth);
	if (reason != NULL)
		return source_refuse(source, part, reason, err);
	snprintf(part, sizeof(part), "%s.client_ca", setting);
	listener->client_ca = settings->client_ca;
	if ((reason = miss_client_ca(listener)) != NULL)
		return source_refuse(source, part, reason, err);
	return source_check_path(source, part, listener->client_ca, err);
}

static int
read_http(const struct source *source, const char *setting,
    const struct listener_settings *settings, struct config_listener *listener,
    struct error *err)
{
	char part[SETTING_SIZE];

	snprintf(part, sizeof(part), "%s.http", setting);
	return read_address(source, part, settings->http, listener, err);
}

static int
read_kind(const struct source *source, const char *setting,
    const struct listener_settings *settings, enum listener_kind *kind, struct error *err)
{
	int count = (settings->path != NULL) + (settings->https != NULL) +
		    (settings->http != NULL);

	if (count != 1)
		return source_refuse(
		    source, setting, "needs one of unix, https and http", err);
	*kind = settings->path != NULL    ? LISTENER_UNIX
		: settings->https != NULL ? LISTENER_HTTPS
					  : LISTENER_HTTP;
	return 0;
}

/* A setting that would do nothing is a mistake. */
static int
check_others(const struct source *source, const char *setting, enum listener_kind kind,
    const struct listener_settings *settings, struct error *err)
{
	const struct {
		const char *name, *value;
		enum listener_kind kind;
	} others[] = {
		{ "mode", settings->mode, LISTENER_UNIX },
		{ "owner", settings->owner, LISTENER_UNIX },
		{ "group", settings->group, LISTENER_UNIX },
		{ "certificate", settings->certificate, LISTENER_HTTPS },
		{ "client_auth", settings->client_auth, LISTENER_HTTPS },
		{ "client_ca", settings->client_ca, LISTENER_HTTPS },
	};
	char part[SETTING_SIZE];

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (others[i].value == NULL || others[i].kind == kind)
			continue;
		snprintf(part, sizeof(part), "%s.%s", setting, others[i].name);
		return source_refuse(source, part,
		    others[i].kind == LISTENER_UNIX ? "is for Unix sockets only"
						    : "is for https only",
		    err);
	}
	return 0;
}

static int
read_listener(const struct source *source, unsigned index,
    const struct listener_settings *settings, struct config_listener *listener,
    struct error *err)
{
	static int (*const readers[])(const struct source *source, const char *setting,
	    const struct listener_settings *settings, struct config_listener *listener,
	    struct error *err) = {
		[LISTENER_UNIX] = read_unix,
		[LISTENER_HTTPS] = read_https,
		[LISTENER_HTTP] = read_http,
	};
	char setting[32];

	*listener = (struct config_listener){ .owners = { (uid_t)-1, (gid_t)-1 } };
	snprintf(setting, sizeof(setting), "listen[%u]", index);
	if (read_kind(source, setting, settings, &listener->kind, err) != 0 ||
	    check_others(source, setting, listener->kind, settings, err) != 0)
		return -1;
	return readers[listener->kind](source, setting, settings, listener, err);
}

static bool
is_same_place(const struct config_listener *a, const struct config_listener *b)
{
	if (a->kind == LISTENER_UNIX || b->kind == LISTENER_UNIX)
		return a->kind == b->kind && strcmp(a->path, b->path) == 0;
	return tcp_address_is_same(&a->address, &b->address);
}

/* The second would be found in use, by the first. */
static int
check_unique(const struct source *source, unsigned index, const struct config *config,
    struct error *err)
{
	static const char *const names[] = {
		[LISTENER_UNIX] = "unix",
		[LISTENER_HTTPS] = "https",
		[LISTENER_HTTP] = "http",
	};
	const struct config_listener *listeners = config->listeners;
	char setting[32], reason[48];

	for (unsigned i = 0; i < index; i++) {
		if (!is_same_place(&listeners[i], &listeners[index]))
			continue;
		snprintf(setting, sizeof(setting), "listen[%u].%s", index,
		    names[listeners[index].kind]);
		snprintf(reason, sizeof(reason), "is listen[%u].%s already", i,
		    names[listeners[i].kind]);
		return source_refuse(source, setting, reason, err);
	}
	return 0;
}

int
config_read_listeners(const struct source *source, const struct settings *settings,
    struct config *config, struct error *err)
{
	config->listeners = calloc(settings->listen_count, sizeof(*config->listeners));
	if (config->listeners == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	for (unsigned i = 0; i < settings->listen_count; i++) {
		if (read_listener(source, i, &settings->listen[i], &config->listeners[i],
			err) != 0 ||
		    check_unique(source, i, config, err) != 0)
			return -1;
		config->listener_count++;
	}
	return 0;
}

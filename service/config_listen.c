/* config_listen.c - the settings below listen. */
#include "service/config_listen.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/listen.h"
#include "api/who.h"

#define MODE_DEFAULT "0660"

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
	char strings[16384], reason[160];
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
read_listener_access(const struct source *source, const char *setting,
    const struct listener_settings *settings, struct config_listener *listener,
    struct error *err)
{
	const char *mode = settings->mode != NULL ? settings->mode : MODE_DEFAULT,
		   *reason;
	char part[64];

	snprintf(part, sizeof(part), "%s.mode", setting);
	if ((reason = parse_mode(mode, &listener->mode)) != NULL)
		return source_refuse(source, part, reason, err);
	snprintf(part, sizeof(part), "%s.group", setting);
	if (settings->group == NULL)
		return 0;
	return read_group(source, part, settings->group, &listener->gid, err);
}

static int
read_listener(const struct source *source, unsigned index,
    const struct listener_settings *settings, struct config_listener *listener,
    struct error *err)
{
	char setting[32], part[64];

	*listener = (struct config_listener){
		.path = settings->path,
		.group = settings->group,
		.gid = CONFIG_GROUP_UNCHANGED,
	};
	snprintf(setting, sizeof(setting), "listen[%u]", index);
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
	if (settings->mode != NULL || settings->group != NULL)
		return source_refuse(
		    source, part, "an abstract socket has no mode and no group", err);
	return 0;
}

/* The second would be found in use, by the first. */
static int
check_unique(const struct source *source, unsigned index, const struct config *config,
    struct error *err)
{
	const char *path = config->listeners[index].path;
	char setting[32], reason[48];

	for (unsigned i = 0; i < index; i++) {
		if (strcmp(config->listeners[i].path, path) != 0)
			continue;
		snprintf(setting, sizeof(setting), "listen[%u].unix", index);
		snprintf(reason, sizeof(reason), "is listen[%u].unix already", i);
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

/* config_cage.c - the settings below cage. */
#include "service/config_cage.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "service/cage_filter.h"

static const char *const seccomp_names[] = {
	[CAGE_SECCOMP_ON] = "on",
	[CAGE_SECCOMP_OFF] = "off",
	[CAGE_SECCOMP_LOG] = "log",
};

const char *
cage_seccomp_name(enum cage_seccomp seccomp)
{
	return seccomp_names[seccomp];
}

static int
read_seccomp(const struct source *source, const char *name, enum cage_seccomp *seccomp,
    struct error *err)
{
	*seccomp = CAGE_SECCOMP_ON;
	if (name == NULL)
		return 0;
	for (unsigned i = 0; i < sizeof(seccomp_names) / sizeof(*seccomp_names); i++) {
		if (strcmp(name, seccomp_names[i]) == 0) {
			*seccomp = (enum cage_seccomp)i;
			return 0;
		}
	}
	return source_refuse(source, "cage.seccomp", "is not on, off or log", err);
}

static int
read_landlock(
    const struct source *source, const char *name, bool *landlock, struct error *err)
{
	*landlock = name == NULL || strcmp(name, "on") == 0;
	if (*landlock || strcmp(name, "off") == 0)
		return 0;
	return source_refuse(source, "cage.landlock", "is not on or off", err);
}

static int
check_paths(const struct source *source, const char *setting, char *const *paths,
    unsigned count, struct error *err)
{
	char place[48];

	for (unsigned i = 0; i < count; i++) {
		snprintf(place, sizeof(place), "%s[%u]", setting, i);
		if (source_check_path(source, place, paths[i], err) != 0)
			return -1;
	}
	return 0;
}

static int
check_system_calls(
    const struct source *source, const struct cage_settings *settings, struct error *err)
{
	const char *reason;
	char place[48];

	for (unsigned i = 0; i < settings->system_calls_count; i++) {
		snprintf(place, sizeof(place), "cage.system_calls[%u]", i);
		reason = cage_filter_judge(settings->system_calls[i]);
		if (reason != NULL)
			return source_refuse(source, place, reason, err);
	}
	return 0;
}

static int
read_ports(const struct source *source, const struct cage_settings *settings,
    struct config_cage *cage, struct error *err)
{
	char places[CAGE_PORTS_MAX][32];
	struct number numbers[CAGE_PORTS_MAX];

	for (unsigned i = 0; i < settings->connect_count; i++) {
		snprintf(places[i], sizeof(places[i]), "cage.connect[%u]", i);
		numbers[i] = (struct number){ places[i], settings->connect[i], NULL, 1,
			65535, &cage->connect[i] };
	}
	cage->connect_count = settings->connect_count;
	return source_read_numbers(source, numbers, settings->connect_count, err);
}

int
config_read_cage(const struct source *source, const struct cage_settings *settings,
    struct config_cage *cage, struct error *err)
{
	*cage = (struct config_cage){
		.read = settings->read,
		.read_count = settings->read_count,
		.write = settings->write,
		.write_count = settings->write_count,
		.system_calls = settings->system_calls,
		.system_calls_count = settings->system_calls_count,
	};
	if (read_seccomp(source, settings->seccomp, &cage->seccomp, err) != 0 ||
	    read_landlock(source, settings->landlock, &cage->landlock, err) != 0 ||
	    check_paths(source, "cage.read", cage->read, cage->read_count, err) != 0 ||
	    check_paths(source, "cage.write", cage->write, cage->write_count, err) != 0 ||
	    check_system_calls(source, settings, err) != 0)
		return -1;
	return read_ports(source, settings, cage, err);
}

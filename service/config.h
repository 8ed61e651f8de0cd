/*
 * config.h - the settings of keyholdd, read from one YAML file and checked.
 *
 * An error names the file, the line and the setting. The PIN is no setting: it comes
 * from a file or a systemd credential (pin.h).
 */
#ifndef SERVICE_CONFIG_H
#define SERVICE_CONFIG_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "api/rulebook.h"
#include "base/error.h"
#include "base/log.h"

#define CONFIG_GROUP_UNCHANGED ((gid_t)-1)

struct config_listener {
	const char *path;  /* absolute, or '@' and an abstract name */
	mode_t mode;       /* unused for an abstract socket */
	const char *group; /* NULL when not given; then gid is CONFIG_GROUP_UNCHANGED */
	gid_t gid;
};

struct config {
	const char *module;
	const char *label, *serial; /* one of them may be NULL */
	const char *pin_file;       /* NULL: the systemd credential */
	const char *init_args;      /* NULL when not given */
	unsigned max_sessions, session_wait_ms, session_copies;
	struct config_listener *listeners;
	size_t listener_count;      /* at least 1 */
	struct access_rules access; /* the texts are the settings' */
	const char *state;
	const char *weak_keys; /* the directory of Debian's lists; NULL: none */
	enum log_level log_level;
	char sha256[65];           /* of the file, in hex */
	struct settings *settings; /* owns the text of all of the above */
};

/* The caller frees with config_free. */
int config_read(const char *path, struct config **config, struct error *err);
void config_free(struct config *config);

/* The access rules, as of now; the set does not own the configuration. */
struct ruleset config_ruleset(const struct config *config);

/* The effective values, defaults included, as a file that config_read accepts. */
void config_print(const struct config *config, FILE *out);

#endif

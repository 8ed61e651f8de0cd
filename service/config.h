/*
 * config.h - the settings of keyholdd, read from one YAML file and checked.
 *
 * An error names the file, the line and the setting. The PIN is no setting: it comes
 * from a file or a systemd credential (pin.h).
 */
#ifndef SERVICE_CONFIG_H
#define SERVICE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "api/rulebook.h"
#include "base/error.h"
#include "base/log.h"
#include "service/listen.h"
#include "service/tcp.h"
#include "service/limits.h"

/* Whether a client shows a certificate. */
enum client_auth {
	CLIENT_AUTH_NONE,     /* it is not asked for one */
	CLIENT_AUTH_OPTIONAL, /* it may */
	CLIENT_AUTH_REQUIRED, /* without one there is no connection */
};

struct config_listener {
	enum listener_kind kind;
	/* A Unix socket: absolute, or '@' and an abstract name. */
	const char *path;
	mode_t mode;                /* unused for an abstract socket, as is the next */
	const char *owner, *group;  /* NULL when not given */
	struct listen_owner owners; /* -1 where not given */
	/* HTTPS and HTTP: */
	const char *name; /* "127.0.0.1:8080" */
	struct tcp_address address;
	/* HTTPS: */
	const char *certificate; /* the name of the key that it is for */
	enum client_auth client_auth;
	const char *client_ca; /* NULL with CLIENT_AUTH_NONE */
};

const char *client_auth_name(enum client_auth auth);
enum cage_seccomp {
	CAGE_SECCOMP_ON,
	CAGE_SECCOMP_OFF,
	CAGE_SECCOMP_LOG, /* what the filter would refuse is done, and logged */
};

/* "on", as in the file; static. */
const char *cage_seccomp_name(enum cage_seccomp seccomp);

#define CAGE_PORTS_MAX 16

/* What the token's module needs beside the daemon's own (cage.h). */
struct config_cage {
	enum cage_seccomp seccomp;
	bool landlock;
	char *const *read, *const *write, *const *system_calls;
	unsigned read_count, write_count, system_calls_count;
	unsigned connect[CAGE_PORTS_MAX], connect_count; /* TCP ports */
};

#define CONFIG_TOKEN_NAME "default" /* of the one below token */
#define CREDENTIAL_SIZE   80

struct config_token {
	const char *name;
	const char *module;
	const char *label, *serial;       /* one of them may be NULL */
	const char *pin_file;             /* NULL: the systemd credential */
	char credential[CREDENTIAL_SIZE]; /* its name */
	const char *init_args;            /* NULL when not given */
	unsigned max_sessions, session_wait_ms, session_copies;
	unsigned verify_one_in, hang_ms, reload_pause_ms, watchdog_s, keepalive_s;
};

struct config {
	const char *path; /* of the file; the caller's of config_read */
	struct config_token *tokens;
	size_t token_count; /* at least 1 */
	struct config_listener *listeners;
	size_t listener_count;      /* at least 1 */
	struct access_rules access; /* the texts are the settings' */
	struct limits_options limits;
	bool audit_each;                /* signature is an entry of the audit record */
	unsigned audit_head_interval_s; /* 0: its head is not signed */
	const char *state;
	const char *weak_keys; /* the directory of Debian's lists; NULL: none */
	enum log_level log_level;
	char sha256[65]; /* of the file, in hex */
	struct config_cage cage;
	struct settings *settings; /* owns the text of all of the above */
};

/*
 * A file that others can write is refused, too. path is kept, not copied. The caller
 * frees with config_free.
 */
int config_read(const char *path, struct config **config, struct error *err);
void config_free(struct config *config);

/* Of all tokens together. */
unsigned config_sessions(const struct config *config);

/* The access rules, as of now; the set does not own the configuration. */
struct ruleset config_ruleset(const struct config *config);

/* The effective values, defaults included, as a file that config_read accepts. */
void config_print(const struct config *config, FILE *out);

#endif

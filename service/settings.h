/*
 * settings.h - the table of settings, as text, before anything is made of it.
 *
 * Internal to the configuration. Every value is text: libcyaml would take "16x" for 16.
 */
#ifndef SERVICE_SETTINGS_H
#define SERVICE_SETTINGS_H

#include "base/buffer.h"
#include "base/error.h"

#define TOKENS_MAX 16

struct token_settings {
	char *name, *module, *label, *serial, *pin_file, *init_args, *max_sessions,
	    *session_wait_ms, *session_copies, *verify_one_in, *hang_ms, *reload_pause_ms,
	    *watchdog_s, *keepalive_s;
};

struct limits_settings {
	char *connections, *connections_per_peer, *threads_per_peer, *http,
	    *http_per_peer, *header_bytes, *header_s, *body_s, *answer_s, *idle_s;
};

struct listener_settings {
	char *path, *https, *http; /* one of them */
	char *mode, *owner, *group;
	char *certificate, *client_auth, *client_ca;
};

#define ACCESS_RULES_MAX 256
#define ACCESS_MAY_MAX   5 /* admin stands alone */
#define ACCESS_LIST_MAX  256

struct access_settings {
	char *who;
	char **may;
	unsigned may_count;
	char **keys;
	unsigned keys_count;
	char **issuers;
	unsigned issuers_count;
	char **profiles;
	unsigned profiles_count;
	char **names;
	unsigned names_count;
	char *rate, *concurrent;
};

struct audit_settings {
	char *tls, *head_interval_s;
};

#define CAGE_PLACES_MAX 64

struct cage_settings {
	char *seccomp, *landlock;
	char **read;
	unsigned read_count;
	char **write;
	unsigned write_count;
	char **system_calls;
	unsigned system_calls_count;
	char **connect;
	unsigned connect_count;
};

/* Settings that were not given are NULL. */
struct settings {
	struct token_settings *token; /* or */
	struct token_settings *tokens;
	unsigned tokens_count;
	struct limits_settings limits;
	struct listener_settings *listen;
	unsigned listen_count;
	struct access_settings *access;
	unsigned access_count;
	struct audit_settings audit;
	struct cage_settings cage;
	char *state, *weak_keys, *log_level;
};

/* path is for messages only; the caller frees with settings_free. */
int settings_parse(
    struct bytes text, const char *path, struct settings **settings, struct error *err);
void settings_free(struct settings *settings);

#endif

/*
 * entry.h - a managed certificate as the daemon has it: what it is to be, and how far it
 * is.
 */
#ifndef AGENT_ENTRY_H
#define AGENT_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "agent/leaf.h"
#include "agent/place.h"
#include "base/error.h"

enum step {
	STEP_IDLE,
	STEP_KEY,      /* there is to be a key to certify */
	STEP_ISSUE,    /* and a certificate for it */
	STEP_INSTALL,  /* whose files are to take the place of others */
	STEP_RELOAD,   /* and be loaded */
	STEP_VERIFY,   /* and be seen */
	STEP_ROLLBACK, /* what was there before is to come back */
};

struct state {
	int64_t revision; /* changes with each report: who has another may not report */
	enum step step;
	char spki_sha256[LEAF_HASH_SIZE]; /* the key under way from STEP_ISSUE on, else
					     the installed one; or "" */
	char serial[CERTIFICATE_SERIAL_SIZE]; /* as the times: of what is installed */
	int64_t not_before, not_after;
	int64_t installed; /* when; 0: not known */
	int64_t attempts;
	int64_t next_attempt; /* 0: none is set */
	int64_t due;
	bool sets_due;      /* due is to be reported: a server's wish, not the daemon's */
	int64_t ask_window; /* when to ask an ACME server for it again; 0: at once */
	char *last_error;   /* NULL: none */
};

struct hook {
	const json_t *argv; /* NULL: shell, or no hook at all */
	const char *shell;
	const char *user; /* NULL: the agent's */
	int timeout_s;
};

/* Texts belong to the JSON that it was read from, but the state's. */
struct entry {
	const char *name;
	const json_t *names;
	const json_t *source;
	const char *issuer, *profile; /* NULL: not of this daemon's CA */
	const char *key_type, *new_key;
	int64_t days; /* 0: not for us to say */
	int64_t renew_before_s;
	struct place_options place;
	struct hook hook;
	const char *verify, *verify_name; /* NULL: not to be verified */
	int64_t grace_s;
	bool destroy_old_keys;
	struct state state;
};

/* The caller clears it in either case. */
int entry_read(const json_t *json, struct entry *entry, struct error *err);
void entry_clear(struct entry *entry);

/* What is installed now. */
void entry_set_leaf(struct entry *entry, const struct leaf *leaf);

/* NULL takes it away. Bytes that are no text in UTF-8, and controls but line feeds and
 * tabs, become question marks. */
void entry_set_error(struct entry *entry, const char *text);

/* Whether there is something to do at this time. */
bool entry_is_due(const struct entry *entry, int64_t now);

/* Whether there would be, but for a pause. */
bool entry_is_waiting(const struct entry *entry, int64_t now);

/* The state as the daemon takes it; outcome may be NULL. NULL when out of memory. */
json_t *entry_report(const struct entry *entry, const char *outcome);

const char *step_name(enum step step);

#endif

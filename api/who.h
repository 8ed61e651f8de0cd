/*
 * who.h - whom a rule is about: "unix:www-data", "unix:group:proxies",
 * "cert:dns:ci.example", "token:deploy".
 */
#ifndef API_WHO_H
#define API_WHO_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct caller;

enum who_kind {
	WHO_USER,
	WHO_GROUP,
	WHO_CERTIFICATE,
	WHO_TOKEN,
};

struct access_who {
	enum who_kind kind;
	unsigned id;      /* of a user, or a group */
	const char *name; /* "dns:ci.example" of a certificate; a token's; else NULL */
};

/*
 * Reads what a rule says; who->name stays text's. Asks the system for users and groups,
 * as chown(1) does: a number is one only where it is nobody's name. ERROR_CONFIG says
 * what is wrong with it.
 */
int who_read(const char *text, struct access_who *who, struct error *err);

/* No allocation, no lock. */
bool who_is(const struct access_who *who, const struct caller *caller);

/* Whom no rule has to name: root and the daemon's own user. */
bool who_is_owner(uid_t uid);

/* "user" or "group", and its name: the system does not tell one case from the other. */
#define WHO_UNKNOWN "no %s named \"%.64s\", or its directory (such as LDAP) is away"

#endif

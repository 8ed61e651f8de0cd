/*
 * access.h - who may do what: nobody anything, unless a rule says so.
 *
 * Deciding looks at plain structs only, from any thread: no allocation, no lock.
 */
#ifndef API_ACCESS_H
#define API_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "api/request.h"
#include "base/error.h"

/* A set of them is what a rule grants, or what a route asks for: any one of it will do,
 * and so will admin. */
enum access {
	ACCESS_PUBLIC = 0,   /* anybody who can connect: is it alive? a CRL */
	ACCESS_USE = 1 << 0, /* the private key in the path; its reference, public half */
	ACCESS_READ = 1 << 1, /* every GET */
	ACCESS_ADMIN = 1 << 2,
	ACCESS_ISSUE = 1 << 3, /* certificates from an issuer */
};

struct access_rule {
	bool is_group; /* id is a group's, else a user's */
	unsigned id;
	unsigned may;    /* of enum access; ACCESS_ADMIN includes the others */
	const char *who; /* of a user's rule: as it is written, for refusals; or NULL */
	/* Patterns of the keys that ACCESS_USE is about. */
	char *const *keys;
	size_t key_count;
	/* And of the issuers that ACCESS_ISSUE is about. */
	char *const *issuers;
	size_t issuer_count;
};

struct access_rules {
	const struct access_rule *rules;
	size_t count; /* none: nobody but who is admin without a rule */
};

struct access_decision {
	bool allowed;
	const struct access_rule
	    *rule; /* the first that fits; NULL when none was needed */
};

/*
 * name is that of the key that ACCESS_USE is about, or of the issuer that ACCESS_ISSUE
 * is about; NULL for any at all.
 */
struct access_decision access_decide(const struct access_rules *rules,
    const struct caller *caller, unsigned needed, const char *name);

/*
 * ERROR_FORBIDDEN with the caller and what it lacks, and nothing about the rules, but
 * that a user who has one is called as it says. name is what the caller called the key, a
 * name or its hash, or the issuer; NULL when it may issue from none. Returns -1.
 */
int access_refuse(const struct access_rules *rules, const struct caller *caller,
    unsigned needed, const char *name, struct error *err);

#endif

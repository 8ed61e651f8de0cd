/*
 * access.h - who may do what: nobody anything, unless a rule says so.
 *
 * Deciding looks at plain structs only, from any thread: no allocation, no lock. One rule
 * has to grant all that is asked: what several grant in part does not add up.
 */
#ifndef API_ACCESS_H
#define API_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/x509v3.h>

#include "api/request.h"
#include "api/who.h"
#include "base/error.h"

/* A set of them is what a rule grants, or what a route asks for: any one of it will do,
 * and so will admin. */
enum access {
	ACCESS_PUBLIC = 0,   /* anybody who can connect: is it alive? a CRL */
	ACCESS_USE = 1 << 0, /* the private key in the path; its reference, public half */
	ACCESS_READ = 1 << 1, /* every GET that is not public */
	ACCESS_ADMIN = 1 << 2,
	ACCESS_ISSUE = 1 << 3,      /* certificates from an issuer */
	ACCESS_REVOKE = 1 << 4,     /* certificates of an issuer */
	ACCESS_MANAGE_KEY = 1 << 5, /* one key, as it is made, rotated or destroyed */
	ACCESS_MANAGE = 1 << 6,     /* issuers, profiles, blocked keys */
};

struct cap;

struct access_list {
	char *const *items;
	size_t count;
};

struct access_rule {
	struct access_who who;
	unsigned may; /* of enum access; ACCESS_ADMIN includes the others */
	/* Patterns of names: of what is used and managed, */
	struct access_list keys;
	/* of what certificates are issued from, and revoked of, */
	struct access_list issuers;
	/* and issued by; none of these, like none of the next: any. */
	struct access_list profiles;
	struct access_list names; /* in certificates: ca/namepattern.h */
	struct cap *cap;          /* how many requests of each peer; NULL: any number */
	/* As it stands in the file: */
	const char *who_text;
	struct access_list may_words;
	size_t line;
};

struct access_rules {
	const struct access_rule *rules;
	size_t count; /* none: nobody but who is admin without a rule */
};

/* What is asked for. What is NULL is not known yet, and any will do. */
struct access_question {
	unsigned needed;     /* of enum access */
	const char *key;     /* of ACCESS_USE and ACCESS_MANAGE_KEY: its name */
	const char *issuer;  /* of ACCESS_ISSUE and ACCESS_REVOKE */
	const char *profile; /* of ACCESS_ISSUE, as are the names */
	const GENERAL_NAMES *names;
};

struct access_decision {
	bool allowed;
	const struct access_rule
	    *rule; /* the first that fits; NULL when none was needed */
};

struct access_decision access_decide(const struct access_rules *rules,
    const struct caller *caller, const struct access_question *question);

/*
 * ERROR_FORBIDDEN with the caller and what it lacks, and nothing about the rules, but
 * that a user who has one is called as it says. The key, when there is one, is what the
 * caller called it, a name or its hash. Returns -1.
 */
int access_refuse(const struct access_rules *rules, const struct caller *caller,
    const struct access_question *question, struct error *err);

/* The words of a rule's may, of which access_right_read takes any. */
#define ACCESS_RIGHTS "use, issue, revoke, manage, read or admin"

/* What the word grants, 0 for no such word. */
unsigned access_right(const char *word);

#endif

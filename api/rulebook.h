/*
 * rulebook.h - the rules in force, which a reload replaces while requests are decided.
 *
 * A set of rules never changes. Each connection holds the set that its last request was
 * decided by; at the next one it looks whether that is still the one in force, which is
 * one load of a pointer that only a reload writes. So a signature takes no lock and
 * writes nothing that connections share, and what a decision points to stays valid until
 * the connection's next request. A set that was replaced goes with its last holder.
 */
#ifndef API_RULEBOOK_H
#define API_RULEBOOK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "api/access.h"

struct ruleset {
	struct access_rules rules;
	int64_t loaded;  /* seconds since 1970 */
	char sha256[65]; /* of the file, in hex; "" without one */
	/* Who owns the rules and their texts; NULL: somebody else, who outlives them. */
	void *owner;
	void (*release)(void *owner);
};

struct rulebook_entry; /* a set, and the count of its holders */

struct rulebook {
	_Atomic(struct rulebook_entry *) current;
	pthread_mutex_t lock; /* the counts */
};

/* Of a connection, used by one thread at a time. Starts as { 0 }. */
struct rulebook_hold {
	struct rulebook_entry *entry;
};

/* With no rules at all. Outlives all that holds some of it. */
int rulebook_init(struct rulebook *book, struct error *err);
void rulebook_clear(struct rulebook *book);

/* In two steps: the second cannot fail, and takes over what the set owns. */
int rulebook_prepare(struct rulebook *book, const struct ruleset *set,
    struct rulebook_entry **entry, struct error *err);
void rulebook_publish(struct rulebook *book, struct rulebook_entry *entry);
void rulebook_forget(struct rulebook_entry *entry); /* instead of publishing it */

/* What is in force now; stays valid until the hold is asked again, or let go. */
const struct ruleset *rulebook_read(struct rulebook *book, struct rulebook_hold *hold);
void rulebook_let_go(struct rulebook_hold *hold);

#endif

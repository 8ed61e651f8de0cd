/*
 * tally.h - counts of what is too frequent to be recorded one by one: signatures, by
 * who asked, key, scheme and outcome.
 *
 * From any thread. Counting takes no lock, and no memory once there is an entry; an
 * entry stays until tally_free. Counts only grow: who wants those of a minute keeps
 * what it has seen, for which an entry has room.
 */
#ifndef API_TALLY_H
#define API_TALLY_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/error.h"
#include "base/outcome.h"
#include "base/text.h"

#define TALLY_ACTOR_SIZE  128 /* of struct caller */
#define TALLY_ENTRIES_MAX 4096

/* Who and what is counted for whom there is no more room: the outcome is still theirs. */
#define TALLY_OTHERS "others"

struct tally;

struct tally_entry {
	char actor[TALLY_ACTOR_SIZE];
	char key[NAME_MAX_CHARS + 1]; /* its name */
	const char *scheme;
	enum outcome outcome;
	atomic_ullong count;
	/* Of count, what is in the audit record: for the one thread that enters it. */
	uint64_t entered;
};

int tally_new(struct tally **tally, struct error *err);
void tally_free(struct tally *tally);

/* scheme is a constant, or lives as long as the tally. What is too long is
 * counted among the others. */
void tally_add(struct tally *tally, const char *actor, const char *key,
    const char *scheme, enum outcome outcome);

/* All that there are at this time, in no order, until visit returns non-zero. */
void tally_each(
    struct tally *tally, int (*visit)(void *ctx, struct tally_entry *entry), void *ctx);

#endif

/*
 * tally.c - an open-addressed table of pointers that are set once.
 *
 * A reader follows a pointer only after it has seen it with acquire, so that an entry is
 * whole when it is seen. Two threads that make the same entry at once race for the slot;
 * the loser frees its own.
 */
#include "api/tally.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS  (2 * TALLY_ENTRIES_MAX) /* a power of two, never more than half full */
#define PROBES 64

struct tally {
	atomic_size_t used;
	_Atomic(struct tally_entry *) slots[SLOTS];
	struct tally_entry others[OUTCOMES];
};

int
tally_new(struct tally **tally, struct error *err)
{
	struct tally *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	for (int i = 0; i < OUTCOMES; i++) {
		struct tally_entry *other = &t->others[i];

		memcpy(other->actor, TALLY_OTHERS, sizeof(TALLY_OTHERS));
		memcpy(other->key, TALLY_OTHERS, sizeof(TALLY_OTHERS));
		other->scheme = TALLY_OTHERS;
		other->outcome = (enum outcome)i;
	}
	*tally = t;
	return 0;
}

void
tally_free(struct tally *tally)
{
	if (tally == NULL)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		free(atomic_load_explicit(&tally->slots[i], memory_order_relaxed));
	free(tally);
}

/* FNV-1a. Names are the configuration's and the authority's, not an attacker's choice,
 * and a probe that is too long ends among the others. */
static uint64_t
hash_text(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
	return (hash ^ 0xff) * 0x100000001b3;
}

struct wanted {
	const char *actor, *key, *scheme;
	enum outcome outcome;
};

static bool
is_same(const struct tally_entry *entry, const struct wanted *wanted)
{
	return entry->outcome == wanted->outcome &&
	       strcmp(entry->key, wanted->key) == 0 &&
	       strcmp(entry->actor, wanted->actor) == 0 &&
	       strcmp(entry->scheme, wanted->scheme) == 0;
}

/* NULL for what is too long, or without memory. */
static struct tally_entry *
new_entry(const struct wanted *wanted)
{
	struct tally_entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL)
		return NULL;
	entry->scheme = wanted->scheme;
	entry->outcome = wanted->outcome;
	if (text_copy(entry->actor, sizeof(entry->actor), wanted->actor) == 0 &&
	    text_copy(entry->key, sizeof(entry->key), wanted->key) == 0)
		return entry;
	free(entry);
	return NULL;
}

/* The entry that is in the slot then, which may be another thread's; NULL without room.
 */
static struct tally_entry *
put(struct tally *t, size_t slot, const struct wanted *wanted)
{
	struct tally_entry *there = NULL, *made = NULL;

	if (atomic_fetch_add(&t->used, 1) < TALLY_ENTRIES_MAX)
		made = new_entry(wanted);
	if (made != NULL && atomic_compare_exchange_strong(&t->slots[slot], &there, made))
		return made;
	atomic_fetch_sub(&t->used, 1);
	free(made);
	return there;
}

static struct tally_entry *
find(struct tally *t, const struct wanted *wanted)
{
	uint64_t hash = hash_text(0xcbf29ce484222325, wanted->actor);
	struct tally_entry *entry;

	hash = hash_text(hash_text(hash, wanted->key), wanted->scheme);
	hash = (hash ^ (hash >> 32)) * OUTCOMES + wanted->outcome;
	for (size_t i = 0; i < PROBES; i++) {
		size_t slot = (size_t)((hash + i) % SLOTS);

		entry = atomic_load_explicit(&t->slots[slot], memory_order_acquire);
		if (entry == NULL && (entry = put(t, slot, wanted)) == NULL)
			break;
		if (is_same(entry, wanted))
			return entry;
	}
	return &t->others[wanted->outcome];
}

void
tally_add(struct tally *tally, const char *actor, const char *key, const char *scheme,
    enum outcome outcome)
{
	const struct wanted wanted = { actor, key, scheme, outcome };

	atomic_fetch_add_explicit(&find(tally, &wanted)->count, 1, memory_order_relaxed);
}

void
tally_each(
    struct tally *tally, int (*visit)(void *ctx, struct tally_entry *entry), void *ctx)
{
	struct tally_entry *entry;

	for (size_t i = 0; i < SLOTS; i++) {
		entry = atomic_load_explicit(&tally->slots[i], memory_order_acquire);
		if (entry != NULL && visit(ctx, entry) != 0)
			return;
	}
	for (int i = 0; i < OUTCOMES; i++)
		if (atomic_load(&tally->others[i].count) > 0 &&
		    visit(ctx, &tally->others[i]) != 0)
			return;
}

/*
 * profiles.h - the profiles in use, built-in and stored ones.
 *
 * Any thread may look one up while another replaces it: who holds a profile keeps what it
 * was when he asked for it.
 */
#ifndef CA_PROFILES_H
#define CA_PROFILES_H

#include <pthread.h>

#include "ca/profile.h"

struct profiles {
	pthread_rwlock_t lock;
	const struct profile *first; /* stored ones, in order of their names */
};

int profiles_init(struct profiles *profiles, struct error *err);
void profiles_clear(struct profiles *profiles);

/* A reference, which the caller gives back with profile_unref; ERROR_NOT_FOUND. */
int profiles_find(struct profiles *profiles, const char *name,
    const struct profile **profile, struct error *err);

/* Takes the caller's reference, in place of the one of that name if there is any. */
void profiles_put(struct profiles *profiles, struct profile *profile);
void profiles_remove(struct profiles *profiles, const char *name);

/* Built-in ones first, until visit returns non-zero; visit must not change the table. */
void profiles_each(struct profiles *profiles,
    int (*visit)(void *ctx, const struct profile *profile), void *ctx);

#endif

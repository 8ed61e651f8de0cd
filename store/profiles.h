/*
 * profiles.h - the profiles that people made, each as the document it was given as.
 *
 * Changes keep the contract of store.h: committed, with their audit entry.
 */
#ifndef STORE_PROFILES_H
#define STORE_PROFILES_H

#include "store/store.h"

struct profile_row {
	char name[STORE_NAME_SIZE];
	int64_t version;      /* no two states of profiles ever have the same */
	int64_t changed;      /* seconds since 1970 */
	const char *document; /* JSON; on reading, valid during visit only */
};

/* Adds or replaces; *version is the new one. */
int store_profile_put(struct store *store, const char *name, const char *document,
    const struct audit_event *event, int64_t *version, struct error *err);

int store_profile_delete(struct store *store, const char *name,
    const struct audit_event *event, struct error *err);

/* By name, until visit returns non-zero. visit must not call the store. */
int store_profile_each(struct store *store,
    int (*visit)(void *ctx, const struct profile_row *row), void *ctx, struct error *err);

#endif

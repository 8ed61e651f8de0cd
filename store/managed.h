/*
 * managed.h - certificates that renew themselves: what each is to be, and how far its
 * agent is with it, two documents under a name.
 *
 * Changes keep the contract of store.h: committed, with their audit entry if there is
 * one.
 */
#ifndef STORE_MANAGED_H
#define STORE_MANAGED_H

#include "store/store.h"

struct managed_row {
	char name[STORE_NAME_SIZE];
	int64_t revision; /* of both documents; no two states of a name have the same */
	int64_t created;  /* seconds since 1970, as is the next */
	/* On reading: when the certificate was revoked that state has as "serial"; 0: it
	 * was not, or is no record of this house. */
	int64_t revoked_at;
	/* JSON; on reading, valid during visit only. */
	const char *definition, *state;
};

int store_managed_add(struct store *store, const struct managed_row *row,
    const struct audit_event *event, struct error *err);

/*
 * Replaces both documents, if the row still has this revision, and gives it the next:
 * ERROR_CONFLICT when it has another. event may be NULL.
 */
int store_managed_change(struct store *store, const struct managed_row *row,
    const struct audit_event *event, struct error *err);

/* The like; of any revision if that is 0. */
int store_managed_remove(struct store *store, const char *name, int64_t revision,
    const struct audit_event *event, struct error *err);

/* Calls visit once; ERROR_NOT_FOUND for an unknown name. visit must not call the store.
 */
int store_managed_find(struct store *store, const char *name,
    int (*visit)(void *ctx, const struct managed_row *row), void *ctx, struct error *err);

/* By name, until visit returns non-zero. The like. */
int store_managed_each(struct store *store,
    int (*visit)(void *ctx, const struct managed_row *row), void *ctx, struct error *err);

#endif

/* audit.h - several entries at once, the end of the record, and the heads that were
 * signed of it. */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "store/store.h"

/* All in one commit, or none. */
int store_audit_append_all(struct store *store, const struct audit_event *events,
    size_t count, struct error *err);

/* Which entries: "" is any. An action may be its noun alone; since <= time < until. */
struct audit_filter {
	const char *actor, *action, *object;
	int64_t since, until;
};

#define AUDIT_SEARCHED 50000 /* entries, at once */

/*
 * As store_audit_each, of those that the filter lets through among the next
 * AUDIT_SEARCHED. There is no index for this, which each signature's entry would pay
 * for. *searched is the last one that was looked at; INT64_MAX: all were.
 */
int store_audit_search(struct store *store, const struct audit_filter *filter,
    int64_t after_seq, size_t limit, int (*visit)(void *ctx, const struct audit_row *row),
    void *ctx, int64_t *searched, struct error *err);

/* Where the record ends: *end with seq 0 while it is empty, and no key or signature. */
int store_audit_end(struct store *store, struct audit_head *end, struct error *err);

int store_audit_head_add(
    struct store *store, const struct audit_head *head, struct error *err);

/*
 * Oldest first, by row id, which visit receives as the next cursor, until it returns
 * non-zero. What head points to is valid during visit only.
 */
int store_audit_head_each(struct store *store, int64_t after_id, size_t limit,
    int (*visit)(void *ctx, int64_t id, const struct audit_head *head), void *ctx,
    struct error *err);

/* Calls visit with the newest head, if there is one. */
int store_audit_head_last(struct store *store,
    int (*visit)(void *ctx, int64_t id, const struct audit_head *head), void *ctx,
    struct error *err);

#endif

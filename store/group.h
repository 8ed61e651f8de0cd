/*
 * group.h - transactions that share one commit, and with it one wait for the disk.
 *
 * Internal to store/. While one commit is under way, the changes that come in line up;
 * the first of them then makes them all, one after the other, and commits once. Who
 * comes alone waits for nobody.
 */
#ifndef STORE_GROUP_H
#define STORE_GROUP_H

#include <pthread.h>
#include <stdbool.h>

#include "base/error.h"

struct store;

/* Inside a transaction: what is to change. Another thread may run it. */
typedef int group_change(struct store *store, void *ctx, struct error *err);

/* On the stack of the thread that waits for it. */
struct group_member {
	group_change *change;
	void *ctx;
	struct error *err;
	int rc;
	bool done, leads;
	pthread_cond_t called;
	struct group_member *next;
};

struct group {
	pthread_mutex_t lock;
	struct group_member *first, **end; /* those that wait to be made */
	bool busy;                         /* somebody commits */
};

void group_init(struct group *group);
void group_clear(struct group *group);

/*
 * 0 when change has been made and is on disk. When change fails, what it did is undone,
 * and nothing else; when the commit fails, it does so for all who share it.
 */
int group_run(struct store *store, group_change *change, void *ctx, struct error *err);

#endif

/*
 * backup.h - a copy of the whole store while it is in use, and a store made of one.
 *
 * Errors are as in store.h.
 */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include "store/store.h"

/*
 * What was committed when it began, event included, as a file that has no name any more:
 * the caller closes *fd, and it is gone. It needs that much room beside the database.
 * Others read and write meanwhile; a second backup waits.
 */
int store_backup(struct store *store, const struct audit_event *event, int *fd,
    int64_t *bytes, struct error *err);

struct restored {
	int64_t certificates, entries; /* of the audit record, event not counted */
	char kept[256];                /* where the store that was there is now; "" */
};

/*
 * Puts a store made of the backup in path's place, once it has been found whole: a
 * database of keyhold's, no newer than this one (an older one is brought up to date),
 * without damage, its audit record without a gap. event is entered in it. A store that is
 * there is refused (ERROR_CONFLICT), or with replace kept under another name; one in use
 * always is. After a failure path is as it was.
 */
int store_restore(const char *backup, const char *path, bool replace,
    const struct audit_event *event, struct restored *restored, struct error *err);

#endif

/*
 * cut_vfs.h - SQLite's default VFS with a disk under it that fails when it is told to.
 *
 * The files on disk are what the process sees. Beside them is kept what has been synced:
 * when the power comes back, that is what there is, and of what was written since then as
 * much as the test says. One test at a time; SQLite's calls may come from any thread.
 */
#ifndef TESTS_SUPPORT_CUT_VFS_H
#define TESTS_SUPPORT_CUT_VFS_H

#include <stdbool.h>

enum cut {
	CUT_NEVER,
	CUT_FULL,      /* no space left on device */
	CUT_IO,        /* every write and sync fails */
	CUT_READ_ONLY, /* the file system was mounted again, as after an error */
	CUT_POWER,     /* the same for the process, which has to end */
};

/* What a disk has after a cut of what was never synced. */
enum survival {
	SURVIVES_NOTHING,
	SURVIVES_ALL,
	SURVIVES_HALF,      /* the first half of the writes */
	SURVIVES_TORN,      /* the same, and half the bytes of the next */
	SURVIVES_AT_RANDOM, /* each write or not, in whatever order */
	SURVIVALS,
};

/* Makes it the default of this process, for good. */
void cut_vfs_register(void);

/* Counts from 1 anew: operation number at, and all after it, fail. */
void cut_vfs_arm(enum cut cut, unsigned at);

/* Whether it came to that. */
bool cut_vfs_fell(void);

/* What was written since cut_vfs_register is on disk; nothing fails. */
void cut_vfs_settle(void);

/* After CUT_POWER, all files closed: makes them what survived. */
void cut_vfs_power_on(enum survival survival);

#endif

/* stand_in.h - somebody who is asked about, as a caller: "unix:www-data". */
#ifndef API_STAND_IN_H
#define API_STAND_IN_H

#include "api/request.h"
#include "api/who.h"

struct stand_in {
	struct access_who who;
	struct caller caller;
	gid_t *groups; /* the caller's */
};

/*
 * As if they were connected now; of a user the system is asked for the groups, which it
 * may give other than a running process has. text stays the stand-in's.
 * ERROR_BAD_REQUEST says what is wrong with it. The caller clears it in either case.
 */
int stand_in_make(
    const char *text, bool everyone_is_admin, struct stand_in *one, struct error *err);
void stand_in_clear(struct stand_in *one);

/* The name of a group, or its number. */
#define STAND_IN_GROUP_SIZE 64
void stand_in_group(gid_t gid, char name[static STAND_IN_GROUP_SIZE]);

#endif

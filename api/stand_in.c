/* stand_in.c - users with the groups that the system says they have. */
#include "api/stand_in.h"

#include <stdio.h>
#include <stdlib.h>

#include <grp.h>
#include <pwd.h>

#define LOOKUP_MAX 1048576 /* bytes of one entry, with all members of a group */
#define GROUPS_MAX 65536   /* NGROUPS_MAX of Linux */
#define NO_ID      ((unsigned)-1)

/* getgrouplist says how many there are when there is too little room. */
static int
list_groups(const char *user, struct stand_in *one, struct error *err)
{
	struct caller *caller = &one->caller;
	int count = GROUPS_MAX;

	one->groups = malloc(GROUPS_MAX * sizeof(*one->groups));
	if (one->groups == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (getgrouplist(user, caller->gid, one->groups, &count) < 0)
		return error_set(err, ERROR_IO, "the groups of %.64s", user);
	caller->groups = one->groups;
	caller->group_count = (size_t)count;
	return 0;
}

/* An id that has no user has no groups either. */
static int
fill_user(struct stand_in *one, struct error *err)
{
	struct passwd entry, *found = NULL;
	char *room = malloc(LOOKUP_MAX);
	int rc = 0;

	if (room == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	one->caller.uid = one->who.id;
	one->caller.gid = NO_ID;
	getpwuid_r(one->who.id, &entry, room, LOOKUP_MAX, &found);
	if (found != NULL) {
		one->caller.gid = found->pw_gid;
		rc = list_groups(found->pw_name, one, err);
	}
	free(room);
	return rc;
}

static int
fill(struct stand_in *one, bool everyone_is_admin, struct error *err)
{
	struct caller *caller = &one->caller;

	switch (one->who.kind) {
	case WHO_USER:
		caller->admin = everyone_is_admin || who_is_owner(one->who.id);
		return fill_user(one, err);
	case WHO_GROUP:
		caller->admin = everyone_is_admin;
		caller->uid = NO_ID;
		caller->gid = one->who.id;
		break;
	case WHO_CERTIFICATE:
		caller->kind = CALLER_CERTIFICATE;
		caller->names = &one->who.name;
		caller->name_count = 1;
		break;
	case WHO_TOKEN:
		caller->kind = CALLER_TOKEN;
		caller->token = one->who.name;
		break;
	}
	return 0;
}

int
stand_in_make(
    const char *text, bool everyone_is_admin, struct stand_in *one, struct error *err)
{
	struct error why;

	*one = (struct stand_in){ 0 };
	if (who_read(text, &one->who, &why) != 0)
		return error_set(err, ERROR_BAD_REQUEST, "who: %s", why.text);
	snprintf(one->caller.actor, sizeof(one->caller.actor), "%s", text);
	return fill(one, everyone_is_admin, err);
}

void
stand_in_clear(struct stand_in *one)
{
	free(one->groups);
}

void
stand_in_group(gid_t gid, char name[static STAND_IN_GROUP_SIZE])
{
	struct group entry, *found = NULL;
	char *room = malloc(LOOKUP_MAX);

	if (room != NULL)
		getgrgid_r(gid, &entry, room, LOOKUP_MAX, &found);
	if (found != NULL)
		snprintf(name, STAND_IN_GROUP_SIZE, "%s", found->gr_name);
	else
		snprintf(name, STAND_IN_GROUP_SIZE, "%u", (unsigned)gid);
	free(room);
}

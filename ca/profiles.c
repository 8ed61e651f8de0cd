/* profiles.c - a list in order of names, behind a lock that is held for look-ups alone.
 */
#include "ca/profiles.h"

#include <string.h>

#include "ca/profile_memory.h"

int
profiles_init(struct profiles *profiles, struct error *err)
{
	profiles->first = NULL;
	if (pthread_rwlock_init(&profiles->lock, NULL) != 0)
		return error_set(err, ERROR_INTERNAL, "no lock for the profiles");
	return 0;
}

/* Where the profile of this name is, or would be. */
static const struct profile **
place_of(struct profiles *profiles, const char *name)
{
	const struct profile **p = &profiles->first;

	while (*p != NULL && strcmp((*p)->name, name) < 0)
		p = &(*p)->owner->next;
	return p;
}

/* Out of the list; NULL when it is not in there. The lock is held. */
static const struct profile *
take(struct profiles *profiles, const char *name)
{
	const struct profile **place = place_of(profiles, name), *found = *place;

	if (found == NULL || strcmp(found->name, name) != 0)
		return NULL;
	*place = found->owner->next;
	return found;
}

void
profiles_put(struct profiles *profiles, struct profile *profile)
{
	const struct profile **place, *old;

	pthread_rwlock_wrlock(&profiles->lock);
	old = take(profiles, profile->name);
	place = place_of(profiles, profile->name);
	profile->owner->next = *place;
	*place = profile;
	pthread_rwlock_unlock(&profiles->lock);
	profile_unref(old);
}

void
profiles_remove(struct profiles *profiles, const char *name)
{
	const struct profile *old;

	pthread_rwlock_wrlock(&profiles->lock);
	old = take(profiles, name);
	pthread_rwlock_unlock(&profiles->lock);
	profile_unref(old);
}

int
profiles_find(struct profiles *profiles, const char *name, const struct profile **profile,
    struct error *err)
{
	const struct profile *found = profile_find(name);

	if (found == NULL) {
		pthread_rwlock_rdlock(&profiles->lock);
		found = *place_of(profiles, name);
		if (found != NULL && strcmp(found->name, name) == 0)
			profile_ref(found);
		else
			found = NULL;
		pthread_rwlock_unlock(&profiles->lock);
	}
	if (found == NULL)
		return error_set(err, ERROR_NOT_FOUND, "no profile %.64s", name);
	*profile = found;
	return 0;
}

void
profiles_each(struct profiles *profiles,
    int (*visit)(void *ctx, const struct profile *profile), void *ctx)
{
	const struct profile *p;

	for (size_t i = 0; (p = profile_at(i)) != NULL; i++)
		if (visit(ctx, p) != 0)
			return;
	pthread_rwlock_rdlock(&profiles->lock);
	for (p = profiles->first; p != NULL && visit(ctx, p) == 0; p = p->owner->next)
		;
	pthread_rwlock_unlock(&profiles->lock);
}

void
profiles_clear(struct profiles *profiles)
{
	while (profiles->first != NULL)
		profile_unref(take(profiles, profiles->first->name));
	pthread_rwlock_destroy(&profiles->lock);
}

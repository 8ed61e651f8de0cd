/* profile_memory.c - copies of profiles, counted. */
#include "ca/profile_memory.h"

#include <stdlib.h>
#include <string.h>

#include "ca/profile.h"

/* What a copy owns. */
struct made {
	struct profile profile; /* first, so that its address is that of the whole */
	struct profile_owner owner;
};

/* Where a profile's texts and lists are, so that none is forgotten in one place. */
struct members {
	const char **texts[6];
	const char *const **lists[9];
};
#define TEXTS (sizeof(((struct members *)0)->texts) / sizeof(const char **))
#define LISTS (sizeof(((struct members *)0)->lists) / sizeof(const char *const **))

static struct members
members_of(struct profile *p)
{
	return (struct members){
		.texts = { &p->name, &p->description, &p->subject, &p->crl_url,
		    &p->ocsp_url, &p->ca_issuers_url },
		.lists = { &p->subject_allowed, &p->subject_required, &p->dns_names,
		    &p->ip_addresses, &p->uris, &p->email_addresses, &p->key_types,
		    &p->ekus, &p->policies },
	};
}

static void
free_list(const char *const *list)
{
	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		free((char *)list[i]);
	free((void *)list);
}

static int
copy_text(const char **text)
{
	return *text == NULL || (*text = strdup(*text)) != NULL ? 0 : -1;
}

/* On failure the list is what was copied so far. */
static int
copy_list(const char *const **list)
{
	const char *const *from = *list;
	const char **made;
	size_t count = 0;

	if (from == NULL)
		return 0;
	while (from[count] != NULL)
		count++;
	*list = made = calloc(count + 1, sizeof(*made));
	for (size_t i = 0; made != NULL && i < count; i++)
		if ((made[i] = strdup(from[i])) == NULL)
			return -1;
	return made != NULL ? 0 : -1;
}

static void
free_made(struct made *made)
{
	const struct members members = members_of(&made->profile);

	for (size_t i = 0; i < TEXTS; i++)
		free((char *)*members.texts[i]);
	for (size_t i = 0; i < LISTS; i++)
		free_list(*members.lists[i]);
	free(made);
}

/* Goes on after a failure: no pointer of the model's may be left to be freed. */
static int
copy(const struct profile *model, struct made *made)
{
	const struct members members = members_of(&made->profile);
	int rc = 0;

	made->profile = *model;
	for (size_t i = 0; i < TEXTS; i++)
		rc |= copy_text(members.texts[i]);
	for (size_t i = 0; i < LISTS; i++)
		rc |= copy_list(members.lists[i]);
	return rc;
}

int
profile_new(const struct profile *model, struct profile **profile, struct error *err)
{
	struct made *made;

	if (profile_check(model, err) != 0)
		return -1;
	if ((made = calloc(1, sizeof(*made))) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (copy(model, made) != 0) {
		free_made(made);
		return error_set(err, ERROR_INTERNAL, "out of memory");
	}
	made->profile.owner = &made->owner;
	atomic_init(&made->owner.references, 1);
	*profile = &made->profile;
	return 0;
}

const struct profile *
profile_ref(const struct profile *profile)
{
	if (profile->owner != NULL)
		atomic_fetch_add(&profile->owner->references, 1);
	return profile;
}

void
profile_unref(const struct profile *profile)
{
	if (profile != NULL && profile->owner != NULL &&
	    atomic_fetch_sub(&profile->owner->references, 1) == 1)
		free_made((struct made *)profile);
}

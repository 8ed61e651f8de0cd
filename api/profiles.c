/* profiles.c - what certificates may look like: shown, changed, and taken away. */
#include "ca/profiles.h"

#include <stdio.h>
#include <string.h>

#include "api/changes.h"
#include "api/conditional.h"
#include "api/handlers.h"
#include "api/json.h"
#include "api/profile_json.h"
#include "store/profiles.h"

#define ETAG_SIZE 24

/* A built-in profile changes with the program alone, and has no tag. */
static void
make_etag(const struct profile *profile, char etag[static ETAG_SIZE])
{
	etag[0] = '\0';
	if (profile->version != 0)
		snprintf(etag, ETAG_SIZE, "\"%lld\"", (long long)profile->version);
}

static struct json_t *
describe(const struct profile *profile)
{
	struct json_t *json = profile_json_describe(profile);

	if (profile->version != 0)
		return json;
	if (json_set(json, "built_in", json_make("b", 1)) == 0)
		return json;
	json_free(json);
	return NULL;
}

struct listing {
	struct json_t *list;
	struct error *err;
	int rc;
};

static int
list_profile(void *ctx, const struct profile *profile)
{
	struct listing *l = ctx;

	return l->rc = json_append(l->list, describe(profile), l->err);
}

int
get_profiles(struct exchange *x, struct error *err)
{
	struct listing l = { json_make("[]"), err, 0 };

	profiles_each(authority_profiles(x->api->authority), list_profile, &l);
	if (l.rc != 0) {
		json_free(l.list);
		return -1;
	}
	return json_respond(x->res, 200, json_make("{s:o}", "profiles", l.list), err);
}

static int
respond(struct exchange *x, int status, const struct profile *profile, struct error *err)
{
	make_etag(profile, x->res->etag);
	return json_respond(x->res, status, describe(profile), err);
}

int
get_profile(struct exchange *x, struct error *err)
{
	const struct profile *profile;
	char etag[ETAG_SIZE];
	int rc = 0;

	if (profiles_find(authority_profiles(x->api->authority), x->req->params[0],
		&profile, err) != 0)
		return -1;
	make_etag(profile, etag);
	if (*etag == '\0' || !conditional_not_modified(x->req, x->res, etag, 0))
		rc = respond(x, 200, profile, err);
	profile_unref(profile);
	return rc;
}

static int
check_own(const char *name, struct error *err)
{
	if (profile_is_built_in(name))
		return error_set(err, ERROR_CONFLICT,
		    "profile %s is built in and stays as it is; make one of another name",
		    name);
	return 0;
}

/* *there says whether the profile is there; the caller holds the lock of changes. */
static int
check_state(struct exchange *x, bool *there, struct error *err)
{
	const struct profile *current;
	char etag[ETAG_SIZE];

	*there = profiles_find(authority_profiles(x->api->authority), x->req->params[0],
		     &current, NULL) == 0;
	if (!*there)
		return conditional_check(x->req, NULL, err);
	make_etag(current, etag);
	profile_unref(current);
	return conditional_check(x->req, etag, err);
}

/* The audit entry has the document: who reads it knows what was allowed when. */
static int
record(struct exchange *x, struct profile *profile, bool there, struct error *err)
{
	struct audit_event event = {
		.actor = x->req->caller->actor,
		.request = x->req->id,
		.action = there ? "profile.changed" : "profile.created",
		.object = profile->name,
	};
	struct buffer document;
	int rc;

	buf_init(&document, 0);
	if ((rc = json_write(profile_json_describe(profile), &document, err)) == 0) {
		event.detail = buf_string(&document);
		rc = store_profile_put(x->api->store, profile->name, event.detail, &event,
		    &profile->version, err);
	}
	buf_free(&document);
	return rc;
}

/* Takes the profile over when it succeeds; what follows the record cannot fail. */
static int
put(struct exchange *x, struct profile *profile, bool *there, struct error *err)
{
	int rc = -1;

	if (changes_begin(x->api, err) != 0)
		return -1;
	if (check_state(x, there, err) == 0 &&
	    (rc = record(x, profile, *there, err)) == 0)
		profiles_put(authority_profiles(x->api->authority), profile);
	changes_end(x->api);
	return rc;
}

int
put_profile(struct exchange *x, struct error *err)
{
	const char *name = x->req->params[0];
	struct profile *profile;
	bool there;
	int rc;

	if (check_own(name, err) != 0 ||
	    profile_json_read(x->req->body, name, &profile, err) != 0)
		return -1;
	profile_ref(profile);
	if ((rc = put(x, profile, &there, err)) == 0) {
		if (!there)
			snprintf(x->res->location, sizeof(x->res->location),
			    "/v1/profiles/%s", name);
		rc = respond(x, there ? 200 : 201, profile, err);
	} else {
		profile_unref(profile);
	}
	profile_unref(profile);
	return rc;
}

static int
remove_profile(struct exchange *x, struct error *err)
{
	const struct audit_event event = {
		.actor = x->req->caller->actor,
		.request = x->req->id,
		.action = "profile.deleted",
		.object = x->req->params[0],
	};
	bool there;

	if (check_state(x, &there, err) != 0 ||
	    store_profile_delete(x->api->store, x->req->params[0], &event, err) != 0)
		return -1;
	profiles_remove(authority_profiles(x->api->authority), x->req->params[0]);
	return 0;
}

int
delete_profile(struct exchange *x, struct error *err)
{
	int rc;

	if (check_own(x->req->params[0], err) != 0 || changes_begin(x->api, err) != 0)
		return -1;
	rc = remove_profile(x, err);
	changes_end(x->api);
	if (rc == 0)
		x->res->status = 204;
	return rc;
}

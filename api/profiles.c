/* profiles.c - what certificates may look like. */
#include "api/handlers.h"
#include "api/json.h"
#include "ca/profile.h"

static struct json_t *
list_ekus(const struct profile *profile)
{
	struct json_t *list = json_make("[]");

	for (size_t i = 0; list != NULL && profile->ekus[i] != NULL; i++) {
		if (json_append(list, json_make("s", profile->ekus[i]), NULL) != 0) {
			json_free(list);
			return NULL;
		}
	}
	return list;
}

static struct json_t *
describe(const struct profile *profile)
{
	return json_make("{s:s,s:s,s:o,s:b,s:I,s:I,s:I,s:b,s:b,s:b,s:b}", "name",
	    profile->name, "description", profile->description, "ext_key_usage",
	    list_ekus(profile), "key_encipherment", profile->allow_key_encipherment,
	    "default_validity_seconds", (long long)profile->default_validity_s,
	    "max_validity_seconds", (long long)profile->max_validity_s,
	    "backdate_seconds", (long long)profile->backdate_s, "dns_names",
	    profile->allow_dns, "ip_addresses", profile->allow_ip, "wildcards",
	    profile->allow_wildcard, "san_from_common_name",
	    profile->san_from_common_name);
}

int
get_profiles(struct exchange *x, struct error *err)
{
	struct json_t *list = json_make("[]");
	const struct profile *profile;

	for (size_t i = 0; (profile = profile_at(i)) != NULL; i++) {
		if (json_append(list, describe(profile), err) != 0) {
			json_free(list);
			return -1;
		}
	}
	return json_respond(x->res, 200, json_make("{s:o}", "profiles", list), err);
}

int
get_profile(struct exchange *x, struct error *err)
{
	const struct profile *profile = profile_find(x->req->params[0]);

	if (profile == NULL)
		return error_set(
		    err, ERROR_NOT_FOUND, "no profile named %s", x->req->params[0]);
	return json_respond(x->res, 200, describe(profile), err);
}

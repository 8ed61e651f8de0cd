/* managedkey.c - by its name, its hash, or as the key of an ACME account. */
#include "cli/managedkey.h"

#include <string.h>

#include "cli/daemon.h"
#include "cli/output.h"

static const char *
text_of(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

static bool
is_same(const json_t *a, const char *member, const json_t *b, const char *other)
{
	const char *one = text_of(a, member), *two = text_of(b, other);

	return one != NULL && two != NULL && strcmp(one, two) == 0;
}

static bool
is_idle(const json_t *state)
{
	const char *step = text_of(state, "step");

	return step != NULL && strcmp(step, "idle") == 0;
}

static bool
is_user(const json_t *managed, const json_t *key)
{
	const json_t *state = json_object_get(managed, "state");
	const bool replaced = text_of(key, "replaced") != NULL;

	if (is_same(json_object_get(managed, "source"), "account", key, "name"))
		return !replaced;
	if (!is_same(managed, "name", key, "name"))
		return false;
	return !replaced || !is_idle(state) ||
	       is_same(state, "spki_sha256", key, "spki_sha256");
}

int
managedkey_users(
    struct cli *cli, const json_t *key, struct buffer *names, struct error *err)
{
	const json_t *managed;
	json_t *all = NULL;
	size_t i;

	if (daemon_find_json(cli, "/v1/managed", &all, err) != 0)
		return -1;
	json_array_foreach (json_object_get(all, "managed"), i, managed) {
		const char *name = text_of(managed, "name");

		if (name == NULL || !is_user(managed, key))
			continue;
		buf_text(names,
		    names->len > 0 ? ", managed certificate " : "managed certificate ");
		output_text(names, name);
	}
	json_decref(all);
	return 0;
}

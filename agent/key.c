/* key.c - the key that a certificate is for: made, replaced, destroyed in the end. */
#include <string.h>

#include "agent/ask.h"
#include "agent/work.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "rest/rest.h"
#include "rest/url.h"

#define YEAR_S (INT64_C(365) * 86400)

static const char *
text_of(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text != NULL ? text : "";
}

static bool
is_for_tls(const json_t *key)
{
	return strcmp(text_of(key, "use"), "tls") == 0 ||
	       strcmp(text_of(key, "use"), "tls-rsa-kex") == 0;
}

static int64_t
time_of(const json_t *key, const char *member)
{
	int64_t seconds;

	return clock_parse(text_of(key, member), &seconds) == 0 ? seconds : 0;
}

/* No key is to be in use for longer than a year: would it be, at the next renewal? */
static bool
turns_a_year_old(const struct entry *entry, const json_t *key, const struct leaf *leaf)
{
	int64_t next =
	    clock_now_s() + (leaf->not_after - leaf->not_before) - entry->renew_before_s;

	return time_of(key, "created") + YEAR_S < next;
}

/*
 * A key that is not the installed one is new: it was made for this renewal, by an agent
 * that did not get further.
 */
static int
takes_new_key(const struct work *work, const json_t *key, bool *yes, struct error *err)
{
	const struct entry *entry = work->entry;
	struct leaf leaf;
	bool found;

	if (work_installed(work, &leaf, &found, err) != 0)
		return -1;
	/* Of another type, or such that nobody certifies it: always. */
	*yes = strcmp(text_of(key, "type"), entry->key_type) != 0 ||
	       json_object_get(key, "blocked") != NULL;
	if (*yes || !found || strcmp(text_of(key, "spki_sha256"), leaf.spki_sha256) != 0)
		return 0;
	*yes = strcmp(entry->new_key, "always") == 0 ||
	       (strcmp(entry->new_key, "yearly") == 0 &&
		   turns_a_year_old(entry, key, &leaf));
	return 0;
}

static int
post(struct work *work, const char *path, json_t *body, json_t **key, struct error *err)
{
	const struct ask_request request = { .method = "POST", .path = path };

	if (ask_send(work->agent, &request, body, err) != 0)
		return -1;
	return rest_answer(work->agent->rest, key, err);
}

static int
make(struct work *work, json_t **key, struct error *err)
{
	const struct entry *entry = work->entry;

	return post(work, "/v1/keys",
	    json_pack("{s:s, s:s, s:s}", "name", entry->name, "type", entry->key_type,
		"use", "tls"),
	    key, err);
}

/* With the hash of the key that it replaces: one that was replaced meanwhile is not. */
static int
replace(struct work *work, json_t **key, struct error *err)
{
	char url[URL_MAX];
	json_t *body = json_pack("{s:s, s:O}", "type", work->entry->key_type,
	    "spki_sha256", json_object_get(*key, "spki_sha256"));

	json_decref(*key);
	*key = NULL;
	if (url_key(url, work->entry->name, "/rotate", err) != 0) {
		json_decref(body);
		return -1;
	}
	return post(work, url, body, key, err);
}

static int
ensure(struct work *work, json_t **key, struct error *err)
{
	char url[URL_MAX];
	bool is_new;

	if (url_key(url, work->entry->name, "", err) != 0 ||
	    ask_whether(work->agent, url, key, err) != 0)
		return -1;
	if (*key == NULL)
		return make(work, key, err);
	if (!is_for_tls(*key))
		return error_set(err, ERROR_CONFLICT,
		    "key %s exists, and its use is %.32s, not tls", work->entry->name,
		    text_of(*key, "use"));
	if (takes_new_key(work, *key, &is_new, err) != 0)
		return -1;
	return is_new ? replace(work, key, err) : 0;
}

int
key_step(struct work *work, struct error *err)
{
	struct state *state = &work->entry->state;
	json_t *key = NULL;
	int rc = ensure(work, &key, err);

	if (rc == 0 && text_copy(state->spki_sha256, sizeof(state->spki_sha256),
			   text_of(key, "spki_sha256")) != 0)
		rc = error_set(
		    err, ERROR_INTERNAL, "keyholdd sent a key without its hash");
	json_decref(key);
	if (rc == 0)
		state->step = STEP_ISSUE;
	return rc;
}

/* Long enough replaced, and not what is installed. */
static bool
is_over(const struct entry *entry, const json_t *key, const char *installed)
{
	int64_t replaced = time_of(key, "replaced");

	return strcmp(text_of(key, "name"), entry->name) == 0 && replaced != 0 &&
	       replaced + entry->grace_s <= clock_now_s() &&
	       strcmp(text_of(key, "spki_sha256"), installed) != 0;
}

static int
destroy(struct work *work, const char *hash, struct error *err)
{
	char url[URL_MAX], key[sizeof("spki:") + LEAF_HASH_SIZE];
	const struct ask_request request = { .method = "DELETE", .path = url };

	snprintf(key, sizeof(key), "spki:%.64s", hash);
	/* What was there before cannot be gone back to without its key. */
	if (url_key(url, key, "", err) != 0 ||
	    place_drop_before(&work->place, err) != 0 ||
	    ask_send(
		work->agent, &request, json_pack("{s:s}", "spki_sha256", hash), err) != 0)
		return -1;
	log_info("key.destroyed", "managed=%s spki=%s", work->entry->name, hash);
	return 0;
}

int
key_destroy_old(struct work *work, const json_t *keys, struct error *err)
{
	struct leaf leaf;
	const json_t *key;
	bool found;
	size_t i;

	if (work_installed(work, &leaf, &found, err) != 0)
		return -1;
	json_array_foreach (keys, i, key) {
		if (found && is_over(work->entry, key, leaf.spki_sha256) &&
		    destroy(work, text_of(key, "spki_sha256"), err) != 0)
			return -1;
	}
	return 0;
}

/* left_keys.c - pairs on the tokens that are in nobody's use: shown, and destroyed. */
#include <stdio.h>
#include <string.h>

#include "api/changes.h"
#include "api/handlers.h"
#include "api/json.h"
#include "api/token_state.h"
#include "base/text.h"
#include "pkcs11/leftover.h"

static struct json_t *
describe(const struct leftover *leftover, const char *token)
{
	char cka_id[2 * OBJECT_ID_MAX + 1], label[sizeof(leftover->label)];

	hex_encode(cka_id, leftover->id.data, leftover->id.len);
	/* Whoever made it chose the label; JSON takes whole UTF-8 only. */
	for (size_t i = 0; i < sizeof(label); i++) {
		char c = leftover->label[i];

		label[i] = c == '\0' || (c >= ' ' && c < 0x7f) ? c : '?';
	}
	return json_make("{s:s,s:s,s:s,s:[s*,s*]}", "cka_id", cka_id, "token", token,
	    "label", label, "halves", leftover->has_private ? "private" : NULL,
	    leftover->has_public ? "public" : NULL);
}

static int
append_all(
    struct json_t *list, const struct buffer *found, const char *token, struct error *err)
{
	struct leftover leftover;

	for (size_t at = 0; at < found->len; at += sizeof(leftover)) {
		memcpy(&leftover, (const char *)found->data + at, sizeof(leftover));
		if (json_append(list, describe(&leftover, token), err) != 0)
			return -1;
	}
	return 0;
}

/* What is on the tokens, and which of them could not be read. */
struct listing {
	struct json_t *keys, *unread;
	size_t failed;
	struct error why; /* the last did */
};

static int
list_token(struct keystore *store, struct listing *listing, struct error *err)
{
	const char *name = keystore_token(store)->name;
	struct error *why = &listing->why;
	struct buffer found;
	int rc;

	buf_init(&found, 0);
	if (keystore_leftovers(store, &found, why) == 0) {
		rc = append_all(listing->keys, &found, name, err);
	} else {
		listing->failed++;
		rc = json_append(listing->unread,
		    json_make("{s:s,s:s}", "token", name, "why", why->text), err);
	}
	buf_free(&found);
	return rc;
}

/* api->changes is held. */
static int
list_all(struct exchange *x, struct error *err)
{
	struct listing l = { .keys = json_make("[]"), .unread = json_make("[]") };
	size_t tokens = keyring_tokens(x->api->keys);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < tokens; i++)
		rc = list_token(keyring_store(x->api->keys, i), &l, err);
	if (rc == 0 && l.failed == tokens)
		rc = error_set(err, l.why.code, "%s", l.why.text);
	if (rc == 0)
		return json_respond(x->res, 200,
		    json_make("{s:o,s:o}", "keys", l.keys, "unread", l.unread), err);
	json_free(l.keys);
	json_free(l.unread);
	return -1;
}

int
get_left_keys(struct exchange *x, struct error *err)
{
	int rc;

	/* Or a key that is just being made would be one of them. */
	if (changes_begin(x->api, err) != 0)
		return -1;
	rc = list_all(x, err);
	changes_end(x->api);
	return rc;
}

static int
read_id(const char *hex, struct object_id *id, struct error *err)
{
	size_t digits = strlen(hex);

	id->len = digits / 2;
	if (digits == 0 || id->len > sizeof(id->data) ||
	    hex_decode(id->data, id->len, hex) != 0)
		return error_set(err, ERROR_BAD_REQUEST,
		    "\"%.80s\" is not a CKA_ID: 2 to %d hex digits", hex,
		    2 * OBJECT_ID_MAX);
	return 0;
}

/* api->changes is held. */
static int
is_left(struct keystore *store, const struct object_id *id, bool *is, struct error *err)
{
	struct buffer found;
	struct leftover leftover;
	int rc;

	*is = false;
	buf_init(&found, 0);
	rc = keystore_leftovers(store, &found, err);
	for (size_t at = 0; rc == 0 && !*is && at < found.len; at += sizeof(leftover)) {
		memcpy(&leftover, (const char *)found.data + at, sizeof(leftover));
		*is = leftover.id.len == id->len &&
		      memcmp(leftover.id.data, id->data, id->len) == 0;
	}
	buf_free(&found);
	return rc;
}

/* As with a key in use: what cannot be recorded is not begun, and what is not begun is
 * not recorded. */
static int
destroy(struct exchange *x, struct keystore *store, const struct object_id *id,
    struct error *err)
{
	char object[sizeof("cka_id:") + 2 * OBJECT_ID_MAX] = "cka_id:";
	char detail[sizeof("in nobody's use token=") + TOKEN_NAME_SIZE];
	struct audit_event event = {
		.actor = x->req->caller->actor,
		.request = x->req->id,
		.action = "key.destroying",
		.object = object,
		.detail = detail,
	};
	bool is;

	snprintf(detail, sizeof(detail), "in nobody's use token=%s",
	    keystore_token(store)->name);
	hex_encode(object + strlen(object), id->data, id->len);
	if (is_left(store, id, &is, err) != 0 ||
	    (is && store_audit_append(x->api->store, &event, err) != 0) ||
	    keystore_destroy_leftover(store, id, err) != 0)
		return -1;
	event.action = "key.destroyed";
	return store_audit_append(x->api->store, &event, err);
}

int
delete_left_key(struct exchange *x, struct error *err)
{
	struct keystore *store;
	struct object_id id;
	int rc;

	if (read_id(x->req->params[0], &id, err) != 0 ||
	    token_of_query(x, &store, err) != 0 || changes_begin(x->api, err) != 0)
		return -1;
	rc = destroy(x, store, &id, err);
	changes_end(x->api);
	x->res->status = 204;
	return rc;
}

/* left_keys.c - pairs on the token that are in nobody's use: shown, and destroyed. */
#include <stdio.h>
#include <string.h>

#include "api/handlers.h"
#include "api/json.h"
#include "base/text.h"
#include "pkcs11/leftover.h"

static struct json_t *
describe(const struct leftover *leftover)
{
	char cka_id[2 * OBJECT_ID_MAX + 1], label[sizeof(leftover->label)];

	hex_encode(cka_id, leftover->id.data, leftover->id.len);
	/* Whoever made it chose the label; JSON takes whole UTF-8 only. */
	for (size_t i = 0; i < sizeof(label); i++) {
		char c = leftover->label[i];

		label[i] = c == '\0' || (c >= ' ' && c < 0x7f) ? c : '?';
	}
	return json_make("{s:s,s:s,s:[s*,s*]}", "cka_id", cka_id, "label", label,
	    "halves", leftover->has_private ? "private" : NULL,
	    leftover->has_public ? "public" : NULL);
}

static struct json_t *
list(const struct buffer *found, struct error *err)
{
	struct json_t *made = json_make("[]");
	struct leftover leftover;

	for (size_t at = 0; at < found->len; at += sizeof(leftover)) {
		memcpy(&leftover, (const char *)found->data + at, sizeof(leftover));
		if (json_append(made, describe(&leftover), err) != 0) {
			json_free(made);
			return NULL;
		}
	}
	return made;
}

int
get_left_keys(struct exchange *x, struct error *err)
{
	struct json_t *keys = NULL;
	struct buffer found;
	int rc;

	buf_init(&found, 0);
	/* Or a key that is just being made would be one of them. */
	pthread_mutex_lock(&x->api->changes);
	rc = keystore_leftovers(x->api->keys, &found, err);
	pthread_mutex_unlock(&x->api->changes);
	if (rc == 0 && (keys = list(&found, err)) == NULL)
		rc = -1;
	buf_free(&found);
	return rc == 0 ? json_respond(x->res, 200, json_make("{s:o}", "keys", keys), err)
		       : -1;
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
is_left(struct exchange *x, const struct object_id *id, bool *is, struct error *err)
{
	struct buffer found;
	struct leftover leftover;
	int rc;

	*is = false;
	buf_init(&found, 0);
	rc = keystore_leftovers(x->api->keys, &found, err);
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
destroy(struct exchange *x, const struct object_id *id, struct error *err)
{
	char object[sizeof("cka_id:") + 2 * OBJECT_ID_MAX] = "cka_id:";
	struct audit_event event = {
		.actor = x->req->caller->actor,
		.request = x->req->id,
		.action = "key.destroying",
		.object = object,
		.detail = "in nobody's use",
	};

	bool is;

	hex_encode(object + strlen(object), id->data, id->len);
	if (is_left(x, id, &is, err) != 0 ||
	    (is && store_audit_append(x->api->store, &event, err) != 0) ||
	    keystore_destroy_leftover(x->api->keys, id, err) != 0)
		return -1;
	event.action = "key.destroyed";
	return store_audit_append(x->api->store, &event, err);
}

int
delete_left_key(struct exchange *x, struct error *err)
{
	struct object_id id;
	int rc;

	if (read_id(x->req->params[0], &id, err) != 0)
		return -1;
	pthread_mutex_lock(&x->api->changes);
	rc = destroy(x, &id, err);
	pthread_mutex_unlock(&x->api->changes);
	x->res->status = 204;
	return rc;
}

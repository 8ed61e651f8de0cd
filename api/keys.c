/* keys.c - keys made, adopted, destroyed. */
#include "api/newkey.h"

#include <stdio.h>
#include <string.h>

#include "api/audit_head.h"
#include "api/changes.h"
#include "api/json.h"
#include "api/keyinfo.h"
#include "base/log.h"

static int
respond_created(struct response *res, const struct keystore_key *key, struct error *err)
{
	snprintf(res->location, sizeof(res->location), "/v1/keys/%s", key->key.name);
	return respond_key(res, 201, key, err);
}

void
make_key_row(const struct keystore_key *key, struct key_row *row)
{
	*row = (struct key_row){
		.cka_id_len = key->id.len,
		.spki_len = key->key.spki_len,
		.created = key->created,
		.replaced = key->replaced,
	};
	/* The sizes agree: a name, and what the store declares for each. */
	snprintf(row->name, sizeof(row->name), "%s", key->key.name);
	snprintf(row->type, sizeof(row->type), "%s", key_type_info(key->key.type)->name);
	snprintf(row->use, sizeof(row->use), "%s", key_use_name(key->use));
	snprintf(row->token, sizeof(row->token), "%s", key->token);
	memcpy(row->cka_id, key->id.data, key->id.len);
	memcpy(row->spki, key->key.spki, key->key.spki_len);
	memcpy(row->spki_sha256, key->key.spki_sha256, sizeof(row->spki_sha256));
}

void
log_left(const char *name, const struct object_id *id, const struct error *err)
{
	char cka_id[2 * OBJECT_ID_MAX + 1], why[LOG_QUOTED_MAX];

	hex_encode(cka_id, id->data, id->len);
	log_error("key.left", "key=%s cka_id=%s why=\"%s\"", name, cka_id,
	    log_quoted(why, err->text));
}

/* What was recorded and cannot be used is not left in the record. If it must be, it is
 * left in the list as well, where it can be deleted. */
static void
unrecord_key(struct exchange *x, const struct keystore_key *key)
{
	struct audit_event event = {
		.actor = x->req->caller->actor,
		.request = x->req->id,
		.action = "key.withdrawn",
		.object = key->key.name,
	};
	struct error err;

	if (store_key_remove(x->api->store, key->key.spki_sha256, &event, &err) == 0)
		keyring_forget(x->api->keys, key);
	else
		log_left(key->key.name, &key->id, &err);
}

/* Recorded first, then used: a key that signs is in the record. */
static int
record_key(struct exchange *x, const struct keystore_key *key, const char *action,
    struct error *err)
{
	char detail[160];
	struct audit_event event = {
		.actor = x->req->caller->actor,
		.request = x->req->id,
		.action = action,
		.object = key->key.name,
		.detail = detail,
	};
	struct key_row row;
	bool on_token;

	make_key_row(key, &row);
	snprintf(detail, sizeof(detail), "type=%s use=%s token=%s", row.type, row.use,
	    row.token);
	if (store_key_add(x->api->store, &row, &event, err) != 0)
		return -1;
	if (keyring_add(x->api->keys, key, &on_token, err) == 0 && on_token)
		return 0;
	/* The record must not promise a key that does not sign. */
	unrecord_key(x, key);
	return -1;
}

/* A key that the token keeps all the same is in nobody's use. */
static void
destroy_unused(struct exchange *x, const struct keystore_key *key)
{
	struct error err;

	if (keyring_destroy(x->api->keys, key, &err) != 0)
		log_left(key->key.name, &key->id, &err);
}

void
withdraw_key(struct exchange *x, const struct keystore_key *key)
{
	destroy_unused(x, key);
	unrecord_key(x, key);
}

int
check_token_name(struct exchange *x, const char *name, struct error *err)
{
	struct keystore *store;

	if (keyring_find_token(x->api->keys, name, &store, NULL) == 0)
		return 0;
	return error_set(err, ERROR_BAD_REQUEST, "no token is named \"%.64s\"", name);
}

int
create_key(struct exchange *x, const struct keyring_place *place, enum key_type type,
    struct keystore_key *key, struct error *err)
{
	if (!name_is_valid(place->name))
		return error_set(err, ERROR_BAD_REQUEST,
		    "\"%.64s\" is not a name: [a-z0-9][a-z0-9._-]{0,62}", place->name);
	if (check_token_name(x, place->token, err) != 0)
		return -1;
	if (keyring_generate(x->api->keys, place, type, key, err) != 0) {
		if (key->id.len != 0)
			log_left(place->name, &key->id, err);
		return -1;
	}
	if (record_key(x, key, "key.created", err) == 0)
		return 0;
	destroy_unused(x, key);
	return -1;
}

static int
read_use(const char *name, enum key_use *use, struct error *err)
{
	if (key_use_read(name, use, err) != 0)
		return -1;
	if (*use == KEY_USE_AUDIT)
		return error_set(err, ERROR_BAD_REQUEST,
		    "use audit is for the key that the daemon makes for itself");
	return 0;
}

static int
read_new_key(const struct json_t *body, struct keyring_place *place, enum key_type *type,
    struct error *err)
{
	const char *type_name, *use_name;

	if (json_text(body, "name", true, &place->name, err) != 0 ||
	    json_text(body, "token", false, &place->token, err) != 0 ||
	    json_text(body, "type", true, &type_name, err) != 0 ||
	    json_text(body, "use", true, &use_name, err) != 0 ||
	    key_type_read(type_name, type, err) != 0)
		return -1;
	return read_use(use_name, &place->use, err);
}

static int
require_key(struct exchange *x, const char *name, struct error *err)
{
	const struct access_question question = { .needed = ACCESS_MANAGE_KEY,
		.key = name };

	return require_access(x, &question, err);
}

int
post_keys(struct exchange *x, struct error *err)
{
	static const char *const members[] = { "name", "type", "use", "token", NULL };
	struct json_t *body;
	struct keystore_key key;
	struct keyring_place place;
	enum key_type type;
	int rc;

	if (json_read(&x->req->body, members, &body, err) != 0)
		return -1;
	rc = read_new_key(body, &place, &type, err);
	if (rc == 0)
		rc = require_key(x, place.name, err);
	if (rc == 0 && (rc = changes_begin(x->api, err)) == 0) {
		rc = create_key(x, &place, type, &key, err);
		changes_end(x->api);
	}
	json_free(body);
	return rc == 0 ? respond_created(x->res, &key, err) : -1;
}

struct adoption {
	struct keyring_place place;
	bool typed; /* else whatever the token has, and an RSA key is of family RSA */
	enum key_type type;
};

static int
read_adoption(const struct json_t *body, struct adoption *adoption, struct error *err)
{
	const char *use, *type;

	if (json_text(body, "use", true, &use, err) != 0 ||
	    json_text(body, "type", false, &type, err) != 0 ||
	    json_text(body, "token", false, &adoption->place.token, err) != 0 ||
	    read_use(use, &adoption->place.use, err) != 0)
		return -1;
	adoption->typed = type != NULL;
	return type == NULL ? 0 : key_type_read(type, &adoption->type, err);
}

static int
adopt(struct exchange *x, const struct adoption *adoption, struct keystore_key *key,
    struct error *err)
{
	const char *name = adoption->place.name;
	enum key_family family =
	    adoption->typed ? key_type_info(adoption->type)->family : KEY_FAMILY_RSA;

	if (check_token_name(x, adoption->place.token, err) != 0 ||
	    keyring_adopt(x->api->keys, &adoption->place, family, key, err) != 0)
		return -1;
	if (adoption->typed && key->key.type != adoption->type)
		return error_set(err, ERROR_CONFLICT, "key %s is of type %s, not %s",
		    name, key_type_info(key->key.type)->name,
		    key_type_info(adoption->type)->name);
	return 0;
}

int
post_adopt(struct exchange *x, struct error *err)
{
	static const char *const members[] = { "use", "type", "token", NULL };
	struct adoption adoption = { .place.name = x->req->params[0] };
	struct keystore_key key;
	struct json_t *body;
	int rc;

	if (json_read(&x->req->body, members, &body, err) != 0)
		return -1;
	rc = read_adoption(body, &adoption, err);
	if (rc == 0 && (rc = changes_begin(x->api, err)) == 0) {
		rc = adopt(x, &adoption, &key, err);
		if (rc == 0)
			rc = record_key(x, &key, "key.adopted", err);
		changes_end(x->api);
	}
	json_free(body);
	return rc == 0 ? respond_created(x->res, &key, err) : -1;
}

int
check_meant(const char *spki_sha256, const struct keystore_key *key, struct error *err)
{
	unsigned char hash[KEY_SHA256_SIZE];

	if (hex_decode(hash, sizeof(hash), spki_sha256) != 0)
		return error_set(
		    err, ERROR_BAD_REQUEST, "JSON: spki_sha256 takes 64 hex digits");
	if (memcmp(hash, key->key.spki_sha256, sizeof(hash)) != 0)
		return error_set(
		    err, ERROR_CONFLICT, "key %s has another SPKI hash", key->key.name);
	return 0;
}

/* Destroying cannot be undone, so the request must say which key it means. */
static int
check_deletion(
    const struct request *req, const struct keystore_key *key, struct error *err)
{
	static const char *const members[] = { "spki_sha256", NULL };
	struct json_t *body;
	const char *hash;
	int rc = -1;

	if (json_read(&req->body, members, &body, err) != 0)
		return -1;
	if (json_text(body, "spki_sha256", true, &hash, err) == 0)
		rc = check_meant(hash, key, err);
	json_free(body);
	return rc;
}

static int
destroy_key(struct exchange *x, const struct keystore_key *key, struct error *err)
{
	char detail[sizeof("spki_sha256=") + 2 * KEY_SHA256_SIZE] = "spki_sha256=";
	struct audit_event event = {
		.actor = x->req->caller->actor,
		.request = x->req->id,
		.action = "key.destroyed",
		.object = key->key.name,
		.detail = detail,
	};
	struct audit_event intent = event;
	int rc;

	intent.action = "key.destroying";
	hex_encode(detail + strlen(detail), key->key.spki_sha256, KEY_SHA256_SIZE);
	if (authority_uses_key(x->api->authority, key->key.spki_sha256))
		return error_set(
		    err, ERROR_CONFLICT, "key %s belongs to an issuer", key->key.name);
	if (key->use == KEY_USE_AUDIT && audit_head_check_unneeded(x->api, key, err) != 0)
		return -1;
	/* What cannot be recorded is not begun. The record says destroyed only of what
	 * is; a repeated request finishes the rest. */
	if (store_audit_append(x->api->store, &intent, err) != 0 ||
	    keyring_destroy(x->api->keys, key, err) != 0)
		return -1;
	rc = store_key_remove(x->api->store, key->key.spki_sha256, &event, err);
	/* A row that is gone all the same: its removal failed after the commit. */
	if (rc == 0 || err->code == ERROR_NOT_FOUND)
		keyring_forget(x->api->keys, key);
	return rc;
}

int
delete_key(struct exchange *x, struct error *err)
{
	struct keystore_key key;
	int rc = -1;

	if (changes_begin(x->api, err) != 0)
		return -1;
	if (keyring_find(x->api->keys, x->req->params[0], &key, err) == 0 &&
	    check_deletion(x->req, &key, err) == 0)
		rc = destroy_key(x, &key, err);
	changes_end(x->api);
	x->res->status = 204;
	return rc;
}

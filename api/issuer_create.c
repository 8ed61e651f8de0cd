/* issuer_create.c - new issuers: made here, signed elsewhere, or brought along. */
#include "api/handlers.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "api/changes.h"
#include "api/issuer_answer.h"
#include "api/issuer_new.h"
#include "api/json.h"

int
issuer_read_common(const struct json_t *body, struct new_issuer *new, struct error *err)
{
	int64_t shards;

	if (json_text(body, "subject", false, &new->spec.subject, err) != 0 ||
	    json_text(body, "key_type", false, &new->key_type_name, err) != 0 ||
	    json_text(body, "token", false, &new->token, err) != 0 ||
	    json_number(body, "validity_seconds", 1, MAX_VALIDITY_S, 0,
		&new->spec.validity_s, err) != 0 ||
	    json_text(body, "crl_url", false, &new->spec.crl_url, err) != 0 ||
	    json_text(body, "ocsp_url", false, &new->spec.ocsp_url, err) != 0 ||
	    json_text(body, "ca_issuers_url", false, &new->spec.ca_issuers_url, err) !=
		0 ||
	    json_number(body, "crl_shards", 1, ISSUER_SHARDS_MAX, 0, &shards, err) != 0)
		return -1;
	new->spec.crl_shards = (int)shards;
	return 0;
}

static int
read_constraints(const struct json_t *body, struct new_issuer *new, struct error *err)
{
	static const char *const members[] = { "permitted", "excluded", NULL };
	struct constraints_spec *c = &new->constraints;
	const struct json_t *inner;

	if (json_member(body, "name_constraints", members, &inner, err) != 0)
		return -1;
	if (inner == NULL)
		return 0;
	new->spec.constraints = c;
	if (json_texts(inner, "permitted", c->permitted, CONSTRAINTS_MAX,
		&c->permitted_count, err) != 0)
		return -1;
	return json_texts(
	    inner, "excluded", c->excluded, CONSTRAINTS_MAX, &c->excluded_count, err);
}

static int
check_combination(const struct new_issuer *new, struct error *err)
{
	const struct issuer_spec *spec = &new->spec;

	if (new->certificate != NULL &&
	    (spec->external || spec->parent != NULL || spec->subject != NULL ||
		spec->constraints != NULL || spec->validity_s != 0 ||
		spec->path_len >= 0 || new->key_type_name != NULL || new->token != NULL))
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: of an issuer with a certificate, only \"name\", \"key\" and "
		    "URLs are for the request to say");
	if (new->certificate == NULL &&new->key != NULL)
		return error_set(
		    err, ERROR_BAD_REQUEST, "JSON: \"key\" goes with \"certificate\"");
	if (spec->external &&
	    (spec->parent != NULL || spec->constraints != NULL || spec->validity_s != 0))
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: issuer, constraints and validity of an external issuer are "
		    "for "
		    "whoever signs it");
	return 0;
}

static int
read_new_issuer(const struct json_t *body, struct new_issuer *new, struct error *err)
{
	int64_t path_len;

	if (json_text(body, "name", true, &new->spec.name, err) != 0 ||
	    issuer_read_common(body, new, err) != 0 ||
	    json_text(body, "issuer", false, &new->spec.parent, err) != 0 ||
	    json_number(body, "path_len", 0, 16, -1, &path_len, err) != 0 ||
	    json_flag(body, "external", false, &new->spec.external, err) != 0 ||
	    json_text(body, "certificate", false, &new->certificate, err) != 0 ||
	    json_text(body, "key", false, &new->key, err) != 0 ||
	    read_constraints(body, new, err) != 0)
		return -1;
	new->spec.path_len = (int)path_len;
	if (check_combination(new, err) != 0 ||
	    key_type_read(new->key_type_name != NULL ? new->key_type_name : "ec-p256",
		&new->key_type, err) != 0)
		return -1;
	if (!name_is_valid(new->spec.name))
		return error_set(err, ERROR_BAD_REQUEST,
		    "\"%.64s\" is not a name: [a-z0-9][a-z0-9._-]{0,62}", new->spec.name);
	snprintf(
	    new->default_subject, sizeof(new->default_subject), "/CN=%s", new->spec.name);
	if (new->spec.subject == NULL &&new->certificate == NULL)
		new->spec.subject = new->default_subject;
	return 0;
}

/* What would fail after the key was made is better found before. */
static int
check_possible(struct exchange *x, const struct issuer_spec *spec, struct error *err)
{
	const struct issuer_info *info;

	if (authority_find_issuer(x->api->authority, spec->name, &info, NULL) == 0)
		return error_set(err, ERROR_CONFLICT,
		    "there is an issuer named %s already", spec->name);
	return spec->parent == NULL
		   ? 0
		   : authority_find_issuer(x->api->authority, spec->parent, &info, err);
}

/* A key of use ca under the issuer's name that serves no issuer yet is used. */
static int
find_or_create_key(struct exchange *x, const struct new_issuer *new,
    struct keystore_key *key, bool *created, struct error *err)
{
	const struct keyring_place place = {
		.token = new->token,
		.name = new->spec.name,
		.use = KEY_USE_CA,
	};

	*created = keyring_find(x->api->keys, new->spec.name, key, NULL) != 0;
	if (*created)
		return create_key(x, &place, new->key_type, key, err);
	if (key->use != KEY_USE_CA)
		return error_set(err, ERROR_CONFLICT,
		    "there is a key named %s, of use %s", new->spec.name,
		    key_use_name(key->use));
	if (key->key.type != new->key_type)
		return error_set(err, ERROR_CONFLICT,
		    "there is a key named %s, of type %s", new->spec.name,
		    key_type_info(key->key.type)->name);
	if (new->token != NULL && strcmp(new->token, key->token) != 0)
		return error_set(err, ERROR_CONFLICT,
		    "there is a key named %s, on token %s", new->spec.name, key->token);
	return 0;
}

int
issuer_with_key(struct exchange *x, struct new_issuer *new,
    int (*make)(struct exchange *x, struct new_issuer *new, struct error *err),
    struct error *err)
{
	struct keystore_key key;
	bool created;
	int rc;

	if (check_possible(x, &new->spec, err) != 0 ||
	    find_or_create_key(x, new, &key, &created, err) != 0)
		return -1;
	new->spec.actor = x->req->caller->actor;
	new->spec.request_id = x->req->id;
	rc = builtin_pkey(x->api->builtin, &key.key, &new->spec.key, err);
	if (rc == 0) {
		rc = make(x, new, err);
		EVP_PKEY_free(new->spec.key);
	}
	/* What was refused leaves nothing behind. */
	if (rc != 0 && created)
		withdraw_key(x, &key);
	return rc;
}

static int
make_issuer(struct exchange *x, struct new_issuer *new, struct error *err)
{
	return authority_create_issuer(
	    x->api->authority, &new->spec, &x->violations, err);
}

static int
import_issuer(struct exchange *x, struct new_issuer *new, struct error *err)
{
	const struct bytes body = { (const unsigned char *)new->certificate,
		strlen(new->certificate) };
	struct keystore_key key;
	int rc;

	if (keyring_find(x->api->keys, new->key != NULL ? new->key : new->spec.name, &key,
		err) != 0)
		return -1;
	if (key.use != KEY_USE_CA)
		return error_set(err, ERROR_CONFLICT,
		    "key %s is of use %s; an issuer's is of use ca", key.key.name,
		    key_use_name(key.use));
	new->spec.actor = x->req->caller->actor;
	new->spec.request_id = x->req->id;
	if (builtin_pkey(x->api->builtin, &key.key, &new->spec.key, err) != 0)
		return -1;
	rc = authority_import_issuer(
	    x->api->authority, &new->spec, body, &new->warnings, &x->violations, err);
	EVP_PKEY_free(new->spec.key);
	return rc;
}

int
issuer_respond_new(struct exchange *x, const struct new_issuer *new, struct error *err)
{
	issuer_keep_on_token(x, new->spec.name);
	snprintf(
	    x->res->location, sizeof(x->res->location), "/v1/issuers/%s", new->spec.name);
	return issuer_respond(x, 201, new->spec.name, &new->warnings, err);
}

int
post_issuers(struct exchange *x, struct error *err)
{
	static const char *const members[] = { "name", "subject", "issuer", "key_type",
		"token", "validity_seconds", "path_len", "crl_url", "ocsp_url",
		"ca_issuers_url", "crl_shards", "external", "certificate", "key",
		"name_constraints", NULL };
	struct new_issuer new = { 0 };
	struct json_t *body;
	int rc;

	if (json_read(&x->req->body, members, &body, err) != 0)
		return -1;
	rc = read_new_issuer(body, &new, err);
	if (rc == 0 && (rc = changes_begin(x->api, err)) == 0) {
		rc = new.certificate != NULL ? import_issuer(x, &new, err)
					     : issuer_with_key(x, &new, make_issuer, err);
		if (rc == 0)
			rc = issuer_respond_new(x, &new, err);
		changes_end(x->api);
	}
	json_free(body);
	return rc;
}

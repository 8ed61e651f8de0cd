/* issuers.c - roots and intermediates. */
#include "api/handlers.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "api/certform.h"
#include "api/conditional.h"
#include "api/issuer_answer.h"
#include "api/json.h"
#include "api/newkey.h"
#include "ca/certtext.h"

#define MAX_VALIDITY_S ((int64_t)100 * 366 * 86400)

struct new_issuer {
	struct issuer_spec spec;
	enum key_type key_type;
	char default_subject[NAME_MAX_CHARS + sizeof("/CN=")];
};

static int
read_new_issuer(const struct json_t *body, struct new_issuer *new, struct error *err)
{
	const char *type = NULL;
	int64_t path_len, shards;

	if (json_text(body, "name", true, &new->spec.name, err) != 0 ||
	    json_text(body, "subject", false, &new->spec.subject, err) != 0 ||
	    json_text(body, "issuer", false, &new->spec.parent, err) != 0 ||
	    json_text(body, "key_type", false, &type, err) != 0 ||
	    json_number(body, "validity_seconds", 1, MAX_VALIDITY_S, 0,
		&new->spec.validity_s, err) != 0 ||
	    json_number(body, "path_len", 0, 16, -1, &path_len, err) != 0 ||
	    json_text(body, "crl_url", false, &new->spec.crl_url, err) != 0 ||
	    json_text(body, "ocsp_url", false, &new->spec.ocsp_url, err) != 0 ||
	    json_text(body, "ca_issuers_url", false, &new->spec.ca_issuers_url, err) !=
		0 ||
	    json_number(body, "crl_shards", 1, ISSUER_SHARDS_MAX, 1, &shards, err) != 0 ||
	    key_type_read(type != NULL ? type : "ec-p256", &new->key_type, err) != 0)
		return -1;
	new->spec.path_len = (int)path_len;
	new->spec.crl_shards = (int)shards;
	if (!name_is_valid(new->spec.name))
		return error_set(err, ERROR_BAD_REQUEST,
		    "\"%.64s\" is not a name: [a-z0-9][a-z0-9._-]{0,62}", new->spec.name);
	snprintf(
	    new->default_subject, sizeof(new->default_subject), "/CN=%s", new->spec.name);
	if (new->spec.subject == NULL)
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
	*created = keystore_find(x->api->keys, new->spec.name, key, NULL) != 0;
	if (*created)
		return create_key(x, new->spec.name, new->key_type, KEY_USE_CA, key, err);
	if (key->use != KEY_USE_CA)
		return error_set(err, ERROR_CONFLICT,
		    "there is a key named %s, of use %s", new->spec.name,
		    key_use_name(key->use));
	if (key->key.type != new->key_type)
		return error_set(err, ERROR_CONFLICT,
		    "there is a key named %s, of type %s", new->spec.name,
		    key_type_info(key->key.type)->name);
	return 0;
}

static int
sign_issuer(struct exchange *x, struct new_issuer *new, const struct keystore_key *key,
    struct error *err)
{
	int rc;

	if (builtin_pkey(x->api->builtin, &key->key, &new->spec.key, err) != 0)
		return -1;
	new->spec.actor = x->req->caller->actor;
	rc = authority_create_issuer(x->api->authority, &new->spec, &x->violations, err);
	EVP_PKEY_free(new->spec.key);
	return rc;
}

static int
create_issuer(struct exchange *x, struct new_issuer *new, struct error *err)
{
	struct keystore_key key;
	bool created;

	if (check_possible(x, &new->spec, err) != 0 ||
	    find_or_create_key(x, new, &key, &created, err) != 0)
		return -1;
	if (sign_issuer(x, new, &key, err) == 0)
		return 0;
	/* What was refused leaves nothing behind. */
	if (created)
		withdraw_key(x, &key);
	return -1;
}

int
post_issuers(struct exchange *x, struct error *err)
{
	static const char *const members[] = { "name", "subject", "issuer", "key_type",
		"validity_seconds", "path_len", "crl_url", "ocsp_url", "ca_issuers_url",
		"crl_shards", NULL };
	struct new_issuer new = { 0 };
	struct json_t *body;
	int rc;

	if (json_read(&x->req->body, members, &body, err) != 0)
		return -1;
	rc = read_new_issuer(body, &new, err);
	if (rc == 0) {
		pthread_mutex_lock(&x->api->changes);
		rc = create_issuer(x, &new, err);
		pthread_mutex_unlock(&x->api->changes);
	}
	if (rc == 0) {
		snprintf(x->res->location, sizeof(x->res->location), "/v1/issuers/%s",
		    new.spec.name);
		rc = issuer_respond(x, 201, new.spec.name, err);
	}
	json_free(body);
	return rc;
}

struct listing {
	struct exchange *x;
	struct json_t *list;
};

static int
list_issuer(void *ctx, const struct issuer_info *info)
{
	struct listing *listing = ctx;

	return json_append(listing->list, issuer_json(listing->x, info), NULL);
}

int
get_issuers(struct exchange *x, struct error *err)
{
	struct listing listing = { .x = x, .list = json_make("[]") };

	authority_each_issuer(x->api->authority, list_issuer, &listing);
	return json_respond(
	    x->res, 200, json_make("{s:o}", "issuers", listing.list), err);
}

int
get_issuer(struct exchange *x, struct error *err)
{
	char etag[sizeof(x->res->etag)];

	if (issuer_respond(x, 200, x->req->params[0], err) != 0)
		return -1;
	memcpy(etag, x->res->etag, sizeof(etag));
	if (conditional_not_modified(x->req, x->res, etag, 0)) {
		buf_reset(&x->res->body);
		x->res->content_type = NULL;
	}
	return 0;
}

int
get_issuer_certificate(struct exchange *x, struct error *err)
{
	static const char *const types[] = { PEM_TYPE, DER_TYPE, PKCS7_TYPE, NULL };
	const struct issuer_info *info;
	const char *type;
	struct buffer pem;
	int rc;

	if (certform_choose(x->req, types, &type, err) != 0 ||
	    authority_find_issuer(x->api->authority, x->req->params[0], &info, err) != 0)
		return -1;
	buf_init(&pem, 0);
	certtext_pem(info->certificate, &pem);
	rc = certform_respond(x->res, type, buf_bytes(&pem), err);
	buf_free(&pem);
	return rc;
}

int
get_issuer_chain(struct exchange *x, struct error *err)
{
	static const char *const types[] = { CHAIN_TYPE, PKCS7_TYPE, NULL };
	const char *type;
	struct buffer pem;
	int rc = -1;

	if (certform_choose(x->req, types, &type, err) != 0)
		return -1;
	buf_init(&pem, 0);
	if (authority_chain(x->api->authority, x->req->params[0], true, &pem, err) == 0)
		rc = certform_respond(x->res, type, buf_bytes(&pem), err);
	buf_free(&pem);
	return rc;
}

/* issuer_rotate.c - a new issuer in the place of an old one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/changes.h"
#include "api/issuer_new.h"
#include "api/json.h"

/* Room for what a URL of the store's grows by. */
#define URL_SIZE (STORE_URL_SIZE + STORE_NAME_SIZE)

struct successor {
	struct new_issuer new;
	char name[NAME_MAX_CHARS + 1], token[TOKEN_NAME_SIZE];
	char crl_url[URL_SIZE], ocsp_url[URL_SIZE], ca_issuers_url[URL_SIZE];
};

/* "internal" and then "internal-2", "internal-3" ... */
static int
next_name(const char *name, char next[static NAME_MAX_CHARS + 1], struct error *err)
{
	const char *dash = strrchr(name, '-');
	size_t len = strlen(name);
	unsigned long number = 1;

	if (dash != NULL && dash[1] != '\0' && strlen(dash) < 6 &&
	    strspn(dash + 1, "0123456789") == strlen(dash + 1)) {
		number = strtoul(dash + 1, NULL, 10);
		len = (size_t)(dash - name);
	}
	if (snprintf(next, NAME_MAX_CHARS + 1, "%.*s-%lu", (int)len, name, number + 1) >
	    NAME_MAX_CHARS)
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"name\" must say what the successor is called");
	return 0;
}

/* The old URL with the new name where the old one was, in its path between slashes or
 * dots: a host that is called like the issuer stays. */
static int
next_url(const char *member, const char *old_url, const char *old, const char *name,
    char url[static URL_SIZE], const char **wanted, struct error *err)
{
	const char *at;
	size_t len = strlen(old);

	if (*wanted != NULL || old_url == NULL)
		return 0;
	at = old_url + strlen("http://");
	at += strcspn(at, "/?");
	while ((at = strstr(at, old)) != NULL &&
	       (at[-1] != '/' || strchr("/.", at[len]) == NULL))
		at++;
	if (at == NULL)
		return error_set(err, ERROR_BAD_REQUEST,
		    "say the successor's %s: the path of %.100s does not name issuer %s",
		    member, old_url, old);
	snprintf(url, URL_SIZE, "%.*s%s%s", (int)(at - old_url), old_url, name, at + len);
	*wanted = url;
	return 0;
}

static int
fill_in(struct exchange *x, struct successor *s, struct error *err)
{
	struct issuer_spec *spec = &s->new.spec;
	const struct issuer_info *old;
	struct keystore_key key;

	if (authority_find_issuer(x->api->authority, s->new.predecessor, &old, err) != 0)
		return -1;
	if (old->state != ISSUER_ACTIVE)
		return error_set(err, ERROR_CONFLICT,
		    "issuer %s is %s: only an active one is rotated", old->name,
		    issuer_state_name(old->state));
	if (spec->name == NULL) {
		if (next_name(old->name, s->name, err) != 0)
			return -1;
		spec->name = s->name;
	}
	if (next_url("crl_url", old->crl_url, old->name, spec->name, s->crl_url,
		&spec->crl_url, err) != 0 ||
	    next_url("ocsp_url", old->ocsp_url, old->name, spec->name, s->ocsp_url,
		&spec->ocsp_url, err) != 0 ||
	    next_url("ca_issuers_url", old->ca_issuers_url, old->name, spec->name,
		s->ca_issuers_url, &spec->ca_issuers_url, err) != 0)
		return -1;
	if (spec->crl_shards == 0)
		spec->crl_shards = old->crl_shards;
	if (keyring_find_spki(x->api->keys, old->spki_sha256, &key, err) != 0)
		return -1;
	if (s->new.token == NULL) {
		memcpy(s->token, key.token, sizeof(s->token));
		s->new.token = s->token;
	}
	s->new.key_type = key.key.type;
	return s->new.key_type_name == NULL
		   ? 0
		   : key_type_read(s->new.key_type_name, &s->new.key_type, err);
}

static int
rotate(struct exchange *x, struct new_issuer *new, struct error *err)
{
	return authority_rotate_issuer(
	    x->api->authority, new->predecessor, &new->spec, &x->violations, err);
}

int
post_issuer_rotate(struct exchange *x, struct error *err)
{
	static const char *const members[] = { "name", "subject", "key_type", "token",
		"validity_seconds", "crl_url", "ocsp_url", "ca_issuers_url", "crl_shards",
		NULL };
	struct successor s = { .new = { .predecessor = x->req->params[0] } };
	struct json_t *body;
	int rc = -1;

	if (json_read(&x->req->body, members, &body, err) != 0)
		return -1;
	if (json_text(body, "name", false, &s.new.spec.name, err) == 0 &&
	    issuer_read_common(body, &s.new, err) == 0 &&
	    changes_begin(x->api, err) == 0) {
		if (fill_in(x, &s, err) == 0 &&
		    issuer_with_key(x, &s.new, rotate, err) == 0)
			rc = issuer_respond_new(x, &s.new, err);
		changes_end(x->api);
	}
	json_free(body);
	return rc;
}

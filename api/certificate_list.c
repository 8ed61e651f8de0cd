/* certificate_list.c - the certificates that there are, a page at a time. */
#include "api/handlers.h"

#include <stdio.h>
#include <string.h>

#include "api/certificate_json.h"
#include "api/json.h"
#include "api/url.h"
#include "base/clock.h"

struct page {
	struct json_t *list;
	size_t limit, count;
	int64_t last;
	bool more, failed; /* what was left out would not be missed */
};

static int
list_certificate(void *ctx, int64_t id, const struct certificate_row *row)
{
	static const struct certificate_extras nothing = { 0 };
	struct page *page = ctx;

	if (page->count == page->limit) {
		page->more = true;
		return 1;
	}
	page->count++;
	page->last = id;
	page->failed =
	    json_append(page->list, certificate_json(row, &nothing), NULL) != 0;
	return page->failed ? -1 : 0;
}

struct listing {
	struct certificate_filter filter;
	char issuer[STORE_NAME_SIZE], status[16], name[256], key[REQUEST_PARAM_SIZE];
	const char *asked_key; /* NULL: any */
	unsigned char spki_sha256[32];
	uint64_t limit, cursor;
};

static int
query_text(const char *query, const char *name, char *out, size_t size,
    const char **value, struct error *err)
{
	bool found;

	if (query_get(query, name, out, size, &found, err) != 0)
		return -1;
	*value = found ? out : NULL;
	return 0;
}

/* A mistyped issuer must not look like one of which nothing expires. */
static int
check_issuer(struct api *api, const struct listing *l, struct error *err)
{
	const struct issuer_info *info;

	return l->filter.issuer == NULL
		   ? 0
		   : authority_find_issuer(api->authority, l->filter.issuer, &info, err);
}

/* By its hash a key need not be one of this daemon. */
static int
read_key(struct api *api, struct listing *l, struct error *err)
{
	const char *key = l->asked_key;
	struct keystore_key found;

	if (key == NULL)
		return 0;
	l->filter.spki_sha256 = l->spki_sha256;
	if (strncmp(key, "spki:", 5) == 0) {
		if (hex_decode(l->spki_sha256, sizeof(l->spki_sha256), key + 5) != 0)
			return error_set(err, ERROR_BAD_REQUEST,
			    "URL: key is a name, or spki: and 64 hex digits");
		return 0;
	}
	if (keyring_find(api->keys, key, &found, err) != 0)
		return -1;
	memcpy(l->spki_sha256, found.key.spki_sha256, sizeof(l->spki_sha256));
	return 0;
}

static int
read_listing(const char *query, struct listing *l, struct error *err)
{
	char when[32];
	const char *before;

	*l = (struct listing){ .limit = 100 };
	if (query_text(query, "issuer", l->issuer, sizeof(l->issuer), &l->filter.issuer,
		err) != 0 ||
	    query_text(query, "status", l->status, sizeof(l->status), &l->filter.status,
		err) != 0 ||
	    query_text(query, "san", l->name, sizeof(l->name), &l->filter.name, err) !=
		0 ||
	    query_text(query, "key", l->key, sizeof(l->key), &l->asked_key, err) != 0 ||
	    query_text(query, "expires_before", when, sizeof(when), &before, err) != 0 ||
	    query_number(query, "limit", 1, 1000, &l->limit, err) != 0 ||
	    query_number(query, "cursor", 0, INT64_MAX, &l->cursor, err) != 0)
		return -1;
	if (l->filter.status != NULL && strcmp(l->status, "valid") != 0 &&
	    strcmp(l->status, "expired") != 0 && strcmp(l->status, "revoked") != 0)
		return error_set(
		    err, ERROR_BAD_REQUEST, "URL: status is valid, expired or revoked");
	if (before != NULL && clock_parse(before, &l->filter.expires_before) != 0)
		return error_set(err, ERROR_BAD_REQUEST,
		    "URL: expires_before takes a time such as 2026-01-31T23:59:59Z");
	l->filter.after_id = (int64_t)l->cursor;
	/* One more than asked for tells whether there is a next page. */
	l->filter.limit = (size_t)l->limit + 1;
	return 0;
}

static int
link_next(struct response *res, const char *query, int64_t cursor, struct error *err)
{
	char next[QUERY_LINK_SIZE];

	if (query_with_cursor(query, cursor, next, err) != 0)
		return -1;
	snprintf(
	    res->link, sizeof(res->link), "</v1/certificates?%s>; rel=\"next\"", next);
	return 0;
}

int
get_certificates(struct exchange *x, struct error *err)
{
	struct listing l;
	struct page page = { 0 };

	if (read_listing(x->req->query, &l, err) != 0 ||
	    check_issuer(x->api, &l, err) != 0 || read_key(x->api, &l, err) != 0)
		return -1;
	page.limit = (size_t)l.limit;
	page.list = json_make("[]");
	if (store_certificate_each(
		x->api->store, &l.filter, list_certificate, &page, err) != 0) {
		json_free(page.list);
		return -1;
	}
	if (page.failed) {
		json_free(page.list);
		return error_set(err, ERROR_INTERNAL, "certificate %lld cannot be shown",
		    (long long)page.last);
	}
	if (page.more && link_next(x->res, x->req->query, page.last, err) != 0) {
		json_free(page.list);
		return -1;
	}
	return json_respond(
	    x->res, 200, json_make("{s:o}", "certificates", page.list), err);
}

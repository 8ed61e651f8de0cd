/* audit.c - the audit record, a page at a time, and its signed heads. */
#include "store/audit.h"

#include <stdio.h>
#include <string.h>

#include "api/audit_head.h"
#include "api/handlers.h"
#include "api/json.h"
#include "api/url.h"
#include "base/clock.h"
#include "base/pem.h"

#define TEXT_MAX      8192 /* of a field with bytes that are no text; cut */
#define LIMIT_DEFAULT 100
#define LIMIT_MAX     1000
#define HASH_HEX      (2 * AUDIT_HASH_BYTES + 1)

struct page {
	struct json_t *list;
	uint64_t limit, count;
	int64_t last;
	bool more;
};

/* False: the page is full, and there is more. */
static bool
takes_another(struct page *page, int64_t cursor)
{
	page->more = page->count == page->limit;
	if (page->more)
		return false;
	page->count++;
	page->last = cursor;
	return true;
}

static struct json_t *
make_entry(const struct audit_row *row, const char *const text[static 6])
{
	char hash[HASH_HEX], when[CLOCK_TEXT_SIZE];

	hex_encode(hash, row->hash, AUDIT_HASH_BYTES);
	clock_format(when, row->time);
	return json_make("{s:I,s:s,s:I,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "seq",
	    (long long)row->seq, "time", when, "version", (long long)row->version,
	    "actor", text[0], "action", text[1], "object", text[2], "outcome", text[3],
	    "request", text[4], "detail", text[5], "hash", hash);
}

/*
 * No entry of ours has bytes that are no UTF-8. One that somebody changed so is shown
 * all the same, with question marks: then its hash shows that it was changed.
 */
static struct json_t *
make_odd_entry(const struct audit_row *row, const char *const text[static 6])
{
	static const char none[] = "";
	const char *shown[6] = { none, none, none, none, none, none };
	struct buffer copies[6];
	struct json_t *entry;

	for (size_t i = 0; i < 6; i++) {
		buf_init(&copies[i], 0);
		for (const char *p = text[i]; *p != '\0' && p - text[i] < TEXT_MAX; p++)
			buf_append(&copies[i], *p > 0 ? p : "?", 1);
		shown[i] = buf_string(&copies[i]);
	}
	entry = make_entry(row, shown);
	for (size_t i = 0; i < 6; i++)
		buf_free(&copies[i]);
	return entry;
}

static int
list_entry(void *ctx, const struct audit_row *row)
{
	const char *const text[6] = { row->actor, row->action, row->object, row->outcome,
		row->request, row->detail };
	struct page *page = ctx;
	struct json_t *entry;

	if (!takes_another(page, row->seq))
		return 1;
	if ((entry = make_entry(row, text)) == NULL)
		entry = make_odd_entry(row, text);
	return json_append(page->list, entry, NULL);
}

static struct json_t *
make_head(const struct audit_head *head)
{
	char hash[HASH_HEX], when[CLOCK_TEXT_SIZE];
	struct buffer key, signature;
	struct json_t *made;

	hex_encode(hash, head->hash, AUDIT_HASH_BYTES);
	clock_format(when, head->time);
	buf_init(&key, 0);
	buf_init(&signature, 0);
	base64_encode(&key, head->spki.data, head->spki.len);
	base64_encode(&signature, head->signature.data, head->signature.len);
	made = json_make("{s:I,s:s,s:s,s:s,s:s}", "seq", (long long)head->seq, "time",
	    when, "hash", hash, "key", buf_string(&key), "signature",
	    buf_string(&signature));
	buf_free(&signature);
	buf_free(&key);
	return made;
}

static int
list_head(void *ctx, int64_t id, const struct audit_head *head)
{
	struct page *page = ctx;

	if (!takes_another(page, id))
		return 1;
	return json_append(page->list, make_head(head), NULL);
}

/* Entries that somebody put before the first are to be seen. */
static int
read_page(const char *query, struct page *page, int64_t *cursor, struct error *err)
{
	char text[32];
	bool found;
	uint64_t value = 0;

	*page = (struct page){ .limit = LIMIT_DEFAULT };
	*cursor = INT64_MIN;
	if (query_get(query, "cursor", text, sizeof(text), &found, err) != 0 ||
	    query_number(query, "cursor", 0, INT64_MAX, &value, err) != 0 ||
	    query_number(query, "limit", 1, LIMIT_MAX, &page->limit, err) != 0)
		return -1;
	if (found)
		*cursor = (int64_t)value;
	page->list = json_make("[]");
	return 0;
}

/* cursor: what the next page comes after; INT64_MAX: there is none. */
static int
respond(struct exchange *x, const char *path, const char *member, struct page *page,
    int64_t cursor, struct error *err)
{
	char next[QUERY_LINK_SIZE];

	if (cursor != INT64_MAX) {
		if (query_with_cursor(
			x->req->query, cursor > 0 ? cursor : 0, next, err) != 0) {
			json_free(page->list);
			return -1;
		}
		snprintf(x->res->link, sizeof(x->res->link), "<%s?%s>; rel=\"next\"",
		    path, next);
	}
	return json_respond(x->res, 200, json_make("{s:o}", member, page->list), err);
}

struct search {
	struct audit_filter filter;
	char actor[REQUEST_PARAM_SIZE], action[32], object[320];
};

static int
read_time(const char *query, const char *name, int64_t *time, struct error *err)
{
	char text[CLOCK_TEXT_SIZE + 8];
	bool found;

	if (query_get(query, name, text, sizeof(text), &found, err) != 0)
		return -1;
	if (found && clock_parse(text, time) != 0)
		return error_set(err, ERROR_BAD_REQUEST,
		    "URL: %s takes a time such as 2026-01-31T23:59:59Z", name);
	return 0;
}

static int
read_filter(const char *query, struct search *s, struct error *err)
{
	bool found;

	*s = (struct search){ .filter = { s->actor, s->action, s->object, INT64_MIN,
				  INT64_MAX } };
	if (query_get(query, "actor", s->actor, sizeof(s->actor), &found, err) != 0 ||
	    query_get(query, "action", s->action, sizeof(s->action), &found, err) != 0 ||
	    query_get(query, "object", s->object, sizeof(s->object), &found, err) != 0 ||
	    read_time(query, "since", &s->filter.since, err) != 0 ||
	    read_time(query, "until", &s->filter.until, err) != 0)
		return -1;
	return 0;
}

static bool
lets_all_through(const struct search *s)
{
	return s->actor[0] == '\0' && s->action[0] == '\0' && s->object[0] == '\0' &&
	       s->filter.since == INT64_MIN && s->filter.until == INT64_MAX;
}

static int
search(struct exchange *x, const struct search *s, int64_t cursor, struct page *page,
    int64_t *searched, struct error *err)
{
	const size_t limit = (size_t)page->limit + 1;

	*searched = INT64_MAX;
	if (lets_all_through(s))
		return store_audit_each(
		    x->api->store, cursor, limit, list_entry, page, err);
	return store_audit_search(
	    x->api->store, &s->filter, cursor, limit, list_entry, page, searched, err);
}

int
get_audit(struct exchange *x, struct error *err)
{
	struct search s;
	struct page page;
	int64_t cursor, searched;

	if (read_filter(x->req->query, &s, err) != 0 ||
	    read_page(x->req->query, &page, &cursor, err) != 0)
		return -1;
	if (search(x, &s, cursor, &page, &searched, err) == 0)
		return respond(x, "/v1/audit", "entries", &page,
		    page.more ? page.last : searched, err);
	json_free(page.list);
	return -1;
}

int
get_audit_heads(struct exchange *x, struct error *err)
{
	struct page page;
	int64_t cursor;

	if (read_page(x->req->query, &page, &cursor, err) != 0)
		return -1;
	if (store_audit_head_each(x->api->store, cursor, (size_t)page.limit + 1,
		list_head, &page, err) == 0)
		return respond(x, "/v1/audit/heads", "heads", &page,
		    page.more ? page.last : INT64_MAX, err);
	json_free(page.list);
	return -1;
}

static int
take_head(void *ctx, int64_t id, const struct audit_head *head)
{
	struct json_t **made = ctx;

	(void)id;
	*made = make_head(head);
	return 0;
}

/* The key is the token's, not what the store says of it. "" while there is none. */
static void
write_key(struct api *api, struct buffer *pem)
{
	struct keystore_key key;

	if (keyring_find(api->keys, AUDIT_KEY, &key, NULL) == 0 &&
	    key.use == KEY_USE_AUDIT)
		pem_append(
		    pem, "PUBLIC KEY", (struct bytes){ key.key.spki, key.key.spki_len });
}

int
get_audit_head(struct exchange *x, struct error *err)
{
	char hash[HASH_HEX], when[CLOCK_TEXT_SIZE];
	struct json_t *signed_head = NULL;
	struct audit_head end;
	struct buffer pem;
	int rc;

	if (store_audit_end(x->api->store, &end, err) != 0 ||
	    store_audit_head_last(x->api->store, take_head, &signed_head, err) != 0)
		return -1;
	hex_encode(hash, end.hash, AUDIT_HASH_BYTES);
	clock_format(when, end.time);
	buf_init(&pem, 0);
	write_key(x->api, &pem);
	rc = json_respond(x->res, 200,
	    json_make("{s:{s:I,s:s,s:s},s:o*,s:s}", "newest", "seq", (long long)end.seq,
		"time", when, "hash", hash, "signed", signed_head, "public_key",
		buf_string(&pem)),
	    err);
	buf_free(&pem);
	return rc;
}

/* blocked_keys.c - the public keys that are never certified. */
#include <stdio.h>
#include <string.h>

#include "api/handlers.h"
#include "api/json.h"
#include "api/url.h"
#include "base/clock.h"
#include "base/text.h"
#include "store/blocked_keys.h"

#define HASH_BYTES    32
#define HEX_SIZE      (2 * HASH_BYTES + 1)
#define PREFIX        "spki:"
#define NAME_SIZE     (sizeof(PREFIX) - 1 + HEX_SIZE) /* as audit and URL have it */
#define LIMIT_DEFAULT 100
#define LIMIT_MAX     1000

/* "spki:" in front, as in the name of a key in use, may be left out: names are none. */
static int
read_hash(const char *text, unsigned char hash[static HASH_BYTES], struct error *err)
{
	size_t prefix = strlen(PREFIX);

	if (strncmp(text, PREFIX, prefix) == 0)
		text += prefix;
	if (hex_decode(hash, HASH_BYTES, text) == 0)
		return 0;
	return error_set(err, ERROR_BAD_REQUEST,
	    "\"%.80s\": not spki: and the 64 hex digits of a SHA-256", text);
}

static void
write_name(char name[static NAME_SIZE], const unsigned char hash[static HASH_BYTES])
{
	memcpy(name, PREFIX, sizeof(PREFIX));
	hex_encode(name + strlen(PREFIX), hash, HASH_BYTES);
}

static struct json_t *
describe(const struct blocked_key_row *row)
{
	char hex[HEX_SIZE], created[CLOCK_TEXT_SIZE];

	hex_encode(hex, row->spki_sha256, HASH_BYTES);
	clock_format(created, row->created);
	return json_make("{s:s,s:s,s:s}", "spki_sha256", hex, "reason", row->reason,
	    "created", created);
}

struct page {
	struct json_t *list;
	size_t limit, count;
	unsigned char last[HASH_BYTES];
	bool more;
};

static int
list_key(void *ctx, const struct blocked_key_row *row)
{
	struct page *page = ctx;

	if (page->count == page->limit) {
		page->more = true;
		return 1;
	}
	page->count++;
	memcpy(page->last, row->spki_sha256, HASH_BYTES);
	return json_append(page->list, describe(row), NULL);
}

static int
read_query(const char *query, size_t *limit, unsigned char after[static HASH_BYTES],
    bool *begins, struct error *err)
{
	char cursor[HEX_SIZE];
	uint64_t value = LIMIT_DEFAULT;
	bool found;

	if (query_number(query, "limit", 1, LIMIT_MAX, &value, err) != 0 ||
	    query_get(query, "cursor", cursor, sizeof(cursor), &found, err) != 0 ||
	    (found && read_hash(cursor, after, err) != 0))
		return -1;
	*limit = (size_t)value;
	*begins = !found;
	return 0;
}

int
get_blocked_keys(struct exchange *x, struct error *err)
{
	unsigned char after[HASH_BYTES];
	char hex[HEX_SIZE];
	struct page page = { 0 };
	bool begins;

	if (read_query(x->req->query, &page.limit, after, &begins, err) != 0)
		return -1;
	page.list = json_make("[]");
	/* One more than asked for tells whether there is a next page. */
	if (store_blocked_key_each(x->api->store, begins ? NULL : after, page.limit + 1,
		list_key, &page, err) != 0) {
		json_free(page.list);
		return -1;
	}
	if (page.more) {
		hex_encode(hex, page.last, HASH_BYTES);
		snprintf(x->res->link, sizeof(x->res->link),
		    "</v1/blocked-keys?limit=%zu&cursor=%s>; rel=\"next\"", page.limit,
		    hex);
	}
	return json_respond(
	    x->res, 200, json_make("{s:o}", "blocked_keys", page.list), err);
}

/* The row of the path's key; ERROR_NOT_FOUND when it is not blocked. */
static int
find(struct exchange *x, struct blocked_key_row *row, struct error *err)
{
	unsigned char hash[HASH_BYTES];
	bool found;

	if (read_hash(x->req->params[0], hash, err) != 0 ||
	    store_blocked_key_find(x->api->store, hash, row, &found, err) != 0)
		return -1;
	return found ? 0 : error_set(err, ERROR_NOT_FOUND, "this key is not blocked");
}

int
get_blocked_key(struct exchange *x, struct error *err)
{
	struct blocked_key_row row;

	if (find(x, &row, err) != 0)
		return -1;
	return json_respond(x->res, 200, describe(&row), err);
}

static int
read_reason(
    const struct json_t *body, char reason[static STORE_REASON_SIZE], struct error *err)
{
	const char *text;

	if (json_text(body, "reason", true, &text, err) != 0)
		return -1;
	if (text_has_control(text))
		return error_set(err, ERROR_BAD_REQUEST, "reason: a control character");
	if (*text == '\0' || text_copy(reason, STORE_REASON_SIZE, text) != 0)
		return error_set(err, ERROR_BAD_REQUEST, "reason: 1 to %d bytes",
		    STORE_REASON_SIZE - 1);
	return 0;
}

static int
block(struct exchange *x, const struct json_t *body, struct error *err)
{
	struct blocked_key_row row = { .created = clock_now_s() };
	char name[NAME_SIZE];
	struct audit_event event = { .actor = x->req->caller->actor,
		.request = x->req->id,
		.action = "key.blocked",
		.object = name,
		.detail = row.reason };
	bool added;

	if (read_hash(x->req->params[0], row.spki_sha256, err) != 0 ||
	    read_reason(body, row.reason, err) != 0)
		return -1;
	write_name(name, row.spki_sha256);
	if (store_blocked_key_put(x->api->store, &row, &event, &added, err) != 0 ||
	    find(x, &row, err) != 0)
		return -1;
	snprintf(x->res->location, sizeof(x->res->location), "/v1/blocked-keys/%s", name);
	return json_respond(x->res, added ? 201 : 200, describe(&row), err);
}

int
put_blocked_key(struct exchange *x, struct error *err)
{
	static const char *const members[] = { "reason", NULL };
	struct json_t *body;
	int rc;

	if (json_read(&x->req->body, members, &body, err) != 0)
		return -1;
	rc = block(x, body, err);
	json_free(body);
	return rc;
}

int
delete_blocked_key(struct exchange *x, struct error *err)
{
	unsigned char hash[HASH_BYTES];
	char name[NAME_SIZE];
	struct audit_event event = { .actor = x->req->caller->actor,
		.request = x->req->id,
		.action = "key.unblocked",
		.object = name };

	if (read_hash(x->req->params[0], hash, err) != 0)
		return -1;
	write_name(name, hash);
	x->res->status = 204;
	return store_blocked_key_remove(x->api->store, hash, &event, err);
}

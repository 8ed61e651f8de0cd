/* tokens.c - bearer tokens: made, listed, revoked. */
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "api/bearer.h"
#include "api/bearer_table.h"
#include "api/handlers.h"
#include "api/json.h"
#include "base/clock.h"
#include "base/text.h"

#define DAY_S     INT64_C(86400)
#define DEFAULT_S (90 * DAY_S)
#define MAX_S     (5 * 365 * DAY_S)

static const char *
status_of(const struct token_row *row, int64_t now)
{
	if (row->revoked != 0)
		return "revoked";
	return token_has_ended(row, now) ? "expired" : "valid";
}

static struct json_t *
describe(const struct token_row *row)
{
	char created[CLOCK_TEXT_SIZE], expires[CLOCK_TEXT_SIZE], revoked[CLOCK_TEXT_SIZE];

	clock_format(created, row->created);
	clock_format(expires, row->expires);
	clock_format(revoked, row->revoked);
	return json_make("{s:s,s:s,s:s,s:s,s:s*}", "name", row->name, "status",
	    status_of(row, clock_now_s()), "created", created, "expires", expires,
	    "revoked", row->revoked != 0 ? revoked : NULL);
}

struct listing {
	struct json_t *list;
	int rc; /* the store does not tell why a visit ended */
	struct error *err;
};

static int
list_token(void *ctx, const struct token_row *row)
{
	struct listing *listing = ctx;

	listing->rc = json_append(listing->list, describe(row), listing->err);
	return listing->rc;
}

int
get_tokens(struct exchange *x, struct error *err)
{
	struct listing listing = { .list = json_make("[]"), .err = err };

	if (store_token_each(x->api->store, list_token, &listing, err) != 0 ||
	    listing.rc != 0) {
		json_free(listing.list);
		return -1;
	}
	return json_respond(x->res, 200, json_make("{s:o}", "tokens", listing.list), err);
}

int
get_token(struct exchange *x, struct error *err)
{
	const char *name = x->req->params[0];
	struct token_row row;

	if (!bearer_table_find(x->api->tokens, name, &row))
		return error_set(err, ERROR_NOT_FOUND, "no token %.80s", name);
	return json_respond(x->res, 200, describe(&row), err);
}

/* "expires", a time, or "expires_in_seconds". */
static int
read_expiry(const struct json_t *body, int64_t now, int64_t *expires, struct error *err)
{
	const char *text;
	int64_t seconds;

	if (json_text(body, "expires", false, &text, err) != 0 ||
	    json_number(body, "expires_in_seconds", 1, MAX_S, DEFAULT_S, &seconds, err) !=
		0)
		return -1;
	*expires = now + seconds;
	if (text == NULL)
		return 0;
	if (json_has(body, "expires_in_seconds"))
		return error_set(err, ERROR_BAD_REQUEST,
		    "expires and expires_in_seconds exclude each other");
	if (clock_parse(text, expires) != 0)
		return error_set(
		    err, ERROR_BAD_REQUEST, "expires: not like 2026-01-31T23:59:59Z");
	if (*expires <= now || *expires > now + MAX_S)
		return error_set(err, ERROR_BAD_REQUEST,
		    "expires: not within the next %d years of 365 days",
		    (int)(MAX_S / DAY_S / 365));
	return 0;
}

static int
read_token(const struct json_t *body, struct token_row *row, struct error *err)
{
	const char *name;

	row->created = clock_now_s();
	if (json_text(body, "name", true, &name, err) != 0)
		return -1;
	if (!name_is_valid(name))
		return error_set(err, ERROR_BAD_REQUEST,
		    "name: [a-z0-9][a-z0-9._-]*, at most %d characters", NAME_MAX_CHARS);
	snprintf(row->name, sizeof(row->name), "%s", name);
	return read_expiry(body, row->created, &row->expires, err);
}

static int
respond_made(struct exchange *x, const struct token_row *row, const struct bearer *bearer,
    struct error *err)
{
	struct json_t *answer = describe(row);
	char text[BEARER_TEXT_SIZE];

	bearer_write(bearer, text);
	if (json_set(answer, "token", json_make("s", text)) != 0) {
		json_free(answer);
		answer = NULL;
	}
	OPENSSL_cleanse(text, sizeof(text));
	snprintf(x->res->location, sizeof(x->res->location), "/v1/tokens/%s", row->name);
	snprintf(x->res->cache_control, sizeof(x->res->cache_control), "no-store");
	return json_respond_secret(x->res, 201, answer, "token", err);
}

static int
make(struct exchange *x, struct token_row *row, struct bearer *bearer, struct error *err)
{
	char until[CLOCK_TEXT_SIZE], detail[sizeof("until ") + CLOCK_TEXT_SIZE];
	struct audit_event event = { .actor = x->req->caller->actor,
		.request = x->req->id,
		.action = "token.created",
		.object = row->name,
		.detail = detail };

	if (RAND_bytes(row->salt, sizeof(row->salt)) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "random bytes");
	if (bearer_make(row->name, bearer, err) != 0 ||
	    bearer_hash(bearer, row->salt, row->hash, err) != 0)
		return -1;
	clock_format(until, row->expires);
	snprintf(detail, sizeof(detail), "until %s", until);
	if (bearer_table_add(x->api->tokens, row, &event, err) != 0)
		return -1;
	return respond_made(x, row, bearer, err);
}

int
post_tokens(struct exchange *x, struct error *err)
{
	static const char *const members[] = { "name", "expires", "expires_in_seconds",
		NULL };
	struct token_row row = { .revoked = 0 };
	struct bearer bearer;
	struct json_t *body;
	int rc;

	if (json_read(&x->req->body, members, &body, err) != 0)
		return -1;
	if ((rc = read_token(body, &row, err)) == 0) {
		rc = make(x, &row, &bearer, err);
		bearer_clear(&bearer);
	}
	json_free(body);
	return rc;
}

int
delete_token(struct exchange *x, struct error *err)
{
	const char *name = x->req->params[0];
	struct audit_event event = {
		.actor = x->req->caller->actor,
		.request = x->req->id,
		.action = "token.revoked",
		.object = name,
	};

	x->res->status = 204;
	return bearer_table_revoke(x->api->tokens, name, &event, err);
}

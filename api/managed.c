/* managed.c - certificates that renew themselves: shown. */
#include "api/managed.h"

#include <stdio.h>
#include <string.h>

#include "api/conditional.h"
#include "api/json.h"
#include "api/keyinfo.h"
#include "api/managed_state.h"
#include "base/clock.h"

static int
read_document(const char *text, struct json_t **json, struct error *err)
{
	const struct bytes bytes = { (const unsigned char *)text, strlen(text) };

	return json_read(&bytes, NULL, json, err);
}

int
managed_parse(const struct managed_row *row, struct managed *managed, struct error *err)
{
	*managed = (struct managed){ .row = *row };
	managed->row.definition = managed->row.state = NULL;
	if (read_document(row->definition, &managed->definition, err) != 0 ||
	    read_document(row->state, &managed->state, err) != 0)
		return -1;
	return 0;
}

struct loading {
	struct managed *managed;
	int rc; /* the store does not tell why a visit ended */
	struct error *err;
};

static int
load(void *ctx, const struct managed_row *row)
{
	struct loading *l = ctx;

	return l->rc = managed_parse(row, l->managed, l->err);
}

int
managed_load(
    struct api *api, const char *name, struct managed *managed, struct error *err)
{
	struct loading l = { .managed = managed, .err = err };

	*managed = (struct managed){ .definition = NULL };
	if (store_managed_find(api->store, name, load, &l, err) != 0)
		return -1;
	return l.rc;
}

void
managed_clear(struct managed *managed)
{
	json_free(managed->definition);
	json_free(managed->state);
	managed->definition = managed->state = NULL;
}

/* That the certificate was revoked changes when it is due, and no revision. */
void
managed_etag(const struct managed *managed, char etag[static MANAGED_ETAG_SIZE])
{
	snprintf(etag, MANAGED_ETAG_SIZE, "\"%lld%s\"", (long long)managed->row.revision,
	    managed->row.revoked_at != 0 ? "-revoked" : "");
}

int64_t
managed_due_at(const struct managed *managed)
{
	const struct managed_row *row = &managed->row;
	int64_t due =
	    managed_state_due(managed->definition, managed->state, row->created);

	return row->revoked_at != 0 && row->revoked_at < due ? row->revoked_at : due;
}

/* What is stored does not have it: certificates are revoked without a word to this. */
static int
set_revoked(struct json_t *state, int64_t revoked_at)
{
	char text[CLOCK_TEXT_SIZE];

	if (revoked_at == 0)
		return 0;
	clock_format(text, revoked_at);
	return json_set(state, "revoked", json_make("s", text));
}

/* The definition, with the state in it; takes both from managed. NULL when out of
 * memory. */
static struct json_t *
describe(struct managed *managed)
{
	struct json_t *json = managed->definition, *state = managed->state;
	int64_t due = managed_due_at(managed);
	char created[CLOCK_TEXT_SIZE];

	clock_format(created, managed->row.created);
	managed->definition = managed->state = NULL;
	if (managed_state_set_due(state, due) != 0 ||
	    set_revoked(state, managed->row.revoked_at) != 0 ||
	    json_set(state, "revision",
		json_make("I", (long long)managed->row.revision)) != 0 ||
	    json_set(json, "created", json_make("s", created)) != 0) {
		json_free(state);
		json_free(json);
		return NULL;
	}
	if (json_set(json, "state", state) == 0)
		return json;
	json_free(json);
	return NULL;
}

int
managed_respond(
    struct exchange *x, int status, struct managed *managed, struct error *err)
{
	managed_etag(managed, x->res->etag);
	return json_respond(x->res, status, describe(managed), err);
}

int
get_managed(struct exchange *x, struct error *err)
{
	char etag[MANAGED_ETAG_SIZE];
	struct managed managed;
	int rc;

	if ((rc = managed_load(x->api, x->req->params[0], &managed, err)) == 0) {
		managed_etag(&managed, etag);
		if (!conditional_not_modified(x->req, x->res, etag, 0))
			rc = managed_respond(x, 200, &managed, err);
	}
	managed_clear(&managed);
	return rc;
}

struct listing {
	struct exchange *x;
	struct json_t *list;
	int rc;
	struct error *err;
};

static int
list_one(void *ctx, const struct managed_row *row)
{
	struct listing *l = ctx;
	struct managed managed;

	if (!keyinfo_is_visible(l->x, row->name))
		return 0;
	if ((l->rc = managed_parse(row, &managed, l->err)) == 0)
		l->rc = json_append(l->list, describe(&managed), l->err);
	managed_clear(&managed);
	return l->rc;
}

int
get_managed_all(struct exchange *x, struct error *err)
{
	const struct access_question any = { .needed = ACCESS_READ | ACCESS_MANAGE_KEY };
	struct listing l = { .x = x, .list = json_make("[]"), .err = err };

	if (require_access(x, &any, err) != 0 ||
	    store_managed_each(x->api->store, list_one, &l, err) != 0 || l.rc != 0) {
		json_free(l.list);
		return -1;
	}
	return json_respond(x->res, 200, json_make("{s:o}", "managed", l.list), err);
}

/*
 * crl_round.c - one issuer's CRLs, from the revocations in the store to the shelf.
 *
 * All that a round makes bears one number: RFC 5280 section 5.2.3 wants it of a complete
 * CRL and a delta that are made together, and forbids nothing between shards.
 */
#include "ca/crl_round.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "base/log.h"
#include "ca/crl.h"
#include "ca/crl_point.h"

/* A delta is there to be fresh. */
#define DELTA_LIFETIME_S (2 * CRL_INTERVAL_S)

struct round {
	struct authority *authority;
	struct issuer *issuer;
	struct crl_shelf *shelf;
	enum crl_due what;
	int64_t now, number;
	EVP_PKEY *key;
	struct crl_base last, oldest;
	struct revocation_mark mark;
	struct crl_item *made;
	size_t count, revoked;
};

/* Copies the store's rows into a CRL. */
struct copying {
	struct crl_draft *draft;
	struct error *err;
	int rc;
};

static int
copy_entry(void *ctx, const struct revocation *revocation)
{
	struct copying *copying = ctx;

	return copying->rc = crl_add(copying->draft, revocation, copying->err);
}

/*
 * RFC 5280 section 3.3: an entry stays until a scheduled CRL after the certificate's end
 * has had it.
 */
static struct revocation_range
range_of(const struct round *r, const struct crl_item *item)
{
	return (struct revocation_range){
		.issuer = r->issuer->row.name,
		.shard = item->shard,
		.to = r->mark,
		.is_delta = item->is_delta,
		.since = r->oldest.number != 0 ? r->oldest.last_change : r->mark.change,
		.expired_before = r->last.this_update,
		.unlisted_after = r->last.last_change,
	};
}

/* Makes one after spec, and keeps it. */
static int
sign_item(struct round *r, struct crl_item *item, const struct crl_spec *spec,
    struct error *err)
{
	struct revocation_range range = range_of(r, item);
	struct crl_draft draft;
	struct copying copying = { &draft, err, 0 };
	int rc = -1;

	if (crl_begin(r->authority->libctx, spec, &draft, err) == 0 &&
	    store_revocation_each(
		r->authority->store, &range, copy_entry, &copying, err) == 0 &&
	    copying.rc == 0)
		rc = crl_sign(r->authority->libctx, &draft, &item->info.der, err);
	if (rc == 0 && item->shard == CRL_OF_ALL && !item->is_delta)
		r->revoked = draft.count;
	crl_clear(&draft);
	if (rc == 0)
		r->made[r->count++] = *item;
	return rc;
}

static int
make_item(struct round *r, int shard, bool is_delta, struct error *err)
{
	bool is_shard = shard != CRL_OF_ALL;
	struct crl_item item = {
		.info = { .number = r->number,
		    .this_update = r->now,
		    .next_update =
			r->now + (is_delta ? DELTA_LIFETIME_S : CRL_LIFETIME_S) },
		.shard = shard,
		.is_delta = is_delta,
		.last_change = r->mark.change,
	};
	struct crl_spec spec = {
		.issuer = r->issuer->cert,
		.key = r->key,
		.number = r->number,
		.this_update = item.info.this_update,
		.next_update = item.info.next_update,
	};
	struct buffer url;
	int rc = -1;

	/* A delta to the CRL made beside it is empty, but there. */
	if (is_delta)
		spec.base = r->oldest.number != 0 ? r->oldest.number : r->number;
	item.base = spec.base;
	buf_init(&url, 0);
	if (is_shard)
		crl_point_url(&r->issuer->info, shard, &url);
	else if (!is_delta)
		crl_point_delta(&r->issuer->info, &url);
	if (url.len > 0 && is_shard)
		spec.point_url = buf_string(&url);
	else if (url.len > 0)
		spec.delta_url = buf_string(&url);
	if (buf_failed(&url))
		error_set(err, ERROR_INTERNAL, "out of memory");
	else
		rc = sign_item(r, &item, &spec, err);
	buf_free(&url);
	return rc;
}

/* One that once was published goes on, also when the issuer has fewer shards now. */
static int
count_shards(const struct round *r)
{
	int shards = crl_point_shards(&r->issuer->info);

	if (!crl_point_is_set(&r->issuer->info))
		return 0;
	for (size_t i = 0; i < r->shelf->count; i++)
		if (r->shelf->items[i].shard >= shards)
			shards = r->shelf->items[i].shard + 1;
	return shards;
}

static int
make_shard(struct round *r, int shard, struct error *err)
{
	const struct crl_item *there = crl_shelf_item(r->shelf, shard, false);
	bool is_due = r->what == CRL_DUE_SCHEDULED || there == NULL;

	if (!is_due && store_revocation_changed(r->authority->store, r->issuer->row.name,
			   shard, there->last_change, &is_due, err) != 0)
		return -1;
	return is_due ? make_item(r, shard, false, err) : 0;
}

static int
make_all(struct round *r, struct error *err)
{
	int shards = count_shards(r);

	if ((r->made = calloc((size_t)shards + 2, sizeof(*r->made))) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (make_item(r, CRL_OF_ALL, false, err) != 0 ||
	    make_item(r, CRL_OF_ALL, true, err) != 0)
		return -1;
	for (int shard = 0; shard < shards; shard++)
		if (make_shard(r, shard, err) != 0)
			return -1;
	return 0;
}

static int
look_up(struct round *r, struct error *err)
{
	struct store *store = r->authority->store;
	const char *name = r->issuer->row.name;
	int64_t highest;

	/* The mark first: what is revoked from here on is for the next round. */
	if (store_revocation_mark(store, name, &r->mark, err) != 0 ||
	    store_crl_numbers(store, name, r->now, &highest, &r->last, &r->oldest, err) !=
		0 ||
	    issuers_key(&r->authority->issuers, r->issuer, &r->key, err) != 0)
		return -1;
	/*
	 * The time, or one more than the last. So it is higher than that of another
	 * program, which counted, when the issuer was imported; and than those that a
	 * store gave out after the backup that it was restored from.
	 */
	r->number = highest < r->now ? r->now : highest + 1;
	return 0;
}

static int
record(struct round *r, struct error *err)
{
	struct crl_row *rows = calloc(r->count, sizeof(*rows));
	char detail[128];
	struct audit_event event = { .actor = AUDIT_SELF,
		.action = "crl.published",
		.object = r->issuer->row.name,
		.detail = detail };
	int rc;

	if (rows == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	for (size_t i = 0; i < r->count; i++)
		rows[i] = (struct crl_row){
			.shard = r->made[i].shard,
			.is_delta = r->made[i].is_delta,
			.number = r->number,
			.base = r->made[i].base,
			.last_change = r->made[i].last_change,
			.this_update = r->made[i].info.this_update,
			.next_update = r->made[i].info.next_update,
			.crl = shared_bytes(r->made[i].info.der),
		};
	snprintf(detail, sizeof(detail), "number %lld, %zu revoked, %zu lists",
	    (long long)r->number, r->revoked, r->count);
	rc = store_crls_record(r->authority->store, r->issuer->row.name, rows, r->count,
	    r->what == CRL_DUE_SCHEDULED, &event, err);
	free(rows);
	return rc;
}

static int
run(struct round *r, struct error *err)
{
	if (look_up(r, err) != 0 || make_all(r, err) != 0 || record(r, err) != 0 ||
	    crl_shelves_put(&r->authority->shelves, r->shelf, r->made, r->count, err) !=
		0)
		return -1;
	r->count = 0; /* the shelf has them */
	return 0;
}

int
crl_round_run(struct authority *authority, struct issuer *issuer, struct crl_shelf *shelf,
    enum crl_due what, int64_t now, struct error *err)
{
	struct round r = {
		.authority = authority,
		.issuer = issuer,
		.shelf = shelf,
		.what = what,
		.now = now,
	};
	int64_t start_ms = clock_mono_ms();
	int rc = run(&r, err);

	if (rc == 0)
		log_info("crl.published", "issuer=%s number=%lld revoked=%zu ms=%lld",
		    issuer->row.name, (long long)r.number, r.revoked,
		    (long long)(clock_mono_ms() - start_ms));
	for (size_t i = 0; i < r.count; i++)
		shared_free(r.made[i].info.der);
	free(r.made);
	EVP_PKEY_free(r.key);
	return rc;
}

/* authority_crl.c - whose CRLs are due, and what became of them. */
#include "ca/authority_crl.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ca/authority_state.h"
#include "ca/crl_point.h"
#include "ca/crl_round.h"
#include "store/revocations.h"

/* What nobody wakes for, such as a clock that was set, is noticed within a minute. */
#define LOOK_S 60

/* Nobody can go by a CRL of an authority that has expired. */
static bool
publishes(const struct issuer *issuer, int64_t now)
{
	return (issuer->row.state == ISSUER_ACTIVE ||
		   issuer->row.state == ISSUER_RETIRING) &&
	       now <= issuer->validity.not_after;
}

/* Notes what was revoked, or divided, since the CRL of all was made. */
static int
notice(struct authority *authority, const struct issuer *issuer, struct crl_shelf *shelf,
    int64_t now, struct error *err)
{
	const struct crl_item *all = crl_shelf_item(shelf, CRL_OF_ALL, false);
	int shards = crl_point_shards(&issuer->info);
	struct revocation_mark mark;

	if (all == NULL)
		return 0;
	if (store_revocation_mark(authority->store, issuer->row.name, &mark, err) != 0)
		return -1;
	if (mark.change > all->last_change ||
	    (shards > 0 && crl_shelf_item(shelf, shards - 1, false) == NULL))
		crl_schedule_changed(&shelf->schedule, now);
	return 0;
}

/* The same trouble each few minutes is one line in the log. */
static void
fail(struct crl_shelf *shelf, int64_t now, const struct error *err)
{
	char why[LOG_QUOTED_MAX];

	crl_schedule_failed(&shelf->schedule, now);
	if (strcmp(shelf->trouble, err->text) == 0)
		return;
	memcpy(shelf->trouble, err->text, sizeof(shelf->trouble));
	log_error("crl.failed", "issuer=%s next_update=%lld why=\"%s\"", shelf->issuer,
	    (long long)shelf->schedule.next_update, log_quoted(why, err->text));
}

static void
publish(struct authority *authority, struct issuer *issuer, struct crl_shelf *shelf,
    int64_t now, int64_t *next)
{
	struct error err = { 0 };
	enum crl_due due;

	if (notice(authority, issuer, shelf, now, &err) != 0) {
		fail(shelf, now, &err);
		return;
	}
	due = crl_schedule_due(&shelf->schedule, now, next);
	if (due == CRL_NOT_DUE)
		return;
	if (crl_round_run(authority, issuer, shelf, due, now, &err) != 0) {
		fail(shelf, now, &err);
	} else {
		crl_schedule_made(&shelf->schedule, due, now);
		shelf->trouble[0] = '\0';
	}
	crl_schedule_due(&shelf->schedule, now, next);
}

int64_t
authority_publish(struct authority *authority, int64_t now)
{
	int64_t earliest = now + LOOK_S;

	if (pthread_mutex_lock(&authority->shelves.publishing) != 0)
		abort();
	for (struct issuer *i = issuers_next(&authority->issuers, NULL); i != NULL;
	     i = issuers_next(&authority->issuers, i)) {
		int64_t next = earliest;
		char why[LOG_QUOTED_MAX];
		struct crl_shelf *shelf;
		struct error err;

		if (!publishes(i, now))
			continue;
		if (crl_shelves_open(&authority->shelves, authority->store, i->row.name,
			&shelf, &err) != 0)
			log_error("crl.failed", "issuer=%s why=\"%s\"", i->row.name,
			    log_quoted(why, err.text));
		else
			publish(authority, i, shelf, now, &next);
		if (next < earliest)
			earliest = next;
	}
	if (pthread_mutex_unlock(&authority->shelves.publishing) != 0)
		abort();
	return earliest > now ? earliest : now + 1;
}

void
authority_on_change(struct authority *authority, void (*wake)(void *ctx), void *ctx)
{
	if (pthread_mutex_lock(&authority->waking) != 0)
		abort();
	authority->wake = wake;
	authority->wake_ctx = ctx;
	if (pthread_mutex_unlock(&authority->waking) != 0)
		abort();
}

void
authority_changed(struct authority *authority)
{
	if (pthread_mutex_lock(&authority->waking) != 0)
		abort();
	if (authority->wake != NULL)
		authority->wake(authority->wake_ctx);
	if (pthread_mutex_unlock(&authority->waking) != 0)
		abort();
}

int
authority_crl(struct authority *authority, const char *name, int shard, bool is_delta,
    struct crl_info *crl, struct error *err)
{
	struct issuer *issuer;

	if (issuers_find(&authority->issuers, name, &issuer, err) != 0)
		return -1;
	if (crl_shelves_find(&authority->shelves, issuer->row.name, shard, is_delta, crl))
		return 0;
	if (shard != AUTHORITY_ALL_SHARDS && shard >= crl_point_shards(&issuer->info))
		return error_set(err, ERROR_NOT_FOUND,
		    "the CRL of issuer %s has no shard %d", name, shard);
	return error_set(err, ERROR_TOKEN,
	    "issuer %s has no CRL yet: its key could not be used so far; the log says "
	    "why",
	    name);
}

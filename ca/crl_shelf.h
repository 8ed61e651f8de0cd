/*
 * crl_shelf.h - the CRLs that are published, in memory (inside ca/ only).
 *
 * What lies on a shelf is in the store. Requests take from it at any time; only the
 * publisher puts something on it, and only the publisher looks at a schedule.
 */
#ifndef CA_CRL_SHELF_H
#define CA_CRL_SHELF_H

#include <pthread.h>

#include "ca/authority_crl.h"
#include "ca/crl_schedule.h"
#include "store/crls.h"

struct crl_item {
	struct crl_info info;
	int shard; /* or CRL_OF_ALL */
	bool is_delta;
	int64_t base, last_change;
};

struct crl_shelf {
	char issuer[STORE_NAME_SIZE];
	struct crl_schedule schedule;
	char trouble[ERROR_TEXT_MAX]; /* what was logged last; "" when all is well */
	struct crl_item *items;
	size_t count;
	struct crl_shelf *next;
};

struct crl_shelves {
	pthread_mutex_t lock;       /* guards the list and every shelf's items */
	pthread_mutex_t publishing; /* one publisher at a time */
	struct crl_shelf *first;
};

int crl_shelves_init(struct crl_shelves *shelves, struct error *err);
void crl_shelves_clear(struct crl_shelves *shelves);

/* The issuer's shelf, filled from the store when it is new. */
int crl_shelves_open(struct crl_shelves *shelves, struct store *store, const char *issuer,
    struct crl_shelf **shelf, struct error *err);

/* A reference to the DER for the caller; false when there is none. */
bool crl_shelves_find(struct crl_shelves *shelves, const char *issuer, int shard,
    bool is_delta, struct crl_info *info);

/* For the publisher: what lies there, or NULL. */
const struct crl_item *
crl_shelf_item(const struct crl_shelf *shelf, int shard, bool is_delta);

/* Takes over the DER of each item; what lay there before goes. */
int crl_shelves_put(struct crl_shelves *shelves, struct crl_shelf *shelf,
    const struct crl_item *items, size_t count, struct error *err);

#endif

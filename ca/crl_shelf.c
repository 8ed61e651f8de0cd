/* crl_shelf.c - a list of shelves behind a lock that is held for look-ups alone. */
#include "ca/crl_shelf.h"

#include <stdlib.h>
#include <string.h>

int
crl_shelves_init(struct crl_shelves *shelves, struct error *err)
{
	*shelves = (struct crl_shelves){ .first = NULL };
	if (pthread_mutex_init(&shelves->lock, NULL) != 0)
		return error_set(err, ERROR_INTERNAL, "no lock for the CRLs");
	if (pthread_mutex_init(&shelves->publishing, NULL) != 0) {
		pthread_mutex_destroy(&shelves->lock);
		return error_set(err, ERROR_INTERNAL, "no lock for the CRLs");
	}
	return 0;
}

static void
shelf_free(struct crl_shelf *shelf)
{
	for (size_t i = 0; i < shelf->count; i++)
		shared_free(shelf->items[i].info.der);
	free(shelf->items);
	free(shelf);
}

void
crl_shelves_clear(struct crl_shelves *shelves)
{
	while (shelves->first != NULL) {
		struct crl_shelf *next = shelves->first->next;

		shelf_free(shelves->first);
		shelves->first = next;
	}
	pthread_mutex_destroy(&shelves->lock);
	pthread_mutex_destroy(&shelves->publishing);
}

static void
lock(struct crl_shelves *shelves)
{
	if (pthread_mutex_lock(&shelves->lock) != 0)
		abort();
}

static void
unlock(struct crl_shelves *shelves)
{
	if (pthread_mutex_unlock(&shelves->lock) != 0)
		abort();
}

static struct crl_item *
find_item(const struct crl_shelf *shelf, int shard, bool is_delta)
{
	for (size_t i = 0; i < shelf->count; i++)
		if (shelf->items[i].shard == shard &&
		    shelf->items[i].is_delta == is_delta)
			return &shelf->items[i];
	return NULL;
}

const struct crl_item *
crl_shelf_item(const struct crl_shelf *shelf, int shard, bool is_delta)
{
	return find_item(shelf, shard, is_delta);
}

static struct crl_shelf *
find_shelf(struct crl_shelves *shelves, const char *issuer)
{
	struct crl_shelf *shelf;

	lock(shelves);
	for (shelf = shelves->first; shelf != NULL; shelf = shelf->next)
		if (strcmp(shelf->issuer, issuer) == 0)
			break;
	unlock(shelves);
	return shelf;
}

/* Room for count more; the items stay where they are on failure. */
static int
make_room(struct crl_shelf *shelf, size_t count, struct error *err)
{
	struct crl_item *items =
	    realloc(shelf->items, (shelf->count + count) * sizeof(*items));

	if (items == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	shelf->items = items;
	return 0;
}

struct loading {
	struct crl_shelf *shelf;
	struct error *err;
	int rc;
};

static int
load_item(void *ctx, const struct crl_row *row)
{
	struct loading *loading = ctx;
	struct crl_shelf *shelf = loading->shelf;
	struct crl_item item = {
		.info = { .number = row->number,
		    .this_update = row->this_update,
		    .next_update = row->next_update },
		.shard = row->shard,
		.is_delta = row->is_delta,
		.base = row->base,
		.last_change = row->last_change,
	};
	struct buffer der;

	buf_init(&der, 0);
	buf_append(&der, row->crl.data, row->crl.len);
	if ((item.info.der = shared_new(&der, 0)) == NULL ||
	    make_room(shelf, 1, loading->err) != 0) {
		shared_free(item.info.der);
		buf_free(&der);
		return loading->rc =
			   error_set(loading->err, ERROR_INTERNAL, "no memory for CRLs");
	}
	shelf->items[shelf->count++] = item;
	return 0;
}

static int
load(struct store *store, struct crl_shelf *shelf, struct error *err)
{
	struct loading loading = { shelf, err, 0 };
	struct crl_base last, oldest;
	const struct crl_item *all;
	int64_t highest;

	if (store_crl_each(store, shelf->issuer, load_item, &loading, err) != 0 ||
	    loading.rc != 0 ||
	    store_crl_numbers(store, shelf->issuer, 0, &highest, &last, &oldest, err) !=
		0)
		return -1;
	shelf->schedule.scheduled = last.this_update;
	if ((all = crl_shelf_item(shelf, CRL_OF_ALL, false)) != NULL)
		shelf->schedule.next_update = all->info.next_update;
	return 0;
}

int
crl_shelves_open(struct crl_shelves *shelves, struct store *store, const char *issuer,
    struct crl_shelf **shelf, struct error *err)
{
	struct crl_shelf *made;

	if ((*shelf = find_shelf(shelves, issuer)) != NULL)
		return 0;
	if ((made = calloc(1, sizeof(*made))) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (text_copy(made->issuer, sizeof(made->issuer), issuer) != 0)
		abort();
	if (load(store, made, err) != 0) {
		shelf_free(made);
		return -1;
	}
	lock(shelves);
	made->next = shelves->first;
	shelves->first = made;
	unlock(shelves);
	*shelf = made;
	return 0;
}

bool
crl_shelves_find(struct crl_shelves *shelves, const char *issuer, int shard,
    bool is_delta, struct crl_info *info)
{
	struct crl_shelf *shelf = find_shelf(shelves, issuer);
	const struct crl_item *item = NULL;

	if (shelf == NULL)
		return false;
	lock(shelves);
	if ((item = find_item(shelf, shard, is_delta)) != NULL) {
		*info = item->info;
		shared_hold(info->der);
	}
	unlock(shelves);
	return item != NULL;
}

int
crl_shelves_put(struct crl_shelves *shelves, struct crl_shelf *shelf,
    const struct crl_item *items, size_t count, struct error *err)
{
	int rc;

	lock(shelves);
	rc = make_room(shelf, count, err);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct crl_item *there =
		    find_item(shelf, items[i].shard, items[i].is_delta);

		if (there == NULL)
			there = &shelf->items[shelf->count++];
		else
			shared_free(there->info.der);
		*there = items[i];
	}
	unlock(shelves);
	return rc;
}

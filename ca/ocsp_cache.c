/* ocsp_cache.c - a hash table whose entries are also a list, by when they were used. */
#include "ca/ocsp_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 16384

struct entry {
	struct entry *chain;         /* of the bucket */
	struct entry *newer, *older; /* by use */
	struct ocsp_cache_key key;
	struct ocsp_cache_times times;
	size_t len;
	unsigned char der[];
};

struct ocsp_cache {
	pthread_mutex_t lock;
	size_t max_bytes, bytes;
	struct entry *newest, *oldest;
	struct entry *buckets[BUCKETS];
};

static void
lock(struct ocsp_cache *cache)
{
	if (pthread_mutex_lock(&cache->lock) != 0)
		abort();
}

static void
unlock(struct ocsp_cache *cache)
{
	if (pthread_mutex_unlock(&cache->lock) != 0)
		abort();
}

/* Serials of certificates are random and of our own choice (FNV-1a). */
static struct entry **
bucket_of(struct ocsp_cache *cache, const struct ocsp_cache_key *key)
{
	uint32_t hash = 2166136261u;

	for (const char *p = key->serial; *p != '\0'; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619u;
	return &cache->buckets[hash % BUCKETS];
}

static bool
same_key(const struct ocsp_cache_key *a, const struct ocsp_cache_key *b)
{
	return strcmp(a->serial, b->serial) == 0 && strcmp(a->issuer, b->issuer) == 0 &&
	       a->hash == b->hash && a->is_revoked == b->is_revoked &&
	       a->revoked_at == b->revoked_at && a->reason == b->reason;
}

static struct entry *
find(struct ocsp_cache *cache, const struct ocsp_cache_key *key)
{
	struct entry *e = *bucket_of(cache, key);

	while (e != NULL && !same_key(&e->key, key))
		e = e->chain;
	return e;
}

static void
list_remove(struct ocsp_cache *cache, struct entry *e)
{
	*(e->newer != NULL ? &e->newer->older : &cache->newest) = e->older;
	*(e->older != NULL ? &e->older->newer : &cache->oldest) = e->newer;
}

static void
list_prepend(struct ocsp_cache *cache, struct entry *e)
{
	e->newer = NULL;
	e->older = cache->newest;
	*(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = e;
	cache->newest = e;
}

static size_t
size_of(const struct entry *e)
{
	return sizeof(*e) + e->len;
}

static void
drop(struct ocsp_cache *cache, struct entry *e)
{
	struct entry **link = bucket_of(cache, &e->key);

	while (*link != e)
		link = &(*link)->chain;
	*link = e->chain;
	list_remove(cache, e);
	cache->bytes -= size_of(e);
	free(e);
}

int
ocsp_cache_new(size_t max_bytes, struct ocsp_cache **cache, struct error *err)
{
	struct ocsp_cache *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	made->max_bytes = max_bytes;
	if (pthread_mutex_init(&made->lock, NULL) != 0) {
		free(made);
		return error_set(err, ERROR_INTERNAL, "no lock for OCSP answers");
	}
	*cache = made;
	return 0;
}

void
ocsp_cache_free(struct ocsp_cache *cache)
{
	if (cache == NULL)
		return;
	while (cache->newest != NULL)
		drop(cache, cache->newest);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

bool
ocsp_cache_find(struct ocsp_cache *cache, const struct ocsp_cache_key *key, int64_t now,
    struct buffer *der, struct ocsp_cache_times *times)
{
	struct entry *e;
	bool found = false;

	lock(cache);
	if ((e = find(cache, key)) != NULL && now < e->times.fresh_until &&
	    now >= e->times.this_update) {
		list_remove(cache, e);
		list_prepend(cache, e);
		buf_append(der, e->der, e->len);
		*times = e->times;
		found = true;
	}
	unlock(cache);
	return found;
}

static struct entry *
new_entry(const struct ocsp_cache_key *key, struct bytes der,
    const struct ocsp_cache_times *times)
{
	struct entry *e = malloc(sizeof(*e) + der.len);

	if (e == NULL)
		return NULL;
	*e = (struct entry){ .key = *key, .times = *times, .len = der.len };
	memcpy(e->der, der.data, der.len);
	return e;
}

void
ocsp_cache_add(struct ocsp_cache *cache, const struct ocsp_cache_key *key,
    struct bytes der, const struct ocsp_cache_times *times)
{
	struct entry *e = new_entry(key, der, times), *same, **bucket;

	if (e == NULL)
		return;
	lock(cache);
	if ((same = find(cache, key)) != NULL)
		drop(cache, same);
	bucket = bucket_of(cache, key);
	e->chain = *bucket;
	*bucket = e;
	list_prepend(cache, e);
	cache->bytes += size_of(e);
	while (cache->bytes > cache->max_bytes)
		drop(cache, cache->oldest);
	unlock(cache);
}

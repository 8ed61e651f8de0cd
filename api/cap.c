/* cap.c - a table of peers to which is only added, and two numbers for each. */
#include "api/cap.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "api/peerhash.h"

#define PROBES     16
#define SECOND_NS  INT64_C(1000000000)
#define NEWS_NS    (60 * SECOND_NS)
#define CACHE_LINE 64

struct cap_peer {
	_Alignas(CACHE_LINE) atomic_ullong hash; /* 0: nobody's */
	/* When the last request would have come, had all come at even intervals. */
	atomic_llong due_ns;
	atomic_uint busy;
	atomic_llong told_ns; /* when a refusal was news; 0: never */
};

struct cap {
	uint64_t seed; /* so that nobody can look for peers that find no place */
	int64_t interval_ns, period_ns;
	unsigned concurrent;
	struct cap_peer peers[CAP_PEERS], others;
};

int
cap_new(const struct cap_terms *terms, struct cap **cap, struct error *err)
{
	struct cap *l = aligned_alloc(CACHE_LINE, sizeof(*l));

	if (l == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	memset(l, 0, sizeof(*l));
	if (RAND_bytes((unsigned char *)&l->seed, sizeof(l->seed)) != 1) {
		free(l);
		return error_set_openssl(err, ERROR_INTERNAL, "random bytes");
	}
	l->concurrent = terms->concurrent;
	l->period_ns = terms->period_s * SECOND_NS;
	if (terms->rate > 0)
		l->interval_ns = l->period_ns / terms->rate;
	*cap = l;
	return 0;
}

void
cap_free(struct cap *cap)
{
	free(cap);
}

static struct cap_peer *
find(struct cap *cap, const char *actor)
{
	uint64_t hash = peerhash(cap->seed, actor, strlen(actor)) | 1;

	for (size_t i = 0; i < PROBES; i++) {
		/* The lowest bit is always set. */
		struct cap_peer *peer = &cap->peers[((hash >> 1) + i) % CAP_PEERS];
		unsigned long long there =
		    atomic_load_explicit(&peer->hash, memory_order_relaxed);

		if (there == hash)
			return peer;
		if (there == 0 &&
		    atomic_compare_exchange_strong(&peer->hash, &there, hash))
			return peer;
		/* Another thread was first, perhaps with the same peer. */
		if (there == hash)
			return peer;
	}
	return &cap->others;
}

static bool
enter(const struct cap *cap, struct cap_peer *peer)
{
	if (cap->concurrent == 0)
		return true;
	if (atomic_fetch_add_explicit(&peer->busy, 1, memory_order_relaxed) <
	    cap->concurrent)
		return true;
	atomic_fetch_sub_explicit(&peer->busy, 1, memory_order_relaxed);
	return false;
}

static void
leave(struct cap_peer *peer)
{
	atomic_fetch_sub_explicit(&peer->busy, 1, memory_order_relaxed);
}

/* 0, or how long until one more would do. */
static int64_t
pace(const struct cap *cap, struct cap_peer *peer, int64_t now_ns)
{
	long long due = atomic_load_explicit(&peer->due_ns, memory_order_relaxed), next;

	if (cap->interval_ns == 0)
		return 0;
	do {
		next = (due > now_ns ? due : now_ns) + cap->interval_ns;
		if (next - now_ns > cap->period_ns)
			return next - now_ns - cap->period_ns;
	} while (!atomic_compare_exchange_weak_explicit(
	    &peer->due_ns, &due, next, memory_order_relaxed, memory_order_relaxed));
	return 0;
}

static bool
refuse(struct cap_peer *peer, int64_t wait_ns, int64_t now_ns, struct cap_claim *claim)
{
	long long told = atomic_load_explicit(&peer->told_ns, memory_order_relaxed);

	claim->retry_after_s =
	    wait_ns > SECOND_NS ? (int)((wait_ns + SECOND_NS - 1) / SECOND_NS) : 1;
	claim->is_news = (told == 0 || now_ns - told >= NEWS_NS) &&
			 atomic_compare_exchange_strong(&peer->told_ns, &told, now_ns);
	return false;
}

bool
cap_grant(struct cap *cap, const char *actor, int64_t now_ns, struct cap_claim *claim)
{
	struct cap_peer *peer = find(cap, actor);
	int64_t wait_ns;

	*claim = (struct cap_claim){ 0 };
	if (!enter(cap, peer))
		return refuse(peer, 0, now_ns, claim);
	wait_ns = pace(cap, peer, now_ns);
	if (wait_ns > 0) {
		if (cap->concurrent > 0)
			leave(peer);
		return refuse(peer, wait_ns, now_ns, claim);
	}
	if (cap->concurrent > 0)
		claim->peer = peer;
	return true;
}

void
cap_release(struct cap_claim *claim)
{
	if (claim->peer != NULL)
		leave(claim->peer);
	claim->peer = NULL;
}

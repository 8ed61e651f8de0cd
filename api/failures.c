/* failures.c - a small table of windows; a set of it has the peers of one hash. */
#include "api/failures.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <openssl/rand.h>

#include "api/peerhash.h"

#define SETS      256
#define WAYS      4
#define WINDOW_MS (FAILURES_WINDOW_S * INT64_C(1000))

struct window {
	uint64_t peer;
	int64_t start_ms;
	unsigned count; /* 0: of nobody */
};

struct failures {
	uint64_t seed; /* so that nobody can look for peers that hash alike */
	/* No window began after it: then there is nothing to look up. */
	atomic_llong quiet_from_ms;
	pthread_mutex_t lock; /* the windows */
	struct window windows[SETS][WAYS];
};

int
failures_new(struct failures **failures, struct error *err)
{
	struct failures *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (RAND_bytes((unsigned char *)&f->seed, sizeof(f->seed)) != 1) {
		free(f);
		return error_set_openssl(err, ERROR_INTERNAL, "random bytes");
	}
	pthread_mutex_init(&f->lock, NULL);
	*failures = f;
	return 0;
}

void
failures_free(struct failures *failures)
{
	if (failures == NULL)
		return;
	pthread_mutex_destroy(&failures->lock);
	free(failures);
}

static bool
is_over(const struct window *window, int64_t now_ms)
{
	return window->count == 0 || now_ms - window->start_ms >= WINDOW_MS;
}

/* With the lock held; NULL: this peer has none. */
static struct window *
find(struct failures *failures, uint64_t peer, int64_t now_ms)
{
	struct window *set = failures->windows[peer % SETS];

	for (size_t i = 0; i < WAYS; i++)
		if (set[i].peer == peer && !is_over(&set[i], now_ms))
			return &set[i];
	return NULL;
}

/* One that is over, or else the oldest. */
static struct window *
begin(struct failures *failures, uint64_t peer, int64_t now_ms)
{
	struct window *set = failures->windows[peer % SETS], *chosen = &set[0];

	for (size_t i = 0; i < WAYS; i++) {
		if (is_over(&set[i], now_ms)) {
			chosen = &set[i];
			break;
		}
		if (set[i].start_ms < chosen->start_ms)
			chosen = &set[i];
	}
	*chosen = (struct window){ .peer = peer, .start_ms = now_ms };
	return chosen;
}

/* Likewise. */
static int
wait_s_of(const struct window *window, int64_t now_ms)
{
	if (window == NULL || window->count < FAILURES_MAX)
		return 0;
	return (int)((window->start_ms + WINDOW_MS - now_ms + 999) / 1000);
}

int
failures_wait_s(struct failures *failures, const char *actor, int64_t now_ms)
{
	int wait_s;

	if (now_ms >= atomic_load(&failures->quiet_from_ms))
		return 0;
	pthread_mutex_lock(&failures->lock);
	wait_s = wait_s_of(
	    find(failures, peerhash_of_actor(failures->seed, actor), now_ms), now_ms);
	pthread_mutex_unlock(&failures->lock);
	return wait_s;
}

int
failures_add(struct failures *failures, const char *actor, int64_t now_ms, bool *last)
{
	uint64_t peer = peerhash_of_actor(failures->seed, actor);
	struct window *window;
	int wait_s;

	*last = false;
	pthread_mutex_lock(&failures->lock);
	window = find(failures, peer, now_ms);
	wait_s = wait_s_of(window, now_ms);
	if (wait_s == 0) {
		if (window == NULL)
			window = begin(failures, peer, now_ms);
		*last = ++window->count == FAILURES_MAX;
		atomic_store(&failures->quiet_from_ms, now_ms + WINDOW_MS);
	}
	pthread_mutex_unlock(&failures->lock);
	return wait_s;
}

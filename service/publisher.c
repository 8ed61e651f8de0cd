/*
 * publisher.c - sleeps until something is due, or somebody wakes it.
 *
 * What is due is the authority's business; here is only the waiting.
 */
#include "service/publisher.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

struct publisher {
	struct authority *authority;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* waits by CLOCK_MONOTONIC */
	bool woken, stopping;   /* guarded by lock */
};

static void
lock(struct publisher *p)
{
	if (pthread_mutex_lock(&p->lock) != 0)
		abort();
}

static void
unlock(struct publisher *p)
{
	if (pthread_mutex_unlock(&p->lock) != 0)
		abort();
}

static void
wake(void *ctx)
{
	struct publisher *p = ctx;

	lock(p);
	p->woken = true;
	pthread_cond_signal(&p->changed);
	unlock(p);
}

/* With the lock held. */
static void
wait_until(struct publisher *p, int64_t when)
{
	struct timespec deadline;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += (time_t)(when - clock_now_s());
	while (!p->woken && !p->stopping && rc == 0)
		rc = pthread_cond_timedwait(&p->changed, &p->lock, &deadline);
}

static void *
run(void *ctx)
{
	struct publisher *p = ctx;
	int64_t next;

	lock(p);
	while (!p->stopping) {
		p->woken = false;
		unlock(p);
		next = authority_publish(p->authority, clock_now_s());
		lock(p);
		wait_until(p, next);
	}
	unlock(p);
	return NULL;
}

static int
init_condition(struct publisher *p)
{
	pthread_condattr_t attributes;
	int rc;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	rc = pthread_cond_init(&p->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	return rc;
}

int
publisher_start(
    struct authority *authority, struct publisher **publisher, struct error *err)
{
	struct publisher *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	p->authority = authority;
	if (pthread_mutex_init(&p->lock, NULL) != 0 || init_condition(p) != 0) {
		free(p);
		return error_set(err, ERROR_INTERNAL, "no lock for the publisher");
	}
	authority_on_change(authority, wake, p);
	if (pthread_create(&p->thread, NULL, run, p) != 0) {
		authority_on_change(authority, NULL, NULL);
		pthread_cond_destroy(&p->changed);
		pthread_mutex_destroy(&p->lock);
		free(p);
		return error_set(err, ERROR_INTERNAL, "no thread for the publisher");
	}
	*publisher = p;
	return 0;
}

void
publisher_stop(struct publisher *p)
{
	if (p == NULL)
		return;
	authority_on_change(p->authority, NULL, NULL);
	lock(p);
	p->stopping = true;
	pthread_cond_signal(&p->changed);
	unlock(p);
	pthread_join(p->thread, NULL);
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

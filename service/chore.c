/* chore.c - a condition variable with a deadline. */
#include "service/chore.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

#define NS           1000000000
#define REHEARSAL_NS (NS / 50)

struct chore {
	int64_t (*run)(void *ctx, int64_t now);
	void *ctx;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* waits by CLOCK_MONOTONIC */
	bool woken, stopping;   /* guarded by lock */
};

static void
lock(struct chore *c)
{
	if (pthread_mutex_lock(&c->lock) != 0)
		abort();
}

static void
unlock(struct chore *c)
{
	if (pthread_mutex_unlock(&c->lock) != 0)
		abort();
}

void
chore_wake(struct chore *c)
{
	lock(c);
	c->woken = true;
	pthread_cond_signal(&c->changed);
	unlock(c);
}

/* With the lock held. In a rehearsal that is in a hurry it rests all the same, or it
 * would do nothing but what is due each minute. */
static void
wait_until(struct chore *c, int64_t when)
{
	int64_t ns = clock_ns_until(when);
	struct timespec deadline;
	int rc = 0;

	if (clock_rate() != 1 && ns < REHEARSAL_NS)
		ns = REHEARSAL_NS;
	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += (time_t)(ns / NS);
	deadline.tv_nsec += (long)(ns % NS);
	deadline.tv_sec += deadline.tv_nsec / NS;
	deadline.tv_nsec %= NS;
	while (!c->woken && !c->stopping && rc == 0)
		rc = pthread_cond_timedwait(&c->changed, &c->lock, &deadline);
}

static void *
work(void *arg)
{
	struct chore *c = arg;
	int64_t next;

	lock(c);
	while (!c->stopping) {
		c->woken = false;
		unlock(c);
		next = c->run(c->ctx, clock_now_s());
		lock(c);
		wait_until(c, next);
	}
	unlock(c);
	return NULL;
}

static int
init_condition(struct chore *c)
{
	pthread_condattr_t attributes;
	int rc;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	rc = pthread_cond_init(&c->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	return rc;
}

int
chore_start(int64_t (*run)(void *ctx, int64_t now), void *ctx, const char *name,
    struct chore **chore, struct error *err)
{
	struct chore *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	c->run = run;
	c->ctx = ctx;
	if (pthread_mutex_init(&c->lock, NULL) != 0 || init_condition(c) != 0) {
		free(c);
		return error_set(err, ERROR_INTERNAL, "no lock for the %s", name);
	}
	if (pthread_create(&c->thread, NULL, work, c) != 0) {
		pthread_cond_destroy(&c->changed);
		pthread_mutex_destroy(&c->lock);
		free(c);
		return error_set(err, ERROR_INTERNAL, "no thread for the %s", name);
	}
	*chore = c;
	return 0;
}

void
chore_stop(struct chore *c)
{
	if (c == NULL)
		return;
	lock(c);
	c->stopping = true;
	pthread_cond_signal(&c->changed);
	unlock(c);
	pthread_join(c->thread, NULL);
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

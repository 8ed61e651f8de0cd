/* taker.c - a thread that waits for a session, and how it is seen to wait. */
#include "tests/pkcs11/taker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "pkcs11/session_state.h"

#define QUEUE_MS 10000 /* a thread may be late on a busy machine */

static void *
take(void *arg)
{
	struct taker *taker = arg;

	taker->rc = session_take(taker->pool, &taker->session, NULL);
	if (taker->rc == 0 && taker->turns != NULL) {
		taker->turn = atomic_fetch_add(taker->turns, 1);
		session_give(taker->pool, taker->session);
	}
	return NULL;
}

static unsigned
count_waiters(struct session_pool *pool)
{
	unsigned count = 0;

	pthread_mutex_lock(&pool->lock);
	for (const struct waiter *w = pool->first; w != NULL; w = w->next)
		count++;
	pthread_mutex_unlock(&pool->lock);
	return count;
}

void
taker_start(struct taker *taker, pthread_t *thread)
{
	unsigned wanted = count_waiters(taker->pool) + 1;
	int64_t end_ms = clock_mono_ms() + QUEUE_MS;

	assert_int_equal(pthread_create(thread, NULL, take, taker), 0);
	while (count_waiters(taker->pool) != wanted) {
		assert_true(clock_mono_ms() < end_ms);
		usleep(1000);
	}
}

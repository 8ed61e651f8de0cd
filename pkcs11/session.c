/*
 * session.c - the pool of sessions, with a deadline.
 *
 * Room goes to who has waited longest, not to who asks when it comes: a thread that gives
 * a session back is running, asks again at once, and would always be first.
 */
#include "pkcs11/session.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "pkcs11/ckr.h"

struct waiter {
	pthread_cond_t turn;
	bool is_promised; /* out of the queue, and there is room for it */
	struct waiter *prev, *next;
};

struct session_pool {
	CK_FUNCTION_LIST *functions;
	CK_SLOT_ID slot;
	unsigned max_sessions;
	int wait_ms;
	pthread_mutex_t lock;
	pthread_condattr_t monotonic;
	struct waiter *first, *last;
	unsigned promised; /* to waiters that have not woken up yet */
	struct durations waits;
	unsigned open; /* idle and lent out */
	unsigned idle_count;
	CK_SESSION_HANDLE idle[]; /* the newest last: warm sessions are lent first */
};

int
session_pool_new(CK_FUNCTION_LIST *functions, CK_SLOT_ID slot, unsigned max_sessions,
    int wait_ms, struct session_pool **pool, struct error *err)
{
	struct session_pool *p =
	    calloc(1, sizeof(*p) + max_sessions * sizeof(CK_SESSION_HANDLE));

	if (p == NULL || pthread_condattr_init(&p->monotonic) != 0) {
		free(p);
		return error_set(err, ERROR_INTERNAL, "out of memory");
	}
	p->functions = functions;
	p->slot = slot;
	p->max_sessions = max_sessions;
	p->wait_ms = wait_ms;
	pthread_condattr_setclock(&p->monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&p->lock, NULL);
	*pool = p;
	return 0;
}

void
session_pool_free(struct session_pool *pool)
{
	if (pool == NULL)
		return;
	for (unsigned i = 0; i < pool->idle_count; i++)
		pool->functions->C_CloseSession(pool->idle[i]);
	pthread_condattr_destroy(&pool->monotonic);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

static struct timespec
time_of(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
}

/* For who does not wait yet, or any more. */
static bool
has_room(const struct session_pool *pool)
{
	unsigned room = pool->idle_count;

	if (pool->max_sessions > pool->open)
		room += pool->max_sessions - pool->open;
	return room > pool->promised;
}

static void
remove_first(struct session_pool *pool)
{
	pool->first = pool->first->next;
	if (pool->first != NULL)
		pool->first->prev = NULL;
	else
		pool->last = NULL;
}

/* The lock is held, and there is more room by one. */
static void
promise_room(struct session_pool *pool)
{
	struct waiter *waiter = pool->first;

	if (waiter == NULL)
		return;
	remove_first(pool);
	waiter->is_promised = true;
	pool->promised++;
	pthread_cond_signal(&waiter->turn);
}

static void
enqueue(struct session_pool *pool, struct waiter *waiter)
{
	*waiter = (struct waiter){ .prev = pool->last };
	pthread_cond_init(&waiter->turn, &pool->monotonic);
	if (pool->last != NULL)
		pool->last->next = waiter;
	else
		pool->first = waiter;
	pool->last = waiter;
}

static void
give_up(struct session_pool *pool, struct waiter *waiter)
{
	if (waiter->prev == NULL) {
		remove_first(pool);
		return;
	}
	waiter->prev->next = waiter->next;
	if (waiter->next != NULL)
		waiter->next->prev = waiter->prev;
	else
		pool->last = waiter->prev;
}

/* The lock is held. -1 at the deadline. */
static int
wait_for_turn(struct session_pool *pool, const struct timespec *deadline)
{
	struct waiter self;
	int rc = 0;

	enqueue(pool, &self);
	while (!self.is_promised && rc == 0)
		rc = pthread_cond_timedwait(&self.turn, &pool->lock, deadline);
	if (self.is_promised)
		pool->promised--;
	else
		give_up(pool, &self);
	pthread_cond_destroy(&self.turn);
	return self.is_promised ? 0 : -1;
}

/* The lock is held. *since_ns stays 0, and the clock unread, where there is room at once.
 * -1 at the deadline. */
static int
wait_for_room(struct session_pool *pool, int64_t *since_ns)
{
	struct timespec deadline;

	if (has_room(pool))
		return 0;
	if (*since_ns == 0)
		*since_ns = clock_mono_ns();
	deadline = time_of(*since_ns + pool->wait_ms * INT64_C(1000000));
	/* What was promised can be gone: lower_bound. */
	do {
		if (wait_for_turn(pool, &deadline) != 0)
			return -1;
	} while (!has_room(pool));
	return 0;
}

/* The lock is held. An idle one, or permission to open one more. */
static CK_SESSION_HANDLE
take_room(struct session_pool *pool)
{
	if (pool->idle_count > 0)
		return pool->idle[--pool->idle_count];
	pool->open++;
	return CK_INVALID_HANDLE;
}

/*
 * The token has fewer sessions than the setting says. With some of them here, that is the
 * new bound, and waiting is worth it.
 */
static bool
lower_bound(struct session_pool *pool)
{
	bool worth_it;

	pthread_mutex_lock(&pool->lock);
	pool->open--;
	worth_it = pool->open > 0;
	if (worth_it && pool->max_sessions > pool->open)
		pool->max_sessions = pool->open;
	promise_room(pool);
	pthread_mutex_unlock(&pool->lock);
	return worth_it;
}

static void
forget_one(struct session_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->open--;
	promise_room(pool);
	pthread_mutex_unlock(&pool->lock);
}

/* Read-write, like the anchor: key generation needs it, and the modes are not mixed. */
static CK_RV
open_session(struct session_pool *pool, CK_SESSION_HANDLE *session)
{
	return pool->functions->C_OpenSession(
	    pool->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, session);
}

/* Under the lock the count is at hand, and nobody else's. */
static int
take_idle(struct session_pool *pool, CK_SESSION_HANDLE *idle, int64_t *since_ns)
{
	int rc;

	pthread_mutex_lock(&pool->lock);
	rc = wait_for_room(pool, since_ns);
	durations_add(&pool->waits, *since_ns == 0 ? 0 : clock_mono_ns() - *since_ns);
	if (rc == 0)
		*idle = take_room(pool);
	pthread_mutex_unlock(&pool->lock);
	return rc;
}

int
session_take(struct session_pool *pool, CK_SESSION_HANDLE *session, struct error *err)
{
	int64_t since_ns = 0;
	CK_RV rv = CKR_OK;

	do {
		if (take_idle(pool, session, &since_ns) != 0)
			return error_set(err, ERROR_BUSY,
			    "all %u token sessions are in use", pool->max_sessions);
		if (*session != CK_INVALID_HANDLE)
			return 0;
		rv = open_session(pool, session);
	} while (rv == CKR_SESSION_COUNT && lower_bound(pool));
	if (rv == CKR_OK)
		return 0;
	if (rv != CKR_SESSION_COUNT)
		forget_one(pool);
	return ckr_error(err, rv, "C_OpenSession");
}

int
session_take_live(
    struct session_pool *pool, CK_SESSION_HANDLE *session, struct error *err)
{
	CK_SESSION_INFO info;

	if (session_take(pool, session, err) != 0)
		return -1;
	if (pool->functions->C_GetSessionInfo(*session, &info) == CKR_OK)
		return 0;
	return session_replace(pool, session, err);
}

int
session_replace(struct session_pool *pool, CK_SESSION_HANDLE *session, struct error *err)
{
	CK_RV rv;

	pool->functions->C_CloseSession(*session);
	if ((rv = open_session(pool, session)) == CKR_OK)
		return 0;
	forget_one(pool);
	return ckr_error(err, rv, "C_OpenSession");
}

void
session_give(struct session_pool *pool, CK_SESSION_HANDLE session)
{
	pthread_mutex_lock(&pool->lock);
	pool->idle[pool->idle_count++] = session;
	promise_room(pool);
	pthread_mutex_unlock(&pool->lock);
}

void
session_drop(struct session_pool *pool, CK_SESSION_HANDLE session)
{
	pool->functions->C_CloseSession(session);
	forget_one(pool);
}

void
session_finish(struct session_pool *pool, CK_SESSION_HANDLE session, int rc)
{
	if (rc == 0)
		session_give(pool, session);
	else
		session_drop(pool, session);
}

struct session_use
session_pool_use(struct session_pool *pool)
{
	struct session_use use = { .waits = &pool->waits };

	pthread_mutex_lock(&pool->lock);
	use.lent = pool->open - pool->idle_count;
	use.max = pool->max_sessions;
	pthread_mutex_unlock(&pool->lock);
	return use;
}

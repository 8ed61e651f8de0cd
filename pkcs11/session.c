/*
 * session.c - the pool of sessions, with a deadline.
 *
 * Room goes to who has waited longest, not to who asks when it comes: a thread that gives
 * a session back is running, asks again at once, and would always be first.
 */
#include "pkcs11/session_state.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/deadline.h"
#include "pkcs11/ckr.h"

int
session_pool_new(CK_FUNCTION_LIST *functions, CK_SLOT_ID slot, unsigned max_sessions,
    int wait_ms, struct session_pool **pool, struct error *err)
{
	struct session_pool *p = calloc(
	    1, sizeof(*p) + max_sessions * (sizeof(p->loans[0]) + sizeof(p->idle[0])));

	if (p == NULL || pthread_condattr_init(&p->monotonic) != 0) {
		free(p);
		return error_set(err, ERROR_INTERNAL, "out of memory");
	}
	p->idle = (CK_SESSION_HANDLE *)&p->loans[max_sessions];
	p->functions = functions;
	p->slot = slot;
	p->spare = CK_INVALID_HANDLE;
	p->max_sessions = p->most_sessions = max_sessions;
	p->wait_ms = wait_ms;
	pthread_condattr_setclock(&p->monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&p->lock, NULL);
	pthread_mutex_init(&p->door, NULL);
	*pool = p;
	return 0;
}

/* -1 at the deadline: whoever is at it may be in a call that does not return. */
static int
lock_door(struct session_pool *pool)
{
	struct timespec deadline = deadline_in(pool->wait_ms);

	return pthread_mutex_clocklock(&pool->door, DEADLINE_CLOCK, &deadline) == 0 ? 0
										    : -1;
}

/* Read-write, like the anchor: key generation needs it, and the modes are not mixed. */
CK_RV
session_open(struct session_pool *pool, CK_SESSION_HANDLE *session)
{
	CK_RV rv;

	if (lock_door(pool) != 0)
		return CKR_FUNCTION_CANCELED;
	rv = pool->functions->C_OpenSession(
	    pool->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, session);
	pthread_mutex_unlock(&pool->door);
	return rv;
}

void
session_close(struct session_pool *pool, CK_SESSION_HANDLE session)
{
	bool is_locked = lock_door(pool) == 0;

	pool->functions->C_CloseSession(session);
	if (is_locked)
		pthread_mutex_unlock(&pool->door);
}

void
session_pool_free(struct session_pool *pool)
{
	if (pool == NULL)
		return;
	for (unsigned i = 0; i < pool->idle_count; i++)
		session_close(pool, pool->idle[i]);
	pthread_condattr_destroy(&pool->monotonic);
	pthread_mutex_destroy(&pool->door);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

void
session_pool_reset(struct session_pool *pool, CK_FUNCTION_LIST *functions,
    CK_SLOT_ID slot, CK_SESSION_HANDLE spare)
{
	pthread_mutex_lock(&pool->lock);
	pool->functions = functions;
	pool->slot = slot;
	pool->spare = spare;
	pool->max_sessions = pool->most_sessions;
	pool->open = 0;
	pool->idle_count = 0;
	pthread_mutex_unlock(&pool->lock);
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

/*
 * The lock is held, and there is no room. What had the token's other sessions may have
 * ended them by now: one more is tried, now and then, by who has waited longest.
 */
static void
raise_bound(struct session_pool *pool)
{
	if (pool->max_sessions >= pool->most_sessions ||
	    clock_mono_ms() < pool->lowered_ms + SESSION_LOWERED_MS)
		return;
	pool->max_sessions++;
	pool->lowered_ms = clock_mono_ms();
	promise_room(pool);
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
	raise_bound(pool);
	if (has_room(pool))
		return 0;
	deadline = time_of(*since_ns + pool->wait_ms * INT64_C(1000000));
	/* What was promised can be gone: lower_bound. */
	do {
		if (wait_for_turn(pool, &deadline) != 0)
			return -1;
	} while (!has_room(pool));
	return 0;
}

void
session_begin_loan(struct session_pool *pool, CK_SESSION_HANDLE session, bool is_slow)
{
	pool->loans[pool->loan_count++] =
	    (struct loan){ session, clock_mono_ms(), is_slow };
}

/* A session that is being opened has no handle yet, and one is as good as another. */
static struct loan *
find_loan(struct session_pool *pool, CK_SESSION_HANDLE session)
{
	struct loan *loan = pool->loans;

	while (loan->session != session)
		loan++;
	return loan;
}

static void
end_loan(struct session_pool *pool, CK_SESSION_HANDLE session)
{
	*find_loan(pool, session) = pool->loans[--pool->loan_count];
}

static void
rename_loan(struct session_pool *pool, CK_SESSION_HANDLE from, CK_SESSION_HANDLE to)
{
	pthread_mutex_lock(&pool->lock);
	find_loan(pool, from)->session = to;
	pthread_mutex_unlock(&pool->lock);
}

/* The lock is held. An idle one, or permission to open one more. */
static CK_SESSION_HANDLE
take_room(struct session_pool *pool, bool is_slow)
{
	CK_SESSION_HANDLE session = CK_INVALID_HANDLE;

	if (pool->idle_count > 0)
		session = pool->idle[--pool->idle_count];
	else
		pool->open++;
	session_begin_loan(pool, session, is_slow);
	return session;
}

/* The lock is held. The only session that the token has is the one kept spare. */
static bool
use_spare(struct session_pool *pool)
{
	if (pool->open > 0 || pool->spare == CK_INVALID_HANDLE)
		return false;
	pool->idle[pool->idle_count++] = pool->spare;
	pool->spare = CK_INVALID_HANDLE;
	pool->open = 1;
	return true;
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
	end_loan(pool, CK_INVALID_HANDLE);
	pool->open--;
	worth_it = use_spare(pool) || pool->open > 0;
	if (worth_it && pool->max_sessions > pool->open)
		pool->max_sessions = pool->open;
	pool->lowered_ms = clock_mono_ms();
	promise_room(pool);
	pthread_mutex_unlock(&pool->lock);
	return worth_it;
}

static void
forget_one(struct session_pool *pool, CK_SESSION_HANDLE session)
{
	pthread_mutex_lock(&pool->lock);
	end_loan(pool, session);
	pool->open--;
	promise_room(pool);
	pthread_mutex_unlock(&pool->lock);
}

/* Under the lock the count is at hand, and nobody else's. */
static int
take_idle(
    struct session_pool *pool, bool is_slow, CK_SESSION_HANDLE *idle, int64_t *since_ns)
{
	int rc;

	pthread_mutex_lock(&pool->lock);
	rc = wait_for_room(pool, since_ns);
	durations_add(&pool->waits, *since_ns == 0 ? 0 : clock_mono_ns() - *since_ns);
	if (rc == 0)
		*idle = take_room(pool, is_slow);
	pthread_mutex_unlock(&pool->lock);
	return rc;
}

static int
take(struct session_pool *pool, bool is_slow, CK_SESSION_HANDLE *session,
    struct error *err)
{
	int64_t since_ns = 0;
	CK_RV rv = CKR_OK;

	do {
		if (take_idle(pool, is_slow, session, &since_ns) != 0)
			return error_set(err, ERROR_BUSY,
			    "all %u token sessions are in use", pool->max_sessions);
		if (*session != CK_INVALID_HANDLE)
			return 0;
		rv = session_open(pool, session);
	} while (rv == CKR_SESSION_COUNT && lower_bound(pool));
	if (rv == CKR_OK) {
		rename_loan(pool, CK_INVALID_HANDLE, *session);
		return 0;
	}
	if (rv != CKR_SESSION_COUNT)
		forget_one(pool, CK_INVALID_HANDLE);
	return ckr_error(err, rv, "C_OpenSession");
}

int
session_take(struct session_pool *pool, CK_SESSION_HANDLE *session, struct error *err)
{
	return take(pool, false, session, err);
}

CK_RV
session_ask(struct session_pool *pool, CK_SESSION_HANDLE session)
{
	CK_SESSION_INFO info;
	CK_RV rv = pool->functions->C_GetSessionInfo(session, &info);

	if (rv == CKR_OK && info.state != CKS_RW_USER_FUNCTIONS)
		return CKR_USER_NOT_LOGGED_IN;
	return rv;
}

int
session_take_live(
    struct session_pool *pool, CK_SESSION_HANDLE *session, struct error *err)
{
	CK_RV rv;

	if (take(pool, true, session, err) != 0)
		return -1;
	if ((rv = session_ask(pool, *session)) == CKR_OK)
		return 0;
	if (rv != CKR_USER_NOT_LOGGED_IN) {
		if (session_replace(pool, session, err) != 0)
			return -1;
		if ((rv = session_ask(pool, *session)) == CKR_OK)
			return 0;
	}
	session_drop(pool, *session);
	return ckr_error(err, rv, "C_GetSessionInfo");
}

int
session_replace(struct session_pool *pool, CK_SESSION_HANDLE *session, struct error *err)
{
	CK_SESSION_HANDLE old = *session;
	CK_RV rv;

	session_close(pool, old);
	if ((rv = session_open(pool, session)) == CKR_OK) {
		rename_loan(pool, old, *session);
		return 0;
	}
	forget_one(pool, old);
	return ckr_error(err, rv, "C_OpenSession");
}

void
session_give(struct session_pool *pool, CK_SESSION_HANDLE session)
{
	pthread_mutex_lock(&pool->lock);
	end_loan(pool, session);
	pool->given++;
	pool->idle[pool->idle_count++] = session;
	promise_room(pool);
	pthread_mutex_unlock(&pool->lock);
}

void
session_drop(struct session_pool *pool, CK_SESSION_HANDLE session)
{
	session_close(pool, session);
	forget_one(pool, session);
}

/* What was found, and not how the token is. */
static bool
is_of_key(enum error_code code)
{
	return code == ERROR_NOT_FOUND || code == ERROR_CONFLICT ||
	       code == ERROR_FORBIDDEN || code == ERROR_UNSUPPORTED ||
	       code == ERROR_BAD_REQUEST;
}

void
session_finish(
    struct session_pool *pool, CK_SESSION_HANDLE session, int rc, const struct error *err)
{
	if (rc == 0 || (err != NULL && is_of_key(err->code)))
		session_give(pool, session);
	else
		session_drop(pool, session);
}

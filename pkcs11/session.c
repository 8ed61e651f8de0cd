/* session.c - the pool of sessions, with a deadline. */
#include "pkcs11/session.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "pkcs11/ckr.h"

struct session_pool {
	CK_FUNCTION_LIST *functions;
	CK_SLOT_ID slot;
	unsigned max_sessions;
	int wait_ms;
	pthread_mutex_t lock;
	pthread_cond_t returned;
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
	pthread_condattr_t attributes;

	if (p == NULL || pthread_condattr_init(&attributes) != 0) {
		free(p);
		return error_set(err, ERROR_INTERNAL, "out of memory");
	}
	p->functions = functions;
	p->slot = slot;
	p->max_sessions = max_sessions;
	p->wait_ms = wait_ms;
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->returned, &attributes);
	pthread_condattr_destroy(&attributes);
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
	pthread_cond_destroy(&pool->returned);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

static struct timespec
deadline_after(int ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

/* The lock is held. 0 with *idle set, or permission to open one more; -1 at the deadline.
 */
static int
wait_for_room(
    struct session_pool *pool, const struct timespec *deadline, CK_SESSION_HANDLE *idle)
{
	while (pool->idle_count == 0 && pool->open >= pool->max_sessions)
		if (pthread_cond_timedwait(&pool->returned, &pool->lock, deadline) != 0 &&
		    pool->idle_count == 0 && pool->open >= pool->max_sessions)
			return -1;
	*idle = CK_INVALID_HANDLE;
	if (pool->idle_count > 0)
		*idle = pool->idle[--pool->idle_count];
	else
		pool->open++;
	return 0;
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
	pthread_cond_signal(&pool->returned);
	pthread_mutex_unlock(&pool->lock);
	return worth_it;
}

static void
forget_one(struct session_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->open--;
	pthread_cond_signal(&pool->returned);
	pthread_mutex_unlock(&pool->lock);
}

/* Read-write, like the anchor: key generation needs it, and the modes are not mixed. */
static CK_RV
open_session(struct session_pool *pool, CK_SESSION_HANDLE *session)
{
	return pool->functions->C_OpenSession(
	    pool->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, session);
}

int
session_take(struct session_pool *pool, CK_SESSION_HANDLE *session, struct error *err)
{
	struct timespec deadline = deadline_after(pool->wait_ms);
	CK_RV rv = CKR_OK;

	do {
		int rc;

		pthread_mutex_lock(&pool->lock);
		rc = wait_for_room(pool, &deadline, session);
		pthread_mutex_unlock(&pool->lock);
		if (rc != 0)
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
	pthread_cond_signal(&pool->returned);
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

/* session_watch.c - how the sessions of the pool are: for how long lent, alive, how many.
 */
#include <string.h>

#include "base/clock.h"
#include "pkcs11/ckr.h"
#include "pkcs11/session_state.h"

#define SLOW 10 /* times as long */

/* The lock is held. When the first slow work that is under way began; INT64_MAX: none. */
static int64_t
slow_since(const struct session_pool *pool)
{
	int64_t since = INT64_MAX;

	for (unsigned i = 0; i < pool->loan_count; i++)
		if (pool->loans[i].is_slow && pool->loans[i].since_ms < since)
			since = pool->loans[i].since_ms;
	return since;
}

int64_t
session_pool_oldest_ms(struct session_pool *pool, uint64_t *given, bool *is_slow)
{
	int64_t now = clock_mono_ms(), oldest = 0, slow;

	pthread_mutex_lock(&pool->lock);
	slow = slow_since(pool);
	for (unsigned i = 0; i < pool->loan_count; i++) {
		int64_t since = pool->loans[i].since_ms;
		int64_t age = (now - since) / (since >= slow ? SLOW : 1);

		if (age > oldest)
			oldest = age;
	}
	*given = pool->given;
	*is_slow = slow != INT64_MAX;
	pthread_mutex_unlock(&pool->lock);
	return oldest;
}

/* The one that has been idle for longest. While somebody waits, none is idle for long. */
static CK_SESSION_HANDLE
take_oldest(struct session_pool *pool)
{
	CK_SESSION_HANDLE session = CK_INVALID_HANDLE;

	pthread_mutex_lock(&pool->lock);
	if (pool->idle_count > 0 && pool->promised == 0) {
		session = pool->idle[0];
		pool->idle_count--;
		memmove(
		    pool->idle, pool->idle + 1, pool->idle_count * sizeof(*pool->idle));
		session_begin_loan(pool, session, false);
	}
	pthread_mutex_unlock(&pool->lock);
	return session;
}

static int
touch(struct session_pool *pool, CK_SESSION_HANDLE session, struct error *err)
{
	CK_RV rv = session_ask(pool, session);

	if (rv == CKR_OK) {
		session_give(pool, session);
		return 0;
	}
	session_drop(pool, session);
	return ckr_error(err, rv, "C_GetSessionInfo");
}

int
session_pool_touch(struct session_pool *pool, struct error *err)
{
	CK_SESSION_HANDLE session;
	unsigned count;

	pthread_mutex_lock(&pool->lock);
	count = pool->idle_count;
	pthread_mutex_unlock(&pool->lock);
	while (count-- > 0 && (session = take_oldest(pool)) != CK_INVALID_HANDLE)
		if (touch(pool, session, err) != 0)
			return -1;
	return 0;
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

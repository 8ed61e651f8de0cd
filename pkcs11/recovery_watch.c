/* recovery_watch.c - the thread that sees when a call to the token does not return. */
#include "pkcs11/recovery_state.h"

#include "base/clock.h"
#include "base/log.h"
#include "pkcs11/keystore_state.h"
#include "pkcs11/session.h"

#define LOOKS 4 /* in the time after which a call hangs */

static int64_t
age_ms(atomic_int_least64_t *since)
{
	int64_t ms = atomic_load(since);

	return ms == 0 ? 0 : clock_mono_ms() - ms;
}

static int64_t
more(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* For how long the oldest call goes on; of what may take long a part of it. */
static int64_t
oldest_call_ms(struct recovery *r, uint64_t *given)
{
	bool is_slow;
	int64_t ms = session_pool_oldest_ms(r->store->token->sessions, given, &is_slow);
	int64_t apart =
	    more(age_ms(&r->store->copying_since_ms), age_ms(&r->touching_since_ms));

	return more(more(ms, apart / (is_slow ? RECOVERY_SLOW : 1)),
	    age_ms(&r->busy_since_ms) / RECOVERY_SLOW);
}

/* The lock is held. */
static void
set_hangs(struct recovery *r, bool hangs, int64_t ms)
{
	if (hangs && !r->hangs)
		log_error("token.hangs", "for_ms=%lld token=%s", (long long)ms,
		    r->store->token->name);
	if (!hangs && r->hangs) {
		log_info("token.returned", "token=%s", r->store->token->name);
		recovery_want(r);
	}
	atomic_store(&r->hangs, hangs);
}

/*
 * The lock is held. One call that does not return is one thread and one session less. The
 * token hangs when another does not return either that was made to find out.
 */
static void
look(struct recovery *r)
{
	int64_t now = clock_mono_ms(), patience = r->options.hang_ms / 2;
	uint64_t given;
	int64_t ms = oldest_call_ms(r, &given);

	if (ms < patience) {
		r->probe_ms = 0;
	} else if (r->probe_ms == 0 || given != r->given_before) {
		r->probe_ms = now;
		r->given_before = given;
		recovery_want(r);
	}
	set_hangs(r, ms >= r->options.hang_ms && now - r->probe_ms >= patience, ms);
	if (r->options.watchdog_ms != 0 && ms >= r->options.watchdog_ms &&
	    (r->hangs || r->is_away)) {
		log_error("token.given-up", "after_ms=%lld token=%s", (long long)ms,
		    r->store->token->name);
		r->options.give_up(r->options.ctx);
	}
}

void *
recovery_watch(void *recovery)
{
	struct recovery *r = recovery;

	pthread_mutex_lock(&r->lock);
	while (!r->stopping) {
		recovery_wait_until(
		    r, &r->stop, clock_mono_ms() + r->options.hang_ms / LOOKS);
		look(r);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

/*
 * recovery.c - the thread that sees to the token.
 *
 * What it does, in this order, until a signature verifies: nothing, for the failure may
 * have been of one request or one key; a login, where sessions or the login have ended;
 * the module finalized and initialised, now and after pauses that double. A module that
 * another token works with is let alone: this one is looked for there.
 */
#include "pkcs11/recovery_state.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "pkcs11/keystore_state.h"

#define PAUSES_MOST 30 /* the longest is so many of the first */
#define LOCK_OUT_MS 1000

bool
recovery_wait_until(
    struct recovery *recovery, pthread_cond_t *condition, int64_t deadline_ms)
{
	struct timespec deadline = {
		.tv_sec = deadline_ms / 1000,
		.tv_nsec = deadline_ms % 1000 * 1000000,
	};

	return pthread_cond_timedwait(condition, &recovery->lock, &deadline) == 0;
}

void
recovery_want(struct recovery *recovery)
{
	recovery->wanted = true;
	pthread_cond_signal(&recovery->asked);
}

static bool
is_illness(const struct outcome *o)
{
	return o->rc != 0 &&
	       (o->why.code == ERROR_LOGGED_OUT || o->why.code == ERROR_AWAY);
}

/*
 * Whether the token is well. That it has not the keys which were tried says nothing
 * against it. One that was ill has to prove it: that it is busy then, or fails
 * otherwise, is no signature.
 */
static bool
try_token(struct recovery *r, bool was_ill, struct outcome *o)
{
	o->rc = keystore_try(r->store, &o->why);
	if (o->rc == 0 || o->why.code == ERROR_NOT_FOUND)
		return true;
	return !was_ill && !is_illness(o);
}

static int
note_login(struct recovery *r, struct outcome *o)
{
	if (o->rc == 0)
		log_info("token.login", "serial=%s token=%s", r->store->token->serial,
		    r->store->token->name);
	if (r->options.note_login != NULL)
		o->rc = r->options.note_login(r->options.ctx, o->rc, &o->why);
	return o->rc;
}

static int
login_again(struct keystore *store, struct error *err)
{
	return token_relogin(store->token, err);
}

/* With the module, unless it is with the keeper of another token, or comes from there. */
static int
reload(struct keystore *store, struct error *err)
{
	struct recovery *r = store->recovery;

	if (atomic_exchange(&r->is_fresh, false) || !r->has_module)
		return token_return(store->token, err);
	return keystore_reload(store, err);
}

/* Nobody else is in the token meanwhile. */
static bool
begin_anew(struct recovery *r, int (*begin)(struct keystore *, struct error *),
    struct outcome *o)
{
	if (atomic_load(&r->hangs)) {
		o->rc =
		    error_set(&o->why, ERROR_AWAY, "a call to the token does not return");
		return false;
	}
	if ((o->rc = keystore_lock_out(r->store, LOCK_OUT_MS, &o->why)) != 0)
		return false;
	atomic_store(&r->is_logged_in, false);
	atomic_store(&r->busy_since_ms, clock_mono_ms());
	keystore_forget_handles(r->store);
	o->rc = begin(r->store, &o->why);
	atomic_store(&r->busy_since_ms, 0);
	atomic_store(&r->is_logged_in, note_login(r, o) == 0);
	keystore_let_in(r->store);
	return atomic_load(&r->is_logged_in);
}

/* The lock is held. One line for each reason. */
static void
set_away(struct recovery *r, const struct error *why)
{
	char quoted[LOG_QUOTED_MAX];

	if (!r->is_away) {
		r->away_since_ms = clock_mono_ms();
		r->pause_ms = r->options.pause_ms;
	}
	if (!r->is_away || strcmp(r->last.why.text, why->text) != 0)
		log_error("token.away", "why=\"%s\" token=%s",
		    log_quoted(quoted, why->text), r->store->token->name);
	r->last = (struct outcome){ -1, *why };
	atomic_store(&r->is_away, true);
}

static void
open_breaker(struct recovery *r, const struct error *why)
{
	pthread_mutex_lock(&r->lock);
	set_away(r, why);
	pthread_mutex_unlock(&r->lock);
}

/* Whether the token is well after all that can be done about it. */
static bool
see_to(struct recovery *r, struct outcome *o)
{
	if (r->is_logged_in) {
		if (try_token(r, r->is_away, o))
			return true;
		if (o->why.code == ERROR_LOGGED_OUT) {
			atomic_fetch_add(&r->logins, 1);
			if (begin_anew(r, login_again, o) && try_token(r, true, o))
				return true;
		}
		open_breaker(r, &o->why);
	}
	atomic_fetch_add(&r->reloads, 1);
	/* Until it is said whether this token works: another's keeper would end it. */
	r->has_module = keystore_take_module(r->store);
	if (!begin_anew(r, reload, o) || !try_token(r, true, o))
		return false;
	/* What it has of other tokens' keys, before these fail: nobody waits for it then.
	 */
	keystore_seek_guests(r->store, NULL);
	return true;
}

/* The lock is held. What worked before another token's reload says nothing any more. */
static bool
is_well_still(const struct recovery *r, bool is_well, struct outcome *o)
{
	if (!is_well || atomic_load(&r->is_logged_in))
		return is_well;
	o->rc =
	    error_set(&o->why, ERROR_AWAY, "the module was begun anew for another token");
	return false;
}

/* The lock is held. */
static void
finish(struct recovery *r, bool is_well, const struct outcome *o)
{
	if (!is_well) {
		set_away(r, &o->why);
	} else {
		if (r->is_away)
			log_info("token.back", "after_ms=%lld token=%s",
			    (long long)(clock_mono_ms() - r->away_since_ms),
			    r->store->token->name);
		atomic_store(&r->is_away, false);
		r->last = *o;
	}
	r->finished = r->begun;
	pthread_cond_broadcast(&r->done);
}

/* The lock is held. Until somebody asks, or something is due; false: to stop. */
static bool
sleep_until_due(struct recovery *r, bool *is_asked)
{
	int64_t wait_ms = r->is_away ? r->pause_ms : r->options.keepalive_ms;
	int64_t due = clock_mono_ms() + wait_ms;
	int64_t most_ms = PAUSES_MOST * r->options.pause_ms;
	bool in_time = true;

	while (!r->stopping && !r->wanted && in_time) {
		if (wait_ms == 0)
			pthread_cond_wait(&r->asked, &r->lock);
		else
			in_time = recovery_wait_until(r, &r->asked, due);
	}
	if (r->is_away && !in_time && r->pause_ms < most_ms)
		r->pause_ms = 2 * r->pause_ms < most_ms ? 2 * r->pause_ms : most_ms;
	*is_asked = r->wanted || r->is_away;
	r->wanted = false;
	return !r->stopping;
}

/* Idle sessions that are still there need no signature. */
static bool
is_idle_well(struct recovery *r)
{
	struct error why;
	int rc;

	atomic_store(&r->touching_since_ms, clock_mono_ms());
	rc = keystore_touch(r->store, &why);
	atomic_store(&r->touching_since_ms, 0);
	return rc == 0;
}

static void *
keep(void *arg)
{
	struct recovery *r = arg;
	struct outcome o;
	bool is_asked, is_well;

	pthread_mutex_lock(&r->lock);
	while (sleep_until_due(r, &is_asked)) {
		r->begun++;
		pthread_mutex_unlock(&r->lock);
		o = (struct outcome){ 0 };
		is_well = (!is_asked && is_idle_well(r)) || see_to(r, &o);
		pthread_mutex_lock(&r->lock);
		finish(r, is_well_still(r, is_well, &o), &o);
		if (r->has_module)
			keystore_give_module(r->store);
		r->has_module = false;
	}
	r->keeper_ended = true;
	pthread_cond_broadcast(&r->done);
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

static void
free_recovery(struct recovery *r)
{
	pthread_cond_destroy(&r->asked);
	pthread_cond_destroy(&r->done);
	pthread_cond_destroy(&r->stop);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static void
tell_to_stop(struct recovery *r)
{
	pthread_mutex_lock(&r->lock);
	r->stopping = true;
	pthread_cond_broadcast(&r->asked);
	pthread_cond_broadcast(&r->stop);
	pthread_mutex_unlock(&r->lock);
}

static int
start_threads(struct recovery *r, struct error *err)
{
	if (pthread_create(&r->watch, NULL, recovery_watch, r) != 0)
		return error_set(err, ERROR_INTERNAL, "starting a thread");
	if (pthread_create(&r->keeper, NULL, keep, r) == 0)
		return 0;
	tell_to_stop(r);
	pthread_join(r->watch, NULL);
	return error_set(err, ERROR_INTERNAL, "starting a thread");
}

int
recovery_start(struct keystore *store, const struct recovery_options *options,
    const struct error *away, struct recovery **recovery, struct error *err)
{
	struct recovery *r = calloc(1, sizeof(*r));
	pthread_condattr_t monotonic;

	if (r == NULL || pthread_condattr_init(&monotonic) != 0) {
		free(r);
		return error_set(err, ERROR_INTERNAL, "out of memory");
	}
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&r->asked, &monotonic);
	pthread_cond_init(&r->done, &monotonic);
	pthread_cond_init(&r->stop, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_mutex_init(&r->lock, NULL);
	r->store = store;
	r->options = *options;
	atomic_store(&r->is_logged_in, away == NULL);
	if (away != NULL)
		set_away(r, away);
	*recovery = r; /* the threads look for it there */
	if (start_threads(r, err) != 0) {
		*recovery = NULL;
		free_recovery(r);
		return -1;
	}
	return 0;
}

void
recovery_give_up(struct recovery *recovery)
{
	if (recovery == NULL || recovery->options.give_up == NULL)
		return;
	log_error("token.given-up", "after_ms=%d token=%s", RECOVERY_STOP_MS,
	    recovery->store->token->name);
	recovery->options.give_up(recovery->options.ctx);
}

/* It may be in a call that does not return. */
static void
join_keeper(struct recovery *r)
{
	int64_t deadline = clock_mono_ms() + RECOVERY_STOP_MS;
	bool in_time = true;

	pthread_mutex_lock(&r->lock);
	while (!r->keeper_ended && in_time)
		in_time = recovery_wait_until(r, &r->done, deadline);
	if (!r->keeper_ended)
		recovery_give_up(r);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->keeper, NULL);
}

void
recovery_stop(struct recovery *recovery)
{
	if (recovery == NULL)
		return;
	tell_to_stop(recovery);
	join_keeper(recovery);
	pthread_join(recovery->watch, NULL);
	free_recovery(recovery);
}

/* What a request is told: the token was looked for by the daemon, not by it. */
static enum error_code
code_for_request(enum error_code why)
{
	switch (why) {
	case ERROR_NOT_FOUND:
		return ERROR_TOKEN;
	case ERROR_BUSY:
	case ERROR_TOKEN:
	case ERROR_LOGGED_OUT:
	case ERROR_PIN:
		return why;
	default:
		return ERROR_AWAY;
	}
}

int
recovery_admit(struct recovery *recovery, struct error *err)
{
	int rc = 0;

	if (atomic_load(&recovery->hangs))
		return error_set(err, ERROR_AWAY, "a call to the token does not return");
	if (!atomic_load(&recovery->is_away))
		return 0;
	pthread_mutex_lock(&recovery->lock);
	if (recovery->is_away)
		rc = error_set(err,
		    recovery->last.why.code == ERROR_PIN ? ERROR_PIN : ERROR_AWAY,
		    "the token is away: %s", recovery->last.why.text);
	pthread_mutex_unlock(&recovery->lock);
	return rc;
}

/* The lock is held. A run that begins from now on; false when it does not end in time. */
static bool
wait_for_run(struct recovery *r)
{
	uint64_t run = r->begun + 1;
	int64_t deadline = clock_mono_ms() + r->options.wait_ms;
	bool in_time = true;

	recovery_want(r);
	while (r->finished < run && !r->stopping && in_time)
		in_time = recovery_wait_until(r, &r->done, deadline);
	return r->finished >= run;
}

static bool
is_seen_to(const struct error *failure)
{
	const struct outcome o = { -1, *failure };

	return is_illness(&o);
}

void
recovery_doubt(struct recovery *recovery)
{
	pthread_mutex_lock(&recovery->lock);
	recovery_want(recovery);
	pthread_mutex_unlock(&recovery->lock);
}

void
recovery_note(struct recovery *recovery, const struct error *failure)
{
	if (is_seen_to(failure))
		recovery_doubt(recovery);
}

void
recovery_module_was_reloaded(struct recovery *recovery)
{
	atomic_store(&recovery->is_logged_in, false);
	atomic_store(&recovery->is_fresh, true);
	recovery_doubt(recovery);
}

bool
recovery_helped(struct recovery *recovery, const struct error *failure)
{
	bool helped;

	if (!is_seen_to(failure))
		return false;
	pthread_mutex_lock(&recovery->lock);
	helped = wait_for_run(recovery) && !recovery->is_away;
	pthread_mutex_unlock(&recovery->lock);
	return helped;
}

int
recovery_check(struct recovery *recovery, struct error *err)
{
	int rc;

	if (recovery_admit(recovery, err) != 0)
		return -1;
	pthread_mutex_lock(&recovery->lock);
	if (!wait_for_run(recovery))
		rc = error_set(err, ERROR_AWAY, "the token has not answered within %d ms",
		    recovery->options.wait_ms);
	else if ((rc = recovery->last.rc) != 0)
		error_set(err, code_for_request(recovery->last.why.code), "%s",
		    recovery->last.why.text);
	pthread_mutex_unlock(&recovery->lock);
	return rc;
}

struct recovery_state
recovery_state(struct recovery *recovery)
{
	return (struct recovery_state){
		.is_away = atomic_load(&recovery->is_away),
		.hangs = atomic_load(&recovery->hangs),
		.logins = atomic_load(&recovery->logins),
		.reloads = atomic_load(&recovery->reloads),
	};
}

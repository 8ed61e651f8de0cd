/*
 * recovery_state.h - what the thread that sees to the token and the one that watches
 * share.
 */
#ifndef PKCS11_RECOVERY_STATE_H
#define PKCS11_RECOVERY_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "pkcs11/recovery.h"

#define RECOVERY_SLOW                                                                    \
	10 /* a module may take so many times as long to reload as to sign */

/* How an attempt to use the token ended, and why it failed. */
struct outcome {
	int rc;
	struct error why;
};

struct recovery {
	struct keystore *store;
	struct recovery_options options;
	pthread_t keeper, watch;
	pthread_mutex_t lock;
	pthread_cond_t asked, done, stop; /* of CLOCK_MONOTONIC */
	bool stopping, keeper_ended, wanted;
	uint64_t begun, finished; /* runs */
	struct outcome last;
	atomic_bool is_logged_in;
	atomic_bool is_fresh; /* another token has had the module reloaded */
	bool has_module;      /* the keeper's own */
	int64_t probe_ms; /* when the token was last probed; the watch's own, as is: */
	uint64_t given_before;
	int64_t pause_ms, away_since_ms;
	atomic_bool is_away, hangs;
	/* With a login or a reload; with asking about idle sessions. 0: not. */
	atomic_int_least64_t busy_since_ms, touching_since_ms;
	atomic_ullong logins, reloads;
};

/* The lock is held. False at the deadline. */
bool recovery_wait_until(
    struct recovery *recovery, pthread_cond_t *condition, int64_t deadline_ms);

/* The lock is held. Has the token tried. */
void recovery_want(struct recovery *recovery);

/* The thread that never calls the token. */
void *recovery_watch(void *recovery);

#endif

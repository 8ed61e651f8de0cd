/*
 * session.h - a bounded set of sessions, lent to one thread at a time.
 *
 * Waiters give up at their deadline with ERROR_BUSY: a client that sees 503 can retry,
 * a stuck thread cannot.
 */
#ifndef PKCS11_SESSION_H
#define PKCS11_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include <p11-kit/pkcs11.h>

#include "base/durations.h"
#include "base/error.h"

struct session_pool;

/* No session is opened yet. */
int session_pool_new(CK_FUNCTION_LIST *functions, CK_SLOT_ID slot, unsigned max_sessions,
    int wait_ms, struct session_pool **pool, struct error *err);

/* Closes the idle sessions; none may be lent out. */
void session_pool_free(struct session_pool *pool);

/*
 * The token has ended all sessions, and may be in another slot: begins anew, with as many
 * as at first. None may be lent out. With spare, a session that is open already, a token
 * that has no other serves one request at a time: CK_INVALID_HANDLE for none.
 */
void session_pool_reset(struct session_pool *pool, CK_FUNCTION_LIST *functions,
    CK_SLOT_ID slot, CK_SESSION_HANDLE spare);

/* Lends a session, waiting up to wait_ms for one. Give or drop it afterwards. */
int
session_take(struct session_pool *pool, CK_SESSION_HANDLE *session, struct error *err);
void session_give(struct session_pool *pool, CK_SESSION_HANDLE session);

/*
 * Gives it after success (rc 0), or when err says something of a key; drops it otherwise:
 * an operation may be stuck in it. A token that has one session alone logs out with it.
 */
void session_finish(struct session_pool *pool, CK_SESSION_HANDLE session, int rc,
    const struct error *err);

/*
 * The same, after asking the token whether the session lives: for what is not tried
 * twice, and may take its time. Signing does without the question and replaces what turns
 * out dead.
 */
int session_take_live(
    struct session_pool *pool, CK_SESSION_HANDLE *session, struct error *err);

/*
 * Closes a dead session and opens a new one in its place: tokens end idle sessions all
 * at once, so the next idle one would be as dead. After a failure nothing is lent.
 */
int
session_replace(struct session_pool *pool, CK_SESSION_HANDLE *session, struct error *err);

/*
 * For how long a session has been lent out, at most; 0 when none is. Of one for slow work
 * a tenth of it, and of those that were lent after it, for a token may do one thing after
 * the other: so one bound tells what hangs. *is_slow: there is such work. *given counts
 * the sessions that came back from calls that succeeded.
 */
int64_t session_pool_oldest_ms(struct session_pool *pool, uint64_t *given, bool *is_slow);

/*
 * Asks the token about each idle session, which keeps it open where idle ones end.
 * ERROR_LOGGED_OUT when one is dead or not logged in.
 */
int session_pool_touch(struct session_pool *pool, struct error *err);

/*
 * A session beside the pool's, and the end of it. All of a token's sessions begin and end
 * one after the other: PKCS#11 v2.40 section 5.4 has the module lock what threads share,
 * but tpm2-pkcs11 (1.9.2 too) gives two threads that open at once the same handle. Who
 * cannot open for wait_ms gets CKR_FUNCTION_CANCELED; to close is not put off any longer.
 */
CK_RV session_open(struct session_pool *pool, CK_SESSION_HANDLE *session);
void session_close(struct session_pool *pool, CK_SESSION_HANDLE session);

struct session_use {
	unsigned lent, max;
	const struct durations *waits; /* for each session taken or not got; the pool's */
};

struct session_use session_pool_use(struct session_pool *pool);

/* For a session that is dead or has an operation stuck in it. */
void session_drop(struct session_pool *pool, CK_SESSION_HANDLE session);

#endif

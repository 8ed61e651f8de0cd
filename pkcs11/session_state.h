/* session_state.h - the pool, for the files of the pool alone. */
#ifndef PKCS11_SESSION_STATE_H
#define PKCS11_SESSION_STATE_H

#include <pthread.h>
#include <stdbool.h>

#include "pkcs11/session.h"

/* For so long a token that has fewer sessions than the setting says is believed. */
#define SESSION_LOWERED_MS 60000

struct waiter {
	pthread_cond_t turn;
	bool is_promised; /* out of the queue, and there is room for it */
	struct waiter *prev, *next;
};

/* A session that is lent out. */
struct loan {
	CK_SESSION_HANDLE session;
	int64_t since_ms;
	bool is_slow; /* what it is for may take its time */
};

struct session_pool {
	CK_FUNCTION_LIST *functions;
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE spare;
	unsigned max_sessions, most_sessions; /* now, and as the setting says */
	int64_t lowered_ms;                   /* when the first was */
	int wait_ms;
	pthread_mutex_t lock;
	pthread_mutex_t door; /* held while the token begins or ends a session */
	pthread_condattr_t monotonic;
	struct waiter *first, *last;
	unsigned promised; /* to waiters that have not woken up yet */
	struct durations waits;
	unsigned open; /* idle and lent out */
	unsigned idle_count;
	CK_SESSION_HANDLE *idle; /* behind loans; the newest last, which is lent first */
	uint64_t given;
	unsigned loan_count;
	struct loan loans[];
};

/* The lock is held, until the loan is one among the others. */
void
session_begin_loan(struct session_pool *pool, CK_SESSION_HANDLE session, bool is_slow);

/* CKR_OK for a session that is there and logged in. */
CK_RV session_ask(struct session_pool *pool, CK_SESSION_HANDLE session);

#endif

/* taker.h - a thread that waits for a session. */
#ifndef TESTS_PKCS11_TAKER_H
#define TESTS_PKCS11_TAKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "pkcs11/session.h"

struct taker {
	struct session_pool *pool;
	CK_SESSION_HANDLE session;
	int rc;
	atomic_uint *turns; /* if not NULL: counts who had it, and it is given back */
	unsigned turn;
};

/* Returns when it is in the pool's queue. taker outlives the thread. */
void taker_start(struct taker *taker, pthread_t *thread);

#endif

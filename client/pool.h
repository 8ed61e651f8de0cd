/*
 * pool.h - idle connections, each of which has one owner: a slot or a thread.
 *
 * No lock: taking is an exchange with NULL and keeping a compare-and-swap from NULL, so a
 * fork finds the slots consistent at every instruction.
 */
#ifndef CLIENT_POOL_H
#define CLIENT_POOL_H

#include <stdatomic.h>
#include <stdint.h>

#include "client/connection.h"
#include "client/sockets.h"

/*
 * As many as HAProxy 2.6 may have threads, each with a signature under way. Where more
 * are in flight at once, as with asynchronous handshakes, those beyond open and close:
 * a connect is cheap beside a burst of that size, while each idle connection is a thread
 * of the daemon.
 */
#define POOL_MAX 64

struct pool {
	_Atomic(struct connection *) idle[POOL_MAX];
};

void pool_init(struct pool *pool);
void pool_clear(struct pool *pool);

/* One that this process may use now, to a socket that is well; NULL if there is none.
 * Closes those of another process. */
struct connection *
pool_take(struct pool *pool, const struct sockets *sockets, uint64_t process);

/* Takes it over; closes it when the pool is full. */
void pool_keep(struct pool *pool, struct connection *conn);

#endif

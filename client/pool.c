/* pool.c - atomic slots. */
#include "client/pool.h"

#include <stddef.h>

void
pool_init(struct pool *pool)
{
	for (size_t i = 0; i < POOL_MAX; i++)
		atomic_init(&pool->idle[i], NULL);
}

void
pool_clear(struct pool *pool)
{
	for (size_t i = 0; i < POOL_MAX; i++)
		connection_free(atomic_exchange(&pool->idle[i], NULL));
}

struct connection *
pool_take(struct pool *pool, const struct sockets *sockets, uint64_t process)
{
	for (size_t i = 0; i < POOL_MAX; i++) {
		struct connection *conn;

		if (atomic_load_explicit(&pool->idle[i], memory_order_relaxed) == NULL)
			continue;
		conn = atomic_exchange(&pool->idle[i], NULL);
		if (conn == NULL)
			continue;
		if (!connection_is_usable(conn, process))
			connection_free(conn);
		else if (!sockets_is_well(sockets, conn->socket_index))
			pool_keep(pool, conn);
		else
			return conn;
	}
	return NULL;
}

void
pool_keep(struct pool *pool, struct connection *conn)
{
	for (size_t i = 0; i < POOL_MAX; i++) {
		struct connection *empty =
		    atomic_load_explicit(&pool->idle[i], memory_order_relaxed);

		if (empty == NULL &&
		    atomic_compare_exchange_strong(&pool->idle[i], &empty, conn))
			return;
	}
	connection_free(conn);
}

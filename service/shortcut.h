/*
 * shortcut.h - signatures for proxies, without libmicrohttpd between socket and api/.
 *
 * Accepts the connections of a listener. Each gets a thread, which answers requests for
 * signatures (signrequest.h) as long as the connection brings nothing else. The first
 * request that is anything else is left unread, and its connection handed over, for good,
 * to the server that reads all of HTTP.
 */
#ifndef SERVICE_SHORTCUT_H
#define SERVICE_SHORTCUT_H

#include <stdbool.h>
#include <stddef.h>

#include "api/api.h"
#include "base/error.h"
#include "service/request_id.h"

#define SHORTCUT_CONNECTIONS_MAX 4096
#define SHORTCUT_IDLE_S          300

struct shortcut;

struct shortcut_options {
	struct api *api; /* outlives the shortcut, as does the next */
	struct request_ids *ids;
	bool everyone_is_admin;
	int fd;                               /* listens; stays the caller's */
	void (*hand_over)(void *ctx, int fd); /* from now on its connection */
	void *ctx;
};

int shortcut_start(const struct shortcut_options *options, struct shortcut **shortcut,
    struct error *err);

/* Accepts no more, and makes each answer the last of its connection. */
void shortcut_quiesce(struct shortcut *shortcut);

/* How many requests are being answered. */
size_t shortcut_pending(const struct shortcut *shortcut);

/* Cuts off who is still there, and frees. Quiesce it first. */
void shortcut_stop(struct shortcut *shortcut);

#endif

/*
 * shortcut.h - signatures for proxies, without libmicrohttpd between socket and api/.
 *
 * Accepts the connections of listeners. One that brings something gets a thread, which
 * answers its requests for signatures (signrequest.h) until it has brought nothing for a
 * second. The first request that is anything else is left unread, and its connection
 * handed over, for good, to the server that reads all of HTTP.
 */
#ifndef SERVICE_SHORTCUT_H
#define SERVICE_SHORTCUT_H

#include <stdbool.h>
#include <stddef.h>

#include "api/api.h"
#include "base/error.h"
#include "service/limits.h"
#include "service/listen.h"
#include "service/request_id.h"
#include "service/visitor.h"

struct shortcut;

/* A connection, and who is there. From now on all of it is the one's who gets it. */
typedef void
shortcut_hand_over(void *ctx, int fd, struct visitor *visitor, struct quota *quota);

/* Closes an idle connection that is not the shortcut's. False: none gives way. */
typedef bool shortcut_make_room(void *ctx, const struct limits_claim *claim);

struct shortcut_options {
	struct api *api; /* outlives the shortcut, as do the next two */
	struct request_ids *ids;
	struct limits *limits;
	bool everyone_is_admin;
	int fds[LISTENERS_MAX]; /* listen; stay the caller's */
	size_t count;
	shortcut_hand_over *hand_over;
	shortcut_make_room *make_room;
	void *ctx;
};

int shortcut_start(const struct shortcut_options *options, struct shortcut **shortcut,
    struct error *err);

/* Accepts no more, and makes each answer the last of its connection. */
void shortcut_quiesce(struct shortcut *shortcut);

/* How many requests are being answered, but for those whose clients do not read. */
size_t shortcut_pending(const struct shortcut *shortcut);

/* How many threads serve connections, and how many connections are without one. */
size_t shortcut_threads(struct shortcut *shortcut);
size_t shortcut_parked(struct shortcut *shortcut);

/* Cuts off who is still there, and frees. Quiesce it first. */
void shortcut_stop(struct shortcut *shortcut);

#endif

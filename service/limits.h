/*
 * limits.h - how much of the daemon each peer may have, and all of them together.
 *
 * A peer is a name: "uid:33" on a Unix socket, "nobody:" and its network on a port. What
 * it has is its quota, which lives as long as it has a connection. Any thread.
 */
#ifndef SERVICE_LIMITS_H
#define SERVICE_LIMITS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "service/peer.h"

/* Beyond all limits: of who is admin whatever the rules say. */
#define LIMITS_OWNER_PLACES 16

struct line;

struct lines {
	struct line *first, *last;
};

struct limits_options {
	unsigned connections, connections_per_peer;
	/* That answer requests for signatures; and as many others of its requests. */
	unsigned threads_per_peer;
	unsigned http, http_per_peer; /* connections that ask for anything else */
	unsigned header_bytes;
	unsigned idle_s, header_s, body_s, answer_s;
};

enum limit {
	LIMIT_CONNECTIONS,
	LIMIT_CONNECTIONS_PER_PEER,
	LIMIT_HTTP,
	LIMIT_HTTP_PER_PEER,
	LIMIT_HEADER_BYTES,
	LIMIT_HEADER_S,
	LIMIT_BODY_S,
	LIMIT_ANSWER_S,
	LIMIT_DESCRIPTORS,
	LIMIT_THREADS, /* the system's */
	LIMIT_MEMORY,
	LIMITS,
};

struct quota {
	char peer[PEER_ACTOR_SIZE];
	struct quota *next;      /* of the same hash */
	atomic_uint connections; /* changed under the lock of the limits */
	unsigned parted;         /* shut down, and not closed yet */
	unsigned http, working;  /* visits.c's, under its lock */
	/* shortcut.c's, under its lock; waiting is read without, too. */
	unsigned threads;
	atomic_uint waiting;
	struct lines lines; /* that wait for one */
};

struct limits;

/* As many descriptors as the system lets this process have. Returns how many. */
size_t limits_raise_descriptors(void);

/*
 * Lowers the numbers of connections to what so many descriptors are enough for, with a
 * line in the log; others are needed for the rest of the daemon.
 */
void limits_fit(struct limits_options *options, size_t descriptors, size_t others);

int limits_new(
    const struct limits_options *options, struct limits **limits, struct error *err);

/* Nobody has a connection any more. */
void limits_free(struct limits *limits);

const struct limits_options *limits_options(const struct limits *limits);

/* One more connection of the peer; NULL, and noted, when it is one too many. */
struct quota *limits_enter(struct limits *limits, const char *peer, bool is_owner);
void limits_leave(struct limits *limits, struct quota *quota);

/* It is shut down and does not count any more; limits_forget when it is closed. */
void limits_part(struct limits *limits, struct quota *quota);
void limits_forget(struct limits *limits, struct quota *quota);

/* Who wants one more, and how many it has. */
struct limits_claim {
	const char *peer;
	unsigned has;
};

/* Whether all places but the owners' are taken, so that somebody has to give way. */
bool limits_are_met(struct limits *limits, const char *peer, struct limits_claim *claim);

/* An idle connection does to who has fewer, and to its own peer. */
bool limits_gives_way(const struct quota *quota, const struct limits_claim *claim);

size_t limits_connections(struct limits *limits);

/* A limit was met: a line in the log, at most one a second for each limit. */
void limits_note(struct limits *limits, enum limit limit, const char *peer);

/* Tells a client that there is no room, as far as that goes without waiting. */
void limits_turn_away(int fd);

#endif

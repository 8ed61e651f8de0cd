/*
 * visits.h - the connections that libmicrohttpd has, each with the time by which it must
 * have got on.
 *
 * libmicrohttpd's own timeout begins anew with each byte; these do not. Who is too late
 * is told 408 if it was asking, and shut down; libmicrohttpd then closes it. Any thread.
 */
#ifndef SERVICE_VISITS_H
#define SERVICE_VISITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "service/limits.h"
#include "service/visitor.h"

struct visits;

enum visit_phase {
	VISIT_HEADER, /* its request has begun */
	VISIT_BODY,   /* the header is complete */
	VISIT_WORK,   /* we are at it: no limit */
	VISIT_ANSWER, /* it is to read */
	VISIT_IDLE,
	VISIT_GONE, /* shut down, and not closed yet */
};

/* Whoever fills the ports leaves the sockets as they are. */
enum pool { POOL_UNIX, POOL_TCP, POOLS };

struct visit {
	int fd;         /* libmicrohttpd's number */
	int copy;       /* the same socket by ours, to shut down */
	bool is_met;    /* libmicrohttpd has said that it has it, and will say when not */
	enum pool pool; /* by how it came in: who it is may become clear later */
	struct visitor *visitor;
	struct quota *quota;
	enum visit_phase phase;
	int64_t until_ms;
	struct visit *prev, *next;
};

int visits_start(struct limits *limits, struct visits **visits, struct error *err);

/* Nobody serves a visit any more; those that are left are freed. */
void visits_stop(struct visits *visits);

/*
 * In the phase VISIT_HEADER. Takes over what it is given but the descriptor, of which it
 * has a copy: libmicrohttpd may close its own without a word before it is met. At the
 * limit of a peer its longest idle visit makes room; at that of all, which Unix sockets
 * and ports have one each of, a visit of the peer with the most. NULL, and noted, when
 * none does: then all is the caller's still.
 */
struct visit *
visits_enter(struct visits *visits, int fd, struct visitor *visitor, struct quota *quota);

/*
 * Makes room for a connection where all are taken: closes the longest idle visit of the
 * peer with the most, if that gives way. For one on a socket it may be a port's, but not
 * the other way round.
 */
bool visits_close_idle(
    struct visits *visits, enum pool pool, const struct limits_claim *claim);

/*
 * libmicrohttpd has begun with what it was handed: the newest visit of the descriptor;
 * NULL for none. One that is not met leaves when it is shut down, at the latest when its
 * time for a header is over. Those of ports are met from the start.
 */
struct visit *visits_meet(struct visits *visits, int fd);

/* Its time begins anew, unless it is in that phase already. */
void visits_step(struct visits *visits, struct visit *visit, enum visit_phase phase);

/*
 * Around our work, in the phase VISIT_WORK: visits_begin waits while as many of the
 * peer's requests are worked at as it may have threads. VISIT_ANSWER follows.
 */
void visits_begin(struct visits *visits, struct visit *visit);
void visits_end(struct visits *visits, struct visit *visit);

/* What it is to read is long: it has so much more time for that. */
void visits_lengthen(struct visits *visits, struct visit *visit, int64_t more_ms);

/* Before the descriptor is closed. Frees it, its visitor, and its place in the quota. */
void visits_leave(struct visits *visits, struct visit *visit);

size_t visits_count(struct visits *visits);

#endif

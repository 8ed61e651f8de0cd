/*
 * line.h - a connection that asks for signatures, and what a thread does with it.
 *
 * Internal to the shortcut.
 */
#ifndef SERVICE_LINE_H
#define SERVICE_LINE_H

#include <stdatomic.h>
#include <stdint.h>

#include "api/api.h"
#include "base/clock.h"
#include "service/limits.h"
#include "service/request_id.h"
#include "service/visitor.h"

#define LINE_BLOCK_SIZE 8192

struct line {
	struct shortcut *shortcut;
	int fd;
	struct visitor *visitor;
	struct quota *quota;
	int64_t ready_ns;         /* when it had brought something, and got in line */
	int64_t idle_until_ms;    /* of a parked one */
	bool is_hurried;          /* of a served one: threads are scarce */
	bool is_cut;              /* of a parked one: shut down, and parted */
	struct line *prev, *next; /* in the one list that it is in */
};

void lines_append(struct lines *lines, struct line *line);
void lines_remove(struct lines *lines, struct line *line);

/*
 * Finds out who is there; the quota is for the caller to find. NULL, with a line in the
 * log, for nobody. The descriptor is the caller's until then.
 */
struct line *line_new(int fd, struct limits *limits, bool everyone_is_admin);

/* Without its descriptor and its place in a quota. NULL is fine. */
void line_free(struct line *line);

/* Closes the connection, and frees. */
void line_end(struct line *line, struct limits *limits);

/* What all lines are served by. */
struct signing {
	struct api *api;
	struct request_ids *ids;
	struct limits *limits;
	atomic_bool stopping;
	atomic_bool ending;    /* nobody waits for a client to read any more */
	atomic_size_t pending; /* answers not yet made, or not yet sent to who reads */
	atomic_size_t working; /* of these, not yet made */
};

/* What a thread has. */
struct desk {
	struct signing *signing;
	int64_t date_s; /* what date says; 0: nothing yet */
	char date[CLOCK_HTTP_SIZE];
	char block[LINE_BLOCK_SIZE + 1];
};

/* 1 for bytes to read, 0 for the end of the connection or a failure, -1 for nothing yet.
 */
int line_what_came(const struct line *line);

/*
 * Of a parked one, to make room. An event of it may have been reported already: it is for
 * that one, or for the one that this makes, to end it.
 */
void line_cut(struct line *line, struct limits *limits);

enum line_next {
	LINE_END,
	LINE_OTHER, /* has brought what is no request for a signature; it is unread */
	LINE_PARK,  /* brings nothing for a while, or others of its peer wait for a thread
		     */
};

/* Answers the requests that it brings, until it is one of those. */
enum line_next line_serve(const struct line *line, struct desk *desk);

#endif

/* run.h - runs one keyhold command line against a fake daemon with fixed answers. */
#ifndef TESTS_CLI_RUN_H
#define TESTS_CLI_RUN_H

#include <stddef.h>

#include "tests/support/fake_server.h"

#define PROBLEM "application/problem+json"
#define JSON    "application/json"
#define PEM     "application/x-pem-file"

struct route {
	const char *request; /* "GET /v1/keys/web " or a shorter beginning; NULL ends */
	int status;
	const char *type;
	const char *body;
	const char *link; /* or NULL */
};

struct run {
	struct fake_server *server; /* NULL before the first run_start */
	const struct route *routes;
	const char
	    *typed; /* what somebody types at a terminal, or NULL for no terminal */
	const char *request_id; /* of each answer, or NULL */
	char *out;
	char *errors;
	int status;
};

/* Starts the fake daemon; whatever no route answers is a 404. */
void run_start(struct run *run, const struct route *routes);

/* cmocka's setup and teardown: *state is a run of its own. */
int run_new(void **state, const struct route *routes);
int run_free(void **state);

/* Words up to NULL; --socket is added. Fills out, errors and status. */
void run_keyhold(struct run *run, ...);

/* That some request had this text. */
void run_assert_sent(const struct run *run, const char *text);

/* Stops the daemon, frees. */
void run_stop(struct run *run);

/* "DIR/name", in the daemon's directory; valid until the next call. */
const char *run_path(const struct run *run, const char *name);

/* The file's text, in a static buffer; NULL when there is none. */
const char *run_read(const char *path);

void run_write(const char *path, const void *data, size_t len);

#endif

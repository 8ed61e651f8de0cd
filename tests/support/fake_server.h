/*
 * fake_server.h - an HTTP server on a Unix socket in a temporary directory, for tests of
 * programs that talk to keyholdd; or on a port, for those that talk to others.
 *
 * One thread serves all connections. The handler runs on it and writes the reply.
 */
#ifndef TESTS_SUPPORT_FAKE_SERVER_H
#define TESTS_SUPPORT_FAKE_SERVER_H

#include <stdbool.h>

#include "base/buffer.h"

enum fake_action {
	FAKE_KEEP,  /* send the reply, keep the connection */
	FAKE_CLOSE, /* send the reply, close */
	FAKE_HANG,  /* send the reply so far, if any, and say no more */
};

struct fake_request {
	unsigned connection; /* 1 for the first that was accepted */
	unsigned number;     /* 1 for the first request of all */
	const char *head;    /* "GET /path HTTP/1.1\r\n..." */
	const char *body;
	struct buffer reply; /* raw bytes; see fake_reply */
};

struct fake_server;

/* Dies on failure: a test cannot go on without its server. */
struct fake_server *fake_server_start(
    enum fake_action (*handler)(void *ctx, struct fake_request *req), void *ctx);
void fake_server_stop(struct fake_server *server);

/* The same on a port of 127.0.0.1 that nobody else has. */
struct fake_server *fake_server_start_port(
    enum fake_action (*handler)(void *ctx, struct fake_request *req), void *ctx);
unsigned fake_server_port(const struct fake_server *server);

const char *fake_server_directory(const struct fake_server *server);
const char *fake_server_socket(const struct fake_server *server);
unsigned fake_server_connections(struct fake_server *server);

/* Whether some request contained the text: "POST /v1/keys HTTP/1.1" or part of a body. */
bool fake_server_saw(struct fake_server *server, const char *text);

/* Whether the request line begins with this, as in "GET /v1/keys". */
bool fake_request_is(const struct fake_request *req, const char *method_and_path);

/* Writes a whole response with its length. */
void fake_reply(struct fake_request *req, int status, const char *type, const char *body);

#endif

/*
 * connection.h - one connection to keyholdd, which carries one request at a time.
 *
 * It belongs to the process that opened it. Freeing it closes the descriptor and
 * nothing else: a shutdown in a forked child would cut off its parent.
 *
 * A descriptor is only a number, and the application may close all it does not know
 * (closefrom in a daemon) and get this number for a socket of its own. So the connection
 * knows its socket's device and inode: when the number means something else, it is
 * neither used nor closed. No check can help against a close in the middle of a request.
 */
#ifndef CLIENT_CONNECTION_H
#define CLIENT_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"

struct client_response;

struct connection {
	const char *socket; /* borrowed from the client, for messages */
	pid_t pid;          /* who opened it */
	int fd;
	dev_t device; /* with inode: which socket fd meant when it was opened */
	ino_t inode;
	bool hung_up;  /* closed by the daemon before any byte of its answer */
	bool reusable; /* the last exchange left it in step with the daemon */
};

/* A path longer than this does not fit a socket address. */
size_t connection_socket_max(void);

/* socket must outlive the connection, which the caller frees. */
int connection_open(
    const char *socket, int timeout_ms, struct connection **conn, struct error *err);

/* NULL is fine. Leaves a descriptor open that is no longer this connection's. */
void connection_free(struct connection *conn);

/* Whether it may carry a request now: this process's, still its own socket,
 * not closed, nothing unread. */
bool connection_is_usable(const struct connection *conn);

struct connection_request {
	struct bytes head;
	struct bytes body;
	int64_t deadline_ms; /* of clock_mono_ms, for the last byte of the answer */
};

/* ERROR_TIMEOUT when the deadline passed. After any failure only freeing is left. */
int connection_exchange(struct connection *conn, const struct connection_request *req,
    struct client_response *res, struct error *err);

#endif

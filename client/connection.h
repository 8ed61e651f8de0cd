/*
 * connection.h - one connection to keyholdd, which carries one request at a time.
 *
 * It belongs to the process that opened it. Freeing it closes the descriptor and
 * nothing else: a shutdown in a forked child would cut off its parent.
 *
 * A descriptor is only a number, and the application may close all it does not know
 * (closefrom in a daemon) and get this number for a socket of its own. So the connection
 * knows its socket's device and inode. It is never closed unless the number still means
 * that socket, and after CONNECTION_IDLE_MS without use it is looked at before it is used
 * again. Sooner it is not: programs close what they do not know when they start, mostly
 * with a fork, and not between two handshakes of the same second; there a look would be
 * two of four system calls.
 *
 * So within that time nobody notices before the request is sent:
 * - that the number is closed (EBADF), a file's (ENOTSOCK), or the daemon gone (EPIPE, or
 *   an end). That shows before a byte of an answer came, and the call is sent again over
 *   a new connection;
 * - bytes that the daemon sent unasked after its last answer. They are taken for the next
 *   answer, and later ones may be off by one. keyholdd sends none, and is trusted
 *   not to;
 * - that the number is now a socket of the application's. It is sent the request, and
 *   what it answers is taken for the answer. If it answers nothing, a call that cannot
 *   pause may wait for ever: its receive relies on SO_RCVTIMEO, which is our socket's.
 */
#ifndef CLIENT_CONNECTION_H
#define CLIENT_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"
#include "client/request.h"
#include "client/response.h"

#define CONNECTION_IDLE_MS    1000
#define CONNECTION_BLOCK_SIZE 8192

struct client_request;
struct client_waiter;

/* On the heap with all its buffers: a caller may have as little stack as 32 KiB. */
struct connection {
	const char *socket; /* borrowed, for messages */
	size_t socket_index;
	uint64_t process; /* who opened it (process.h) */
	int64_t opened_ms, used_ms;
	int fd;
	int receive_ms; /* how long a receive waits by itself */
	dev_t device;   /* with inode: which socket fd meant when it was opened */
	ino_t inode;
	bool hung_up;  /* it died before any byte of the answer */
	bool reusable; /* the last exchange left it in step with the daemon */

	/* Of the call under way: */
	const struct client_waiter *waiter; /* NULL: the thread waits */
	void *waiter_ctx;
	struct client_response *res;
	char head[REQUEST_HEAD_MAX];
	unsigned char block[CONNECTION_BLOCK_SIZE];
	struct response answer;
};

/* A path longer than this does not fit a socket address. */
size_t connection_socket_max(void);

struct connection_options {
	const char *socket; /* must outlive the connection */
	size_t socket_index;
	uint64_t process;
	int connect_timeout_ms;
	int answer_timeout_ms;
	const struct client_waiter *waiter;
	void *waiter_ctx;
};

/* The caller frees it. */
int connection_open(const struct connection_options *options, struct connection **conn,
    struct error *err);

/* NULL is fine. Leaves a descriptor open that is no longer this connection's. */
void connection_free(struct connection *conn);

/* Whether it may carry a request now. */
bool connection_is_usable(const struct connection *conn, uint64_t process);

/* What the call under way needs to know. */
struct connection_call {
	const struct client_request *req; /* which request_check found in order */
	int64_t deadline_ms; /* of clock_mono_ms, for the answer's last byte */
	const struct client_waiter *waiter;
	void *waiter_ctx;
};

/* ERROR_TIMEOUT when the deadline passed. After any failure only freeing is left. */
int connection_exchange(struct connection *conn, const struct connection_call *call,
    struct client_response *res, struct error *err);

#endif

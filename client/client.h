/*
 * client.h - one HTTP request to keyholdd over a Unix socket.
 *
 * A client keeps idle connections and may be used from many threads at once: each call
 * has a connection to itself. Connections know the process that opened them, so a forked
 * child opens its own and never writes to its parent's. No thread, no signal handler
 * (SIGPIPE is never raised), no atexit.
 *
 * Sockets of the list are tried in order. One that did not answer in time rests for a
 * second. A repeatable call whose connection dies before the first byte of the answer is
 * sent once more over a new one; any other call gets a new connection from the start, so
 * that it is never in doubt whether to send it again.
 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

#define CLIENT_DEFAULT_SOCKET  "/run/keyhold/keyhold.sock"
#define CLIENT_REQUEST_ID_SIZE 32
#define CLIENT_TIMEOUT_MAX_MS  60000 /* the longest that a setting may say */

struct client;

/* What a call waits for. */
struct client_pause {
	int fd;              /* -1: nothing but the deadline */
	short events;        /* of poll(2) */
	int64_t deadline_ms; /* of clock_mono_ms */
	void (*abandon)(void *call);
	void *call;
};

/*
 * How a call waits in an application that can pause it and do something else on the same
 * thread. Without one, or where can_pause says no, the thread waits.
 */
struct client_waiter {
	bool (*can_pause)(void *ctx);
	/*
	 * The events that came (> 0), 0 when the deadline passed, or -errno. May go on in
	 * another thread. Whoever drops a paused call for good calls abandon(call) once,
	 * which closes its connection, while the call's stack still exists.
	 */
	int (*pause)(void *ctx, const struct client_pause *pause);
};

struct client_options {
	const char
	    *sockets; /* one path or several with commas between; "@name" is abstract */
	bool relative_paths;    /* are fine, from wherever the process is */
	int connect_timeout_ms; /* for each socket tried */
	int answer_timeout_ms;  /* from the first byte sent to the last received */
	const struct client_waiter *waiter; /* NULL: threads wait */
	void *waiter_ctx;
};

struct client_request {
	const char *method;
	const char *path;         /* with its query, already percent-encoded */
	const char *content_type; /* NULL when there is no body */
	const char *accept;       /* NULL: whatever the daemon prefers */
	const char *condition;    /* one more header field, such as If-Match; or NULL */
	const char *bearer;       /* the token to come with; or NULL */
	struct bytes body;
	bool repeatable; /* doing it twice is as good as once: a GET, a signature */
	bool pausable;   /* the waiter may pause it */
	bool close;      /* do not keep its connection */
};

struct client_response {
	int status;
	char content_type[64];
	char location[256]; /* "" when the daemon sent none */
	char link[512];
	char etag[72];                           /* with its quotes */
	char request_id[CLIENT_REQUEST_ID_SIZE]; /* as the daemon's log has it */
	/*
	 * Unless NULL, takes the body of a 200 as it comes, of whatever length, in place
	 * of body; when it fails, so does the call.
	 */
	int (*sink)(void *ctx, const void *data, size_t len, struct error *err);
	void *sink_ctx;
	struct buffer body; /* initialised by client_response_init, freed by _free */
};

/*
 * options is copied; both timeouts must be positive. The caller frees with client_free.
 * No I/O happens here.
 */
int client_new(
    const struct client_options *options, struct client **client, struct error *err);
void client_free(struct client *client);

/* max_bytes bounds the body that will be accepted. */
void client_response_init(struct client_response *res, size_t max_bytes);
void client_response_free(struct client_response *res);

/*
 * Sends and receives. 0 means that an HTTP answer came, whatever its status;
 * -1 that none came (ERROR_IO, ERROR_TIMEOUT, ERROR_BAD_REQUEST for an answer that
 * is not HTTP, ERROR_TOO_LARGE for one over max_bytes). res may be reused for the
 * next call. HEAD is not supported: its answer has a length and no body.
 */
int client_call(struct client *client, const struct client_request *req,
    struct client_response *res, struct error *err);

#endif

/*
 * listen.h - the sockets that the daemon accepts on: its own, or systemd's.
 *
 * Mode, owner and group of a socket file are what was asked for before anybody can
 * connect.
 * A file that is not a socket, or that somebody serves, is never removed.
 */
#ifndef SERVICE_LISTEN_H
#define SERVICE_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

#define LISTENERS_MAX   16
#define LISTEN_PATH_MAX 107 /* sockaddr_un holds one more, for the NUL */

struct config_listener;

enum listener_kind {
	LISTENER_UNIX,
	LISTENER_HTTPS,
	LISTENER_HTTP, /* without TLS: on loopback, for what everybody may have */
};

struct listener {
	enum listener_kind kind;
	const struct config_listener *settings; /* of HTTPS and HTTP; else NULL */
	int fd;                                 /* close-on-exec, blocking */
	char path[LISTEN_PATH_MAX + 1];         /* "" unless there is a file of ours */
	dev_t device;
	ino_t inode;
	bool own; /* made here; systemd's go on listening without us */
};

/* Of a socket file; -1 leaves what is. */
struct listen_owner {
	uid_t uid;
	gid_t gid;
};

/*
 * Whether listen_unix could make the socket, as far as that shows without making
 * anything: not whether somebody accepts there.
 */
int listen_check(const char *path, struct listen_owner owner, struct error *err);

/*
 * A path that begins with '@' names an abstract socket, without mode, owner and group.
 * ERROR_CONFLICT when somebody accepts there already; two processes that start at once
 * are kept apart by the lock of the store, not here.
 */
int listen_unix(const char *path, mode_t mode, struct listen_owner owner,
    struct listener *listener, struct error *err);

/* Whether systemd passed sockets, or tried to. */
bool listen_is_activated(void);

/*
 * Takes over what systemd passed; *count is 0 when that is nothing. A TCP socket comes
 * back as LISTENER_HTTP without settings: its address tells what it is for.
 */
int listen_activated(
    struct listener *listeners, size_t max, size_t *count, struct error *err);

/*
 * Removes the socket file if it is still the one that listen_unix made, and closes.
 * Nobody connects to a socket of our own from here on, whatever copies of its descriptor
 * there are; what systemd passed keeps its file and its queue, for who is started next.
 */
void listen_close(struct listener *listener);

#endif

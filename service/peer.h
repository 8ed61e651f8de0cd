/* peer.h - who is at the other end of a Unix socket, as the kernel says. */
#ifndef SERVICE_PEER_H
#define SERVICE_PEER_H

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

struct peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;     /* may be gone, and be another's by now: for the log only */
	gid_t *groups; /* supplementary; gid need not be among them */
	size_t group_count;
};

/*
 * The peer at the time it connected; the caller clears it. ERROR_FORBIDDEN for a socket
 * without one. Needs Linux 4.13.
 */
int peer_of_socket(int fd, struct peer *peer, struct error *err);
void peer_clear(struct peer *peer);

#define PEER_ACTOR_SIZE 128

/* "uid:1000", the actor of the audit record; returns out. */
const char *peer_actor(const struct peer *peer, char out[static PEER_ACTOR_SIZE]);

#endif

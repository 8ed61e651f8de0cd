/* peer.c - SO_PEERCRED and SO_PEERGROUPS, which the peer cannot forge. */
#include "service/peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static int
read_credentials(int fd, struct peer *peer, struct error *err)
{
	struct ucred credentials;
	socklen_t len = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) != 0)
		return error_set_errno(err, ERROR_IO, "SO_PEERCRED");
	/* Of a TCP socket Linux says so instead of failing. */
	if (len != sizeof(credentials) || credentials.uid == (uid_t)-1)
		return error_set(err, ERROR_FORBIDDEN, "the peer has no user");
	*peer = (struct peer){
		.uid = credentials.uid,
		.gid = credentials.gid,
		.pid = credentials.pid,
	};
	return 0;
}

static int
read_groups(int fd, struct peer *peer, struct error *err)
{
	socklen_t len = 0;

	/* Without room for them, Linux says how much it takes. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) == 0)
		return 0;
	if (errno != ERANGE)
		return error_set_errno(err, ERROR_IO, "SO_PEERGROUPS");
	if ((peer->groups = malloc(len)) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer->groups, &len) != 0) {
		error_set_errno(err, ERROR_IO, "SO_PEERGROUPS");
		peer_clear(peer);
		return -1;
	}
	peer->group_count = len / sizeof(*peer->groups);
	return 0;
}

int
peer_of_socket(int fd, struct peer *peer, struct error *err)
{
	if (read_credentials(fd, peer, err) != 0)
		return -1;
	return read_groups(fd, peer, err);
}

void
peer_clear(struct peer *peer)
{
	free(peer->groups);
	*peer = (struct peer){ 0 };
}

const char *
peer_actor(const struct peer *peer, char out[static PEER_ACTOR_SIZE])
{
	snprintf(out, PEER_ACTOR_SIZE, "uid:%u", (unsigned)peer->uid);
	return out;
}

/* peer.c - SO_PEERCRED, which the peer cannot forge. */
#include "service/peer.h"

#include <stdio.h>
#include <sys/socket.h>

int
peer_of_socket(int fd, struct peer *peer, struct error *err)
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

const char *
peer_actor(const struct peer *peer, char out[static PEER_ACTOR_SIZE])
{
	snprintf(out, PEER_ACTOR_SIZE, "uid:%u", (unsigned)peer->uid);
	return out;
}

/* tcp.c - a name is looked up once, for a look-up costs more than a connection. */
#include "bench/tcp.h"

#include <netdb.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

int
tcp_find(const char *target, struct tcp_server *server, struct error *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	char host[256], *port;

	if (text_copy(host, sizeof(host), target) != 0 ||
	    (port = strrchr(host, ':')) == NULL)
		return error_set(err, ERROR_CONFIG, "%s: not HOST:PORT", target);
	*port++ = '\0';
	if (getaddrinfo(host, port, &hints, &found) != 0)
		return error_set(err, ERROR_IO, "%s: no such host", target);
	memcpy(&server->address, found->ai_addr, found->ai_addrlen);
	server->len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

int
tcp_connect(const struct tcp_server *server, struct error *err)
{
	int fd = socket(server->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return error_set_errno(err, ERROR_IO, "socket");
	if (connect(fd, (const struct sockaddr *)&server->address, server->len) != 0) {
		error_set_errno(err, ERROR_IO, "connect");
		close(fd);
		return -1;
	}
	return fd;
}

/* tcp.c - addresses as numbers, and sockets bound to them. */
#include "service/tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

static struct sockaddr_in *
as_v4(const struct tcp_address *address)
{
	return (struct sockaddr_in *)(uintptr_t)&address->socket;
}

static struct sockaddr_in6 *
as_v6(const struct tcp_address *address)
{
	return (struct sockaddr_in6 *)(uintptr_t)&address->socket;
}

static bool
is_v4(const struct tcp_address *address)
{
	return address->socket.ss_family == AF_INET;
}

static bool
read_host(const char *host, struct tcp_address *address)
{
	size_t len = strlen(host);
	char inner[INET6_ADDRSTRLEN];

	*address = (struct tcp_address){ 0 };
	if (inet_pton(AF_INET, host, &as_v4(address)->sin_addr) == 1) {
		address->socket.ss_family = AF_INET;
		address->len = sizeof(struct sockaddr_in);
		return true;
	}
	if (len < 2 || len - 2 >= sizeof(inner) || host[0] != '[' || host[len - 1] != ']')
		return false;
	memcpy(inner, host + 1, len - 2);
	inner[len - 2] = '\0';
	address->socket.ss_family = AF_INET6;
	address->len = sizeof(struct sockaddr_in6);
	return inet_pton(AF_INET6, inner, &as_v6(address)->sin6_addr) == 1;
}

int
tcp_address_read(const char *text, struct tcp_address *address, struct error *err)
{
	const char *colon = strrchr(text, ':');
	char host[TCP_HOST_SIZE];
	size_t len = colon != NULL ? (size_t)(colon - text) : 0;
	uint64_t port;

	if (len == 0 || len >= sizeof(host))
		goto refuse;
	memcpy(host, text, len);
	host[len] = '\0';
	if (!read_host(host, address))
		goto refuse;
	if (text_to_uint(colon + 1, 1, 65535, &port, err) != 0)
		return -1;
	/* At the same place in both. */
	as_v4(address)->sin_port = htons((uint16_t)port);
	return 0;
refuse:
	return error_set(err, ERROR_CONFIG,
	    "\"%.80s\" is not an address and a port, such as 127.0.0.1:8080 or "
	    "[::]:8443",
	    text);
}

unsigned
tcp_port(const struct tcp_address *address)
{
	return ntohs(as_v4(address)->sin_port);
}

int
tcp_address_of(int fd, struct tcp_address *address, struct error *err)
{
	*address = (struct tcp_address){ .len = sizeof(address->socket) };
	if (getsockname(fd, (struct sockaddr *)&address->socket, &address->len) != 0)
		return error_set_errno(err, ERROR_IO, "the address of a socket");
	return 0;
}

bool
tcp_address_is_loopback(const struct tcp_address *address)
{
	if (is_v4(address))
		return ntohl(as_v4(address)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(&as_v6(address)->sin6_addr);
}

bool
tcp_address_is_same(const struct tcp_address *a, const struct tcp_address *b)
{
	if (a->socket.ss_family != b->socket.ss_family ||
	    as_v4(a)->sin_port != as_v4(b)->sin_port)
		return false;
	if (is_v4(a))
		return as_v4(a)->sin_addr.s_addr == as_v4(b)->sin_addr.s_addr;
	return IN6_ARE_ADDR_EQUAL(&as_v6(a)->sin6_addr, &as_v6(b)->sin6_addr);
}

const char *
tcp_host(const struct sockaddr *address, char out[static TCP_HOST_SIZE])
{
	const struct sockaddr_in *v4 = (const void *)address;
	const struct sockaddr_in6 *v6 = (const void *)address;

	snprintf(out, TCP_HOST_SIZE, "unknown");
	if (address->sa_family == AF_INET)
		inet_ntop(AF_INET, &v4->sin_addr, out, TCP_HOST_SIZE);
	else if (address->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], out, TCP_HOST_SIZE);
	else if (address->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &v6->sin6_addr, out, TCP_HOST_SIZE);
	return out;
}

static int
bind_to(int fd, const struct tcp_address *address)
{
	const int yes = 1, no = 0;

	/* A restart does not wait for what is left of old connections. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0)
		return -1;
	/* Whatever the system's default. */
	if (!is_v4(address) &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) != 0)
		return -1;
	if (bind(fd, (const struct sockaddr *)&address->socket, address->len) != 0)
		return -1;
	return listen(fd, SOMAXCONN);
}

int
tcp_listen(
    const struct tcp_address *address, const char *name, int *fd, struct error *err)
{
	*fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return error_set_errno(err, ERROR_IO, "%s", name);
	if (bind_to(*fd, address) == 0)
		return 0;
	if (errno == EADDRINUSE)
		error_set(err, ERROR_CONFLICT, "address in use: %s", name);
	else
		error_set_errno(err, ERROR_IO, "%s", name);
	close(*fd);
	*fd = -1;
	return -1;
}

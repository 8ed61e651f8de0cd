/* tcp.h - addresses of TCP listeners, and the sockets that listen there. */
#ifndef SERVICE_TCP_H
#define SERVICE_TCP_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/error.h"

struct tcp_address {
	struct sockaddr_storage socket; /* zeroed where nothing is */
	socklen_t len;
};

/* "127.0.0.1:8080" or "[::1]:8080": numbers, for a name may be somebody else's. */
int tcp_address_read(const char *text, struct tcp_address *address, struct error *err);

unsigned tcp_port(const struct tcp_address *address);

/* What the socket is bound to. */
int tcp_address_of(int fd, struct tcp_address *address, struct error *err);

bool tcp_address_is_loopback(const struct tcp_address *address);
bool tcp_address_is_same(const struct tcp_address *a, const struct tcp_address *b);

#define TCP_HOST_SIZE 64

/* Without the port; returns out. An IPv4 address in IPv6 clothes is shown as IPv4. */
const char *tcp_host(const struct sockaddr *address, char out[static TCP_HOST_SIZE]);

/*
 * A socket that listens: [::] takes IPv4 too. ERROR_CONFLICT when the address is in use.
 * name is for the message.
 */
int tcp_listen(
    const struct tcp_address *address, const char *name, int *fd, struct error *err);

#endif

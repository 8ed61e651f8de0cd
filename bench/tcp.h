/* tcp.h - connections to a server that is named once. */
#ifndef BENCH_TCP_H
#define BENCH_TCP_H

#include <sys/socket.h>

#include "base/error.h"

struct tcp_server {
	struct sockaddr_storage address;
	socklen_t len;
};

/* target is HOST:PORT. */
int tcp_find(const char *target, struct tcp_server *server, struct error *err);

/* The descriptor, which the caller closes; or -1. */
int tcp_connect(const struct tcp_server *server, struct error *err);

#endif

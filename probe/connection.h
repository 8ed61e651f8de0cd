/*
 * connection.h - a TCP connection that keeps a deadline.
 *
 * Nothing here raises SIGPIPE, and no call but the one for a name's addresses, whose
 * resolver is asked to be quick, goes on beyond the deadline.
 */
#ifndef PROBE_CONNECTION_H
#define PROBE_CONNECTION_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

/*
 * A descriptor, or -1: ERROR_NOT_FOUND when the host has no address, ERROR_TIMEOUT,
 * ERROR_IO. The addresses are tried in turn. deadline is of clock_mono_ms.
 */
int
probe_connect(const char *host, const char *port, int64_t deadline, struct error *err);

int probe_send(int fd, struct bytes data, int64_t deadline, struct error *err);

/* At least one byte, or *len 0 when the other side has closed. */
int probe_receive(
    int fd, void *data, size_t size, int64_t deadline, size_t *len, struct error *err);

#endif

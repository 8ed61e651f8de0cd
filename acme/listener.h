/* listener.h - a small server for as long as a challenge lasts. */
#ifndef ACME_LISTENER_H
#define ACME_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct listener;

struct listener_service {
	/* Serves one connection, non-blocking, until deadline_ms of clock_mono_ms at
	 * most; does not close it. Called in several threads at once. */
	void (*serve)(void *ctx, int fd, int64_t deadline_ms);
	void *ctx;
};

/*
 * address is "192.0.2.1:80" or "[2001:db8::1]:80"; NULL: this port of all addresses.
 * Connections are served in threads of the listener's, sixteen at most, each for five
 * seconds at most.
 */
int listener_open(const char *address, const char *port,
    const struct listener_service *service, struct listener **listener,
    struct error *err);

/* When it returns, no thread is left. NULL is fine. */
void listener_close(struct listener *listener);

/* Waits until fd can be read, or written; false at the deadline. */
bool listener_wait(int fd, bool writing, int64_t deadline_ms);

#endif

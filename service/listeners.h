/*
 * listeners.h - all that the daemon accepts on.
 *
 * What systemd passed takes the place of what the configuration names there: of all Unix
 * sockets, if one is among it, and of the HTTPS or HTTP listener of the same address. The
 * daemon makes the others.
 */
#ifndef SERVICE_LISTENERS_H
#define SERVICE_LISTENERS_H

#include "base/error.h"
#include "service/config.h"
#include "service/listen.h"

struct listeners {
	struct listener list[LISTENERS_MAX];
	size_t count;
};

/* Whether they could be opened, as far as that shows without making anything. */
int listeners_check(const struct config *config, struct error *err);

/* config outlives them. The caller closes them, after a failure too. */
int listeners_open(
    const struct config *config, struct listeners *listeners, struct error *err);
void listeners_close(struct listeners *listeners);

#endif

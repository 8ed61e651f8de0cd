/* cage_places.h - which files the daemon goes on using, and what for. */
#ifndef SERVICE_CAGE_PLACES_H
#define SERVICE_CAGE_PLACES_H

#include <stdbool.h>

#include "base/error.h"

struct config;

enum place_use {
	PLACE_READ,   /* files and directories are read */
	PLACE_WRITE,  /* made, changed and removed too; devices are controlled */
	PLACE_STORE,  /* files are made, changed and removed; nothing else is */
	PLACE_SOCKET, /* sockets are made and removed */
	PLACE_PARENT, /* empty directories are removed */
};

struct place {
	const char *path;
	enum place_use use;
	const char *reason;
	bool must_exist;
};

/* Calls visit for each; ends with its -1. The text is valid during the call only. */
int cage_places_visit(const struct config *config,
    int (*visit)(void *ctx, const struct place *place, struct error *err), void *ctx,
    struct error *err);

#endif

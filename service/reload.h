/*
 * reload.h - SIGHUP: the access rules and the log level of the file as it is now.
 *
 * All or nothing: a file with a mistake anywhere in it changes nothing. Everything else
 * stays as it was at the start, and the log says which settings would change.
 */
#ifndef SERVICE_RELOAD_H
#define SERVICE_RELOAD_H

#include "api/api.h"
#include "service/config.h"

/* running is what the daemon was started with. One call at a time. */
void reload_config(struct api *api, const struct config *running, const char *path);

#endif

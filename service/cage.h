/*
 * cage.h - what this process can still do once it serves.
 *
 * Three doors, closed one after the other: dumps and open modes before anything secret is
 * read, files before the module is loaded (whatever it starts, and whatever it will need
 * to be initialised again, is inside), system calls when all is open. docs/cage.md says
 * what is left.
 */
#ifndef SERVICE_CAGE_H
#define SERVICE_CAGE_H

#include <stdio.h>

#include "base/error.h"

struct config;

/* No core dumps, no tracing by others of this user, umask 077. */
int cage_begin(struct error *err);

/*
 * For this thread and those that it starts: no new privileges, and Landlock. A kernel
 * without it, or with less of it, is logged and is no error. The state directory must be
 * there.
 */
int cage_confine(const struct config *config, struct error *err);

/* For every thread: the filter of system calls. Logs what is closed. */
int cage_close(const struct config *config, struct error *err);

/* What the cage of this configuration is on this kernel, for people. */
void cage_print(const struct config *config, FILE *out);

#endif

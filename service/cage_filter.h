/* cage_filter.h - the filter of system calls, by seccomp. */
#ifndef SERVICE_CAGE_FILTER_H
#define SERVICE_CAGE_FILTER_H

#include "base/error.h"

struct config;

/* NULL if the settings may allow a system call of this name, else why not. */
const char *cage_filter_judge(const char *name);

/* For every thread of the process. */
int cage_filter_close(const struct config *config, struct error *err);

#endif

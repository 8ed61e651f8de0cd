/* options.h - keyholdd's command line. */
#ifndef SERVICE_OPTIONS_H
#define SERVICE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum options_mode {
	OPTIONS_RUN,
	OPTIONS_CHECK,
	OPTIONS_PRINT,
	OPTIONS_RESTORE,
	OPTIONS_SYSTEM_CALLS,
	OPTIONS_HELP,
	OPTIONS_VERSION,
};

struct options {
	enum options_mode mode;
	const char *config; /* one of these two is set unless help or version is wanted */
	const char *dev;
	const char *backup; /* to restore */
	bool force;
	const char *dev_group; /* NULL: nobody but this user */
	int64_t clock_rate;    /* 0: the world's clock */
};

/* The texts belong to argv. */
int options_read(int argc, char **argv, struct options *options, struct error *err);

extern const char options_help[];

#endif

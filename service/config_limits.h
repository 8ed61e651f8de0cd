/* config_limits.h - the settings below limits. Internal to the configuration. */
#ifndef SERVICE_CONFIG_LIMITS_H
#define SERVICE_CONFIG_LIMITS_H

#include <stdio.h>

#include "base/error.h"
#include "service/limits.h"
#include "service/settings.h"
#include "service/source.h"

/* A peer has threads for twice the sessions of the tokens, unless it says otherwise. */
int
config_read_limits(const struct source *source, const struct limits_settings *settings,
    unsigned max_sessions, struct limits_options *limits, struct error *err);

void config_print_limits(const struct limits_options *limits, FILE *out);

#endif

/* config_access.h - the access rules, each checked. Internal to the configuration. */
#ifndef SERVICE_CONFIG_ACCESS_H
#define SERVICE_CONFIG_ACCESS_H

#include "base/error.h"
#include "service/config.h"
#include "service/settings.h"
#include "service/source.h"

/* Their texts stay the settings'. */
int config_read_access(const struct source *source, const struct settings *settings,
    struct config *config, struct error *err);

#endif

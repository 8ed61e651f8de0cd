/* config_listen.h - where the daemon listens, each place checked. Internal to the
 * configuration. */
#ifndef SERVICE_CONFIG_LISTEN_H
#define SERVICE_CONFIG_LISTEN_H

#include "base/error.h"
#include "service/config.h"
#include "service/settings.h"
#include "service/source.h"

int config_read_listeners(const struct source *source, const struct settings *settings,
    struct config *config, struct error *err);

#endif

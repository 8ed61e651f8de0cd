/* config_cage.h - the settings below cage. Internal to the configuration. */
#ifndef SERVICE_CONFIG_CAGE_H
#define SERVICE_CONFIG_CAGE_H

#include "service/config.h"
#include "service/settings.h"
#include "service/source.h"

int config_read_cage(const struct source *source, const struct cage_settings *settings,
    struct config_cage *cage, struct error *err);

#endif

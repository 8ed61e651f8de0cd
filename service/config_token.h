/* config_token.h - the settings below token, or each of tokens. Internal to the
 * configuration. */
#ifndef SERVICE_CONFIG_TOKEN_H
#define SERVICE_CONFIG_TOKEN_H

#include <stdio.h>

#include "base/error.h"
#include "service/config.h"
#include "service/settings.h"
#include "service/source.h"

int config_read_tokens(const struct source *source, const struct settings *settings,
    struct config *config, struct error *err);

void config_print_tokens(const struct config *config, FILE *out);

#endif

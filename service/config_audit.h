/* config_audit.h - what the audit record has of signatures, and how often its head is
 * signed. Internal to the configuration. */
#ifndef SERVICE_CONFIG_AUDIT_H
#define SERVICE_CONFIG_AUDIT_H

#include "base/error.h"
#include "service/config.h"
#include "service/settings.h"
#include "service/source.h"

int config_read_audit(const struct source *source, const struct audit_settings *settings,
    struct config *config, struct error *err);

#endif

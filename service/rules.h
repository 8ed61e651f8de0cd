/*
 * rules.h - one entry below access becomes a rule of api/access.h.
 *
 * User and group names are looked up here, once: who is renamed later keeps the id.
 */
#ifndef SERVICE_RULES_H
#define SERVICE_RULES_H

#include "api/access.h"
#include "base/error.h"
#include "service/settings.h"

#define RULES_PLACE_SIZE 32

/*
 * Fills one rule, whose texts stay the settings', and whose cap is the caller's to free.
 * On failure err is the reason, and place which setting of the rule is wrong: "keys[1]".
 */
int rules_read(const struct access_settings *settings, struct access_rule *rule,
    char place[static RULES_PLACE_SIZE], struct error *err);

#endif

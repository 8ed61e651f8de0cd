/* caps.h - rate and concurrent of a rule, as numbers. */
#ifndef SERVICE_CAPS_H
#define SERVICE_CAPS_H

#include "api/cap.h"
#include "service/rules.h"

/* Both may be absent. On failure place is the one that is wrong. */
int caps_read(const struct access_settings *settings, struct cap_terms *terms,
    char place[static RULES_PLACE_SIZE], struct error *err);

#endif

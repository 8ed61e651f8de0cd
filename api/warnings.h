/* warnings.h - what was asked for and not done, in an answer. */
#ifndef API_WARNINGS_H
#define API_WARNINGS_H

#include "ca/warning.h"

/* A list of texts; NULL when out of memory. */
struct json_t *warnings_json(const struct warnings *warnings);

#endif

/* published.h - what is for everybody who checks certificates, on a listener for it. */
#ifndef API_PUBLISHED_H
#define API_PUBLISHED_H

#include <stdbool.h>

#include "api/router.h"

/* Of the public resources those that take no look at the token. */
bool route_is_published(const struct route *route);

#endif

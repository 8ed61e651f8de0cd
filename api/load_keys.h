/* load_keys.h - the keys of the store, taken into use at the start. */
#ifndef API_LOAD_KEYS_H
#define API_LOAD_KEYS_H

#include "api/api.h"

/* A key that its token does not have is listed all the same, and logged. */
int load_keys(struct api *api, struct error *err);

#endif

/* changes.h - creation, rotation and destruction of keys and issuers, one at a time. */
#ifndef API_CHANGES_H
#define API_CHANGES_H

#include "api/api.h"

/* Waits for the change before, which may make a key in the token; ERROR_BUSY when that
 * takes too long, or does not return. */
int changes_begin(struct api *api, struct error *err);
void changes_end(struct api *api);

#endif

/* rehearsal.h - a clock that is not the world's, for trying out what takes months. */
#ifndef SERVICE_REHEARSAL_H
#define SERVICE_REHEARSAL_H

#include <stdint.h>

#include "base/error.h"

struct store;

/*
 * From now on time passes rate times as fast, unless that is 0; from where the audit
 * record ends, if that is later than now. Before anything is recorded.
 */
int rehearsal_begin(struct store *store, int64_t rate, struct error *err);

#endif

/*
 * chore.h - a thread that does what is due, sleeps until more is, and can be woken.
 *
 * What is due is the chore's business; here is only the waiting.
 */
#ifndef SERVICE_CHORE_H
#define SERVICE_CHORE_H

#include <stdint.h>

#include "base/error.h"

struct chore;

/* run does what is due now and says when there is more (seconds since 1970). name is for
 * messages. */
int chore_start(int64_t (*run)(void *ctx, int64_t now), void *ctx, const char *name,
    struct chore **chore, struct error *err);

/* It may be due earlier than it said. Any thread. */
void chore_wake(struct chore *chore);

/* After what it is doing is done. NULL is fine. */
void chore_stop(struct chore *chore);

#endif

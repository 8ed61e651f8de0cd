/*
 * failures.h - failed authentications, counted for each peer.
 *
 * After FAILURES_MAX within FAILURES_WINDOW_S a peer waits until the window ends. Memory
 * is bounded: of peers without number, the ones that failed longest ago are forgotten.
 * Times are of clock_mono_ms. Any thread.
 */
#ifndef API_FAILURES_H
#define API_FAILURES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define FAILURES_MAX      10
#define FAILURES_WINDOW_S 60

struct failures;

int failures_new(struct failures **failures, struct error *err);
void failures_free(struct failures *failures);

/* How many seconds a peer, by its actor, has to wait; 0: none. */
int failures_wait_s(struct failures *failures, const char *actor, int64_t now_ms);

/*
 * One more, in one step with that look: of many at once no more are counted than it has.
 * 0, and *last says once a window that this was its last; or how many seconds it has to
 * wait, and then it is not to learn what became of this one.
 */
int
failures_add(struct failures *failures, const char *actor, int64_t now_ms, bool *last);

#endif

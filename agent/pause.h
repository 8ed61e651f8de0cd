/* pause.h - how long to wait after a failure. */
#ifndef AGENT_PAUSE_H
#define AGENT_PAUSE_H

#include <stdint.h>

/*
 * Seconds after so many attempts: a minute, then twice as long each time, up to six hours
 * or a tenth of the time that is left, but not below ten minutes for that; and by chance
 * up to a quarter less, so that those who failed together do not try again together.
 */
int64_t pause_after(int64_t attempts, int64_t left_s);

#endif

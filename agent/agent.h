/*
 * agent.h - `keyhold agent`: keeps certificates renewed that the daemon has on record as
 * managed.
 *
 * It has no key and keeps no state but what lies beside the files it writes (place.h):
 * what is to be done, and how far it is, stands in the daemon's record. Killed at any
 * step, it goes on there. Time is the daemon's.
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

struct rest;

struct agent {
	struct rest *rest;
	/* More about the last failure than an error has room for: the rules that a
	 * request breaks, what a hook wrote. */
	struct buffer detail;
	bool tells_waiting; /* in the log, of what is put off by a pause */
	const char *alert;  /* alert.h; NULL: none */
};

/* From here on SIGTERM and SIGINT wait: for the end of a step, or of agent_run's sleep.
 */
void agent_init(struct agent *agent, struct rest *rest);
void agent_clear(struct agent *agent);

/*
 * One round through everything that is due or under way. *failures counts what could not
 * be renewed, and is to be tried again later; -1 when the daemon could not be asked.
 */
int agent_round(struct agent *agent, unsigned *failures, struct error *err);

/* Whether one of the two signals came. */
bool agent_is_stopped(void);

/* Rounds, interval_s of the daemon's time apart, until stopped. */
void agent_run(struct agent *agent, int64_t interval_s);

#endif

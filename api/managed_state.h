/* managed_state.h - how far an agent is with a managed certificate, and when it is due.
 */
#ifndef API_MANAGED_STATE_H
#define API_MANAGED_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

struct json_t;

/* What an agent reports. The texts belong to json. */
struct managed_report {
	struct json_t *json; /* the state to keep; the caller frees */
	int64_t revision;    /* that it read */
	const char *outcome; /* NULL, "renewed", "failed", "rolled-back" */
	const char *serial, *not_after, *last_error;
	bool sets_due;
	struct json_t *body;
};

int managed_report_read(
    const struct bytes *body, struct managed_report *report, struct error *err);
void managed_report_clear(struct managed_report *report);

/* One of nothing done so far. NULL when out of memory. */
struct json_t *managed_state_new(void);

/* From now on it is due at this time, whatever its certificate says. */
int managed_state_set_due(struct json_t *state, int64_t due);

/* When a certificate that lives so long is to be renewed. */
struct managed_life {
	int64_t not_before, not_after, renew_before_s;
};

/*
 * renew_before_s before its end and a little later, by at most a tenth of that: how much
 * is the same for the same certificate, and another for each. A life that is no longer
 * than renew_before_s is renewed when two thirds of it are over.
 */
int64_t
managed_due(const char *name, const char *serial, const struct managed_life *life);

/* When what has this state and definition is due; created is when it was defined. An ACME
 * server's counts as no longer than renew_before_s if that is two thirds of its life. */
int64_t managed_state_due(
    const struct json_t *definition, const struct json_t *state, int64_t created);

/* For metrics: 0 without a certificate. */
int64_t managed_state_not_after(const struct json_t *state);
int64_t managed_state_attempts(const struct json_t *state);

#endif

/* work.h - an entry that an agent is at work on. */
#ifndef AGENT_WORK_H
#define AGENT_WORK_H

#include "agent/agent.h"
#include "agent/entry.h"
#include "agent/place.h"

struct work {
	struct agent *agent;
	struct entry *entry;
	struct place place;
	int64_t retry_after_s; /* as an ACME server asked when it refused, or 0 */
};

/* What is installed; *found is false when nothing is. */
int work_installed(
    const struct work *work, struct leaf *leaf, bool *found, struct error *err);

/* Of this daemon's own: what cannot be asked is not. */
bool work_is_revoked(const struct work *work, const struct leaf *leaf);

/* Whether there is a pair before, with a certificate that is neither over nor revoked. */
bool work_has_way_back(const struct work *work);

/*
 * Each does what its step says, and sets the step that comes next. All may be done twice:
 * whoever dies after one, and before that is on record, does it again.
 */
int key_step(struct work *work, struct error *err);
int issue_step(struct work *work, struct error *err);
int install_step(struct work *work, struct error *err);
int reload_step(struct work *work, struct error *err);
int verify_step(struct work *work, struct error *err);
int rollback_step(struct work *work, struct error *err);

/* Goes on with the entry as far as it goes. -1 when its state could not be put on record:
 * somebody else has changed it, or the daemon is away. */
int work_go_on(struct work *work, struct error *err);

/* Nothing can be begun, and this is why: put on record as a failure of the step. */
int work_refuse(struct work *work, const struct error *why, struct error *err);

/* The state as it is, put on record; the answer has the next revision. outcome is
 * "renewed", "failed", "rolled-back" or NULL. -1 as of work_go_on. */
int work_report(struct work *work, const char *outcome, struct error *err);

/* Destroys keys that were replaced before the grace period, of the daemon's list. */
int key_destroy_old(struct work *work, const json_t *keys, struct error *err);

#endif

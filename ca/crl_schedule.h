/*
 * crl_schedule.h - when an issuer's CRLs are due.
 *
 * Plain numbers and no clock of its own: whoever asks says what time it is. All times
 * are seconds since 1970.
 */
#ifndef CA_CRL_SCHEDULE_H
#define CA_CRL_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#define CRL_LIFETIME_S ((int64_t)7 * 86400)
#define CRL_INTERVAL_S ((int64_t)86400) /* from one scheduled CRL to the next */
#define CRL_SETTLE_S   1 /* how long a burst of revocations may go on unlisted */
#define CRL_RETRY_S    5 /* after the first failure; doubles with each */
#define CRL_RETRY_MAX  300

struct crl_schedule {
	int64_t scheduled;   /* when the last scheduled CRL was made; 0: never */
	int64_t next_update; /* of what is published */
	int64_t changed;     /* when a revocation was noticed that it lacks; 0: none */
	int64_t retry;       /* nothing is due before it; 0 unless the last one failed */
	unsigned failures;   /* since the last success */
};

enum crl_due {
	CRL_NOT_DUE,
	CRL_DUE_SCHEDULED, /* all of them, and deltas may add to it */
	CRL_DUE_CHANGED,   /* those with a revocation that is not listed */
};

/* *next is when something will be due, after now, unless something is due now. */
enum crl_due
crl_schedule_due(const struct crl_schedule *schedule, int64_t now, int64_t *next);

void crl_schedule_changed(struct crl_schedule *schedule, int64_t now);
void crl_schedule_made(struct crl_schedule *schedule, enum crl_due what, int64_t now);
void crl_schedule_failed(struct crl_schedule *schedule, int64_t now);

#endif

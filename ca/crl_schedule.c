/* crl_schedule.c - daily, a moment after a revocation, and again after a failure. */
#include "ca/crl_schedule.h"

static int64_t
earliest(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static bool
is_scheduled_due(const struct crl_schedule *s, int64_t now)
{
	/* A clock that was set back must not leave a CRL of the future for days. */
	return s->scheduled == 0 || s->scheduled > now ||
	       now >= s->scheduled + CRL_INTERVAL_S || now >= s->next_update;
}

enum crl_due
crl_schedule_due(const struct crl_schedule *s, int64_t now, int64_t *next)
{
	*next = s->retry;
	/* Further off than any pause: the clock was set back. */
	if (now < s->retry && s->retry - now <= CRL_RETRY_MAX)
		return CRL_NOT_DUE;
	*next = now;
	if (is_scheduled_due(s, now))
		return CRL_DUE_SCHEDULED;
	if (s->changed != 0 && now >= s->changed + CRL_SETTLE_S)
		return CRL_DUE_CHANGED;
	*next = earliest(s->scheduled + CRL_INTERVAL_S, s->next_update);
	if (s->changed != 0)
		*next = earliest(*next, s->changed + CRL_SETTLE_S);
	return CRL_NOT_DUE;
}

void
crl_schedule_changed(struct crl_schedule *s, int64_t now)
{
	/* The first of a burst counts, or a long one would never be listed. A clock set
	 * back starts anew. */
	if (s->changed == 0 || s->changed > now)
		s->changed = now;
}

void
crl_schedule_made(struct crl_schedule *s, enum crl_due what, int64_t now)
{
	if (what == CRL_DUE_SCHEDULED)
		s->scheduled = now;
	s->next_update = now + CRL_LIFETIME_S;
	s->changed = 0;
	s->retry = 0;
	s->failures = 0;
}

void
crl_schedule_failed(struct crl_schedule *s, int64_t now)
{
	int64_t pause = CRL_RETRY_S;

	for (unsigned i = 0; i < s->failures && pause < CRL_RETRY_MAX; i++)
		pause *= 2;
	s->failures++;
	s->retry = now + earliest(pause, CRL_RETRY_MAX);
}

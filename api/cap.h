/*
 * cap.h - how often, and how many at a time, each peer of a rule may ask.
 *
 * The rate is that of GCRA (ITU-T I.371): as many as it says at once, and then one each
 * time that its share of the period has passed. Any thread, without a lock: each peer has
 * a place of its own, of which there are CAP_PEERS; peers beyond share one.
 */
#ifndef API_CAP_H
#define API_CAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define CAP_PEERS 1024

struct cap_terms {
	unsigned rate;       /* requests in a period; 0: any number */
	unsigned period_s;   /* 1 or more */
	unsigned concurrent; /* at a time; 0: any number */
};

struct cap;

int cap_new(const struct cap_terms *terms, struct cap **cap, struct error *err);
void cap_free(struct cap *cap);

struct cap_claim {
	struct cap_peer *peer; /* holds one of its concurrent requests; or NULL */
	int retry_after_s;     /* of a refusal */
	bool is_news;          /* likewise: the first of this peer for a minute */
};

/*
 * False: not now. What was granted is given back by cap_release, which also takes what
 * was not, or is zeroed, and must come before cap_free. now_ns is of clock_mono_ns.
 */
bool
cap_grant(struct cap *cap, const char *actor, int64_t now_ns, struct cap_claim *claim);
void cap_release(struct cap_claim *claim);

#endif

/*
 * parking.h - the lines without a thread, the longest parked first.
 *
 * Internal to the shortcut, whose lock is held in all of these.
 */
#ifndef SERVICE_PARKING_H
#define SERVICE_PARKING_H

#include <stddef.h>
#include <stdint.h>

#include "service/line.h"

struct parking {
	struct lines lines;
	size_t count;
};

void parking_add(struct parking *parking, struct line *line);
void parking_remove(struct parking *parking, struct line *line);

/* The longest parked one, taken out, when it was to leave by then; else NULL. */
struct line *parking_take_late(struct parking *parking, int64_t now_ms);

/* When the next one is to leave; INT64_MAX: none is here. */
int64_t parking_next_ms(const struct parking *parking);

/*
 * The one to give way to the claim: of those that do, the longest parked one of the peer
 * with the most connections. The claim becomes what one has to have to be chosen before
 * it. NULL: there is none.
 */
struct line *parking_choose(const struct parking *parking, struct limits_claim *claim);

#endif

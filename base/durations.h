/*
 * durations.h - how long something took, counted in classes: what a histogram shows.
 *
 * From any thread. A count is added to without regard to the others, so who reads may
 * see one that is missing from the sum, or the reverse.
 */
#ifndef BASE_DURATIONS_H
#define BASE_DURATIONS_H

#include <stdatomic.h>
#include <stdint.h>

#define DURATIONS_BOUNDS 19

#define DURATIONS_APART 64 /* a cache line, or two halves */

/* Zeroed: none yet. Whatever lies beside it is not to change hands with each count. */
struct durations {
	char before[DURATIONS_APART];
	atomic_ullong sum_ns;
	/* counts[i]: as long as the bound i, and longer than the one before; the last:
	 * longer than any. */
	atomic_ullong counts[DURATIONS_BOUNDS + 1];
	char after[DURATIONS_APART];
};

/* From 10 microseconds to 10 seconds in steps of 1, 2 and 5. */
extern const int64_t durations_bounds_ns[DURATIONS_BOUNDS];

void durations_add(struct durations *durations, int64_t ns);

#endif

/* durations.c - two additions, and no lock. */
#include "base/durations.h"

#include <stddef.h>

#define US INT64_C(1000)
#define MS (1000 * US)
#define S  (1000 * MS)

const int64_t durations_bounds_ns[DURATIONS_BOUNDS] = { 10 * US, 20 * US, 50 * US,
	100 * US, 200 * US, 500 * US, 1 * MS, 2 * MS, 5 * MS, 10 * MS, 20 * MS, 50 * MS,
	100 * MS, 200 * MS, 500 * MS, 1 * S, 2 * S, 5 * S, 10 * S };

void
durations_add(struct durations *durations, int64_t ns)
{
	size_t i = 0;

	while (i < DURATIONS_BOUNDS && ns > durations_bounds_ns[i])
		i++;
	atomic_fetch_add_explicit(&durations->counts[i], 1, memory_order_relaxed);
	if (ns > 0)
		atomic_fetch_add_explicit(
		    &durations->sum_ns, (unsigned long long)ns, memory_order_relaxed);
}

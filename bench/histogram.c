/*
 * histogram.c - buckets that double in width each time the value does.
 *
 * A value below 2^HISTOGRAM_SUB_BITS is its own bucket. Of any other, the leading bit
 * chooses the group and the HISTOGRAM_SUB_BITS bits after it the bucket in it.
 */
#include "bench/histogram.h"

#include <stddef.h>

#define SUBS (1u << HISTOGRAM_SUB_BITS)

static size_t
bucket_of(uint64_t ns)
{
	unsigned shift;

	if (ns < SUBS)
		return (size_t)ns;
	shift = 63 - (unsigned)__builtin_clzll(ns) - HISTOGRAM_SUB_BITS;
	return ((size_t)(shift + 1) << HISTOGRAM_SUB_BITS) + (size_t)(ns >> shift) - SUBS;
}

/* The largest value that the bucket counts. */
static uint64_t
top_of(size_t bucket)
{
	size_t group = bucket >> HISTOGRAM_SUB_BITS;

	if (group == 0)
		return bucket;
	return ((uint64_t)(SUBS + bucket % SUBS + 1) << (group - 1)) - 1;
}

void
histogram_add(struct histogram *histogram, uint64_t ns)
{
	histogram->buckets[bucket_of(ns)]++;
	histogram->count++;
	if (ns > histogram->max_ns)
		histogram->max_ns = ns;
}

void
histogram_merge(struct histogram *into, const struct histogram *from)
{
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		into->buckets[i] += from->buckets[i];
	into->count += from->count;
	if (from->max_ns > into->max_ns)
		into->max_ns = from->max_ns;
}

uint64_t
histogram_quantile_ns(const struct histogram *histogram, double share)
{
	uint64_t seen = 0, wanted = (uint64_t)(share * (double)histogram->count);

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->buckets[i];
		if (seen > 0 && seen >= wanted)
			return top_of(i) < histogram->max_ns ? top_of(i)
							     : histogram->max_ns;
	}
	return 0;
}

/*
 * histogram.h - latencies in nanoseconds, counted in buckets that are at most a 32nd of
 * their value wide.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB_BITS 5
#define HISTOGRAM_BUCKETS  ((64 - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS)

struct histogram {
	uint64_t count, max_ns;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t ns);
void histogram_merge(struct histogram *into, const struct histogram *from);

/* The smallest latency that share (0 to 1) of all are at most, to within a bucket; 0 when
 * there are none. */
uint64_t histogram_quantile_ns(const struct histogram *histogram, double share);

#endif

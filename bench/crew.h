/*
 * crew.h - threads that do the same thing over and over for a time, and what came of it.
 *
 * The first second or so of anything is of caches that fill: what ends before the warm-up
 * is over counts nowhere.
 */
#ifndef BENCH_CREW_H
#define BENCH_CREW_H

#include <stdint.h>

#include "base/error.h"
#include "bench/histogram.h"

#define CREW_THREADS_MAX 256

struct crew_options {
	unsigned threads; /* at most CREW_THREADS_MAX */
	double warmup_s, seconds;
};

/* What a thread has done; step adds to it. */
struct crew_tally {
	struct histogram latency;
	uint64_t failures; /* of those that a run goes on after */
};

struct crew_job {
	void *ctx;
	/* One thread's state. Called by the thread itself, before any step. */
	int (*start)(void *ctx, unsigned thread, void **state, struct error *err);
	/* One round of work, which may be several operations. A failure ends the run. */
	int (*step)(void *state, struct crew_tally *tally, struct error *err);
	void (*stop)(void *state); /* state is NULL where start failed */
};

struct crew_result {
	struct crew_tally total;
	double seconds;
	double user_s, system_s; /* CPU time of this process */
};

/* The first failure of a thread ends all, with its reason. */
int crew_run(const struct crew_options *options, const struct crew_job *job,
    struct crew_result *result, struct error *err);

/* One line of JSON: rate (1/s), latencies (µs), CPU time of this process for an
 * operation (µs). */
void crew_report(const struct crew_result *result);

#endif

/* crew.c - threads that start together, forget their warm-up, and stop by the clock. */
#include "bench/crew.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/clock.h"

enum phase { PHASE_WARMUP, PHASE_MEASURE, PHASE_OVER };

struct crew {
	const struct crew_job *job;
	pthread_barrier_t ready;
	atomic_int phase;
	pthread_mutex_t lock;
	struct error *err; /* the first failure's */
	int rc;
};

struct member {
	struct crew *crew;
	unsigned number;
	pthread_t thread;
	struct crew_tally tally;
};

static void
fail(struct crew *crew, const struct error *why)
{
	pthread_mutex_lock(&crew->lock);
	if (crew->rc == 0)
		*crew->err = *why;
	crew->rc = -1;
	pthread_mutex_unlock(&crew->lock);
	atomic_store(&crew->phase, PHASE_OVER);
}

static void *
work(void *arg)
{
	struct member *member = arg;
	struct crew *crew = member->crew;
	enum phase last = PHASE_WARMUP, now;
	struct error err = { 0 };
	void *state = NULL;
	int rc = crew->job->start(crew->job->ctx, member->number, &state, &err);

	pthread_barrier_wait(&crew->ready);
	while (rc == 0 && (now = (enum phase)atomic_load(&crew->phase)) != PHASE_OVER) {
		if (now != last)
			memset(&member->tally, 0, sizeof(member->tally));
		last = now;
		rc = crew->job->step(state, &member->tally, &err);
	}
	if (rc != 0)
		fail(crew, &err);
	crew->job->stop(state);
	return NULL;
}

/* Sleeps, and goes on to the next phase. A thread that has failed has ended them all. */
static void
pass(struct crew *crew, double seconds, enum phase this, enum phase next)
{
	const struct timespec step = { .tv_nsec = 5000000 };
	int64_t end = clock_mono_ns() + (int64_t)(seconds * 1e9);
	int expected = this;

	while (clock_mono_ns() < end && atomic_load(&crew->phase) == expected)
		nanosleep(&step, NULL);
	atomic_compare_exchange_strong(&crew->phase, &expected, next);
}

static double
seconds_of(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void
count_cpu(struct crew_result *result, double sign)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	result->user_s += sign * seconds_of(usage.ru_utime);
	result->system_s += sign * seconds_of(usage.ru_stime);
}

static void
measure(struct crew *crew, const struct crew_options *options, struct crew_result *result)
{
	int64_t start;

	pass(crew, options->warmup_s, PHASE_WARMUP, PHASE_MEASURE);
	count_cpu(result, -1);
	start = clock_mono_ns();
	pass(crew, options->seconds, PHASE_MEASURE, PHASE_OVER);
	result->seconds = (double)(clock_mono_ns() - start) / 1e9;
	count_cpu(result, 1);
}

int
crew_run(const struct crew_options *options, const struct crew_job *job,
    struct crew_result *result, struct error *err)
{
	struct crew crew = { .job = job, .err = err };
	struct member *members = calloc(options->threads, sizeof(*members));

	*result = (struct crew_result){ 0 };
	if (members == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	pthread_mutex_init(&crew.lock, NULL);
	pthread_barrier_init(&crew.ready, NULL, options->threads + 1);
	for (unsigned i = 0; i < options->threads; i++) {
		members[i].crew = &crew;
		members[i].number = i;
		/* Without this thread the others would wait for ever. */
		if (pthread_create(&members[i].thread, NULL, work, &members[i]) != 0)
			abort();
	}
	pthread_barrier_wait(&crew.ready);
	measure(&crew, options, result);
	for (unsigned i = 0; i < options->threads; i++) {
		pthread_join(members[i].thread, NULL);
		histogram_merge(&result->total.latency, &members[i].tally.latency);
		result->total.failures += members[i].tally.failures;
	}
	pthread_barrier_destroy(&crew.ready);
	pthread_mutex_destroy(&crew.lock);
	free(members);
	return crew.rc;
}

void
crew_report(const struct crew_result *result)
{
	const struct histogram *h = &result->total.latency;
	double count = h->count > 0 ? (double)h->count : 1;

	printf("{\"operations\": %llu, \"failures\": %llu, \"seconds\": %.3f, "
	       "\"rate\": %.1f, \"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, "
	       "\"max_us\": %.1f, \"user_us\": %.2f, \"system_us\": %.2f}\n",
	    (unsigned long long)h->count, (unsigned long long)result->total.failures,
	    result->seconds, (double)h->count / result->seconds,
	    (double)histogram_quantile_ns(h, 0.5) / 1e3,
	    (double)histogram_quantile_ns(h, 0.9) / 1e3,
	    (double)histogram_quantile_ns(h, 0.99) / 1e3, (double)h->max_ns / 1e3,
	    result->user_s * 1e6 / count, result->system_s * 1e6 / count);
}

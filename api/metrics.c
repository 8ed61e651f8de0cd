/* metrics.c - an array of counters, and their text. */
#include "api/metrics.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/exposition.h"
#include "api/router.h"
#include "base/clock.h"

#define STATUS_MIN     100
#define STATUSES       500
#define STAGES         2
#define READERS        2
#define COSTLY_MIN_NS  (INT64_C(1000000000) * 10)
#define COSTLY_PER_NS  100 /* one in a hundred of a CPU's time at most */
#define NAME_REQUESTS  "keyhold_http_requests_total"
#define NAME_SECONDS   "keyhold_request_seconds"
#define NAME_WAIT      "keyhold_queue_wait_seconds"
#define NAME_CONNECTED "keyhold_connections"

/* Of one route. Counters by the status itself: no table that lacks one. */
struct traffic {
	atomic_ullong answers[STATUSES];
	struct durations seconds;
};

struct metrics {
	int64_t started; /* seconds since 1970 */
	struct durations waits[STAGES];
	atomic_llong connections[READERS];
	/* What is costly to make, until it is due again, of clock_mono_ns. */
	pthread_mutex_t lock;
	struct buffer costly;
	int64_t due_ns;
	size_t routes;
	struct traffic traffic[]; /* of each route, and of none */
};

int
metrics_new(struct metrics **metrics, struct error *err)
{
	size_t routes = router_count();
	struct metrics *m = calloc(1, sizeof(*m) + (routes + 1) * sizeof(m->traffic[0]));

	if (m == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	m->started = clock_now_s();
	m->routes = routes;
	pthread_mutex_init(&m->lock, NULL);
	buf_init(&m->costly, 0);
	*metrics = m;
	return 0;
}

void
metrics_free(struct metrics *metrics)
{
	if (metrics == NULL)
		return;
	buf_free(&metrics->costly);
	pthread_mutex_destroy(&metrics->lock);
	free(metrics);
}

void
metrics_request(
    struct metrics *metrics, const struct route *route, int status, int64_t ns)
{
	size_t i = route != NULL ? router_index(route) : metrics->routes;
	struct traffic *traffic = &metrics->traffic[i];

	if (status < STATUS_MIN || status >= STATUS_MIN + STATUSES)
		abort();
	atomic_fetch_add_explicit(
	    &traffic->answers[status - STATUS_MIN], 1, memory_order_relaxed);
	durations_add(&traffic->seconds, ns);
}

void
metrics_wait(struct metrics *metrics, enum metrics_stage stage, int64_t ns)
{
	durations_add(&metrics->waits[stage], ns);
}

void
metrics_connection(struct metrics *metrics, enum metrics_reader reader, int change)
{
	atomic_fetch_add_explicit(
	    &metrics->connections[reader], change, memory_order_relaxed);
}

/* What a client made up, a path or a method, is no label: there would be no end of them.
 */
static void
label_route(const struct metrics *metrics, size_t i, struct label labels[static 2])
{
	const struct route *route = i < metrics->routes ? router_at(i) : NULL;

	labels[0] = (struct label){ "method", route != NULL ? route->method : "none" };
	labels[1] = (struct label){ "route", route != NULL ? route->path : "none" };
}

static void
write_requests(const struct metrics *metrics, struct buffer *out)
{
	exposition_family(out, NAME_REQUESTS, "counter",
	    "Answers by method, route and status; route none: no such resource, or not "
	    "this method.");
	for (size_t i = 0; i <= metrics->routes; i++)
		for (int s = 0; s < STATUSES; s++) {
			unsigned long long count =
			    atomic_load(&metrics->traffic[i].answers[s]);
			struct label labels[4] = { { NULL, NULL } };
			char code[16];

			if (count == 0)
				continue;
			snprintf(code, sizeof(code), "%d", STATUS_MIN + s);
			label_route(metrics, i, labels);
			labels[2] = (struct label){ "code", code };
			exposition_integer(out, NAME_REQUESTS, labels, (long long)count);
		}
}

static bool
was_asked(const struct traffic *traffic)
{
	for (int s = 0; s < STATUSES; s++)
		if (atomic_load(&traffic->answers[s]) > 0)
			return true;
	return false;
}

static void
write_seconds(const struct metrics *metrics, struct buffer *out)
{
	exposition_family(out, NAME_SECONDS, "histogram",
	    "From the whole request to its answer, by method and route; the time to "
	    "read and to send is not in it.");
	for (size_t i = 0; i <= metrics->routes; i++) {
		struct label labels[3] = { { NULL, NULL } };

		if (!was_asked(&metrics->traffic[i]))
			continue;
		label_route(metrics, i, labels);
		exposition_histogram(
		    out, NAME_SECONDS, labels, &metrics->traffic[i].seconds);
	}
}

static void
write_waits(const struct metrics *metrics, struct buffer *out)
{
	static const struct label connection[] = { { "stage", "connection" },
		{ NULL, NULL } };
	static const struct label request[] = { { "stage", "request" }, { NULL, NULL } };

	exposition_family(out, NAME_WAIT, "histogram",
	    "Before a handler starts. connection: one without a thread, from something "
	    "to "
	    "read until a thread serves it; request: from its first line until its body "
	    "was read (not of signatures, "
	    "which are read in one piece).");
	exposition_histogram(
	    out, NAME_WAIT, connection, &metrics->waits[STAGE_CONNECTION]);
	exposition_histogram(out, NAME_WAIT, request, &metrics->waits[STAGE_REQUEST]);
}

static void
write_connections(const struct metrics *metrics, struct buffer *out)
{
	static const struct label signatures[] = { { "reader", "signatures" },
		{ NULL, NULL } };
	static const struct label http[] = { { "reader", "http" }, { NULL, NULL } };

	exposition_family(out, NAME_CONNECTED, "gauge",
	    "Open connections. signatures: those that have brought nothing but requests "
	    "for them; http: the others.");
	exposition_integer(out, NAME_CONNECTED, signatures,
	    atomic_load(&metrics->connections[READER_SIGNATURES]));
	exposition_integer(
	    out, NAME_CONNECTED, http, atomic_load(&metrics->connections[READER_HTTP]));
}

void
metrics_write(const struct metrics *metrics, struct buffer *out)
{
	exposition_gauge(out, "process_start_time_seconds",
	    "When the daemon started, in seconds since 1970.", metrics->started);
	write_requests(metrics, out);
	write_seconds(metrics, out);
	write_waits(metrics, out);
	write_connections(metrics, out);
}

static int64_t
due_after(int64_t start_ns)
{
	int64_t now = clock_mono_ns(), rest = (now - start_ns) * COSTLY_PER_NS;

	return now + (rest > COSTLY_MIN_NS ? rest : COSTLY_MIN_NS);
}

int
metrics_write_costly(struct metrics *metrics,
    int (*write)(void *ctx, struct buffer *out, struct error *err), void *ctx,
    struct buffer *out, struct error *err)
{
	int64_t now;
	int rc = 0;

	pthread_mutex_lock(&metrics->lock);
	now = clock_mono_ns();
	if (now >= metrics->due_ns) {
		buf_reset(&metrics->costly);
		rc = write(ctx, &metrics->costly, err);
		if (rc == 0)
			metrics->due_ns = due_after(now);
		else
			buf_reset(&metrics->costly);
	}
	buf_append(out, metrics->costly.data, metrics->costly.len);
	pthread_mutex_unlock(&metrics->lock);
	return rc;
}

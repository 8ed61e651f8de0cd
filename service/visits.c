/* visits.c - a list of them, and a thread that looks through it twice a second. */
#include "service/visits.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define LOOK_MS 500

struct visits {
	struct limits *limits;
	pthread_t watchman;
	pthread_mutex_t lock; /* all that follows, each visit, and the quotas' http */
	pthread_cond_t changed, done; /* for the watchman; for who waits to begin */
	bool ending;
	size_t count;
	unsigned here[POOLS];       /* of them, not yet gone */
	struct visit *first, *last; /* who changed phase last is last */
};

static int64_t
deadline_of(const struct visits *visits, enum visit_phase phase)
{
	const struct limits_options *options = limits_options(visits->limits);
	unsigned seconds = 0;

	switch (phase) {
	case VISIT_HEADER:
		seconds = options->header_s;
		break;
	case VISIT_BODY:
		seconds = options->body_s;
		break;
	case VISIT_ANSWER:
		seconds = options->answer_s;
		break;
	case VISIT_IDLE:
		seconds = options->idle_s;
		break;
	case VISIT_WORK:
	case VISIT_GONE:
		return INT64_MAX;
	}
	return clock_mono_ms() + (int64_t)seconds * 1000;
}

/* The lock is held, as it is in all that follow up to watch. */
static void
append(struct visits *visits, struct visit *visit)
{
	visit->next = NULL;
	visit->prev = visits->last;
	if (visits->last != NULL)
		visits->last->next = visit;
	else
		visits->first = visit;
	visits->last = visit;
}

static void
take_out(struct visits *visits, struct visit *visit)
{
	if (visit->prev != NULL)
		visit->prev->next = visit->next;
	else
		visits->first = visit->next;
	if (visit->next != NULL)
		visit->next->prev = visit->prev;
	else
		visits->last = visit->prev;
}

static void
set_phase(struct visits *visits, struct visit *visit, enum visit_phase phase)
{
	visit->phase = phase;
	visit->until_ms = deadline_of(visits, phase);
}

static enum pool
pool_of(const struct visitor *visitor)
{
	return visitor->caller.kind == CALLER_UNIX ? POOL_UNIX : POOL_TCP;
}

static unsigned
count_here(const struct visits *visits)
{
	return visits->here[POOL_UNIX] + visits->here[POOL_TCP];
}

static void
count_out(struct visits *visits, struct visit *visit)
{
	visits->here[visit->pool]--;
	visit->quota->http--;
}

static void
discard(struct visits *visits, struct visit *visit)
{
	take_out(visits, visit);
	visits->count--;
	close(visit->copy);
	if (visit->phase != VISIT_GONE) {
		count_out(visits, visit);
		limits_leave(visits->limits, visit->quota);
	} else {
		limits_forget(visits->limits, visit->quota);
	}
	visitor_free(visit->visitor);
	free(visit);
}

/* One that libmicrohttpd does not have is freed: nobody else would. */
static void
shut_down(struct visits *visits, struct visit *visit)
{
	shutdown(visit->copy, SHUT_RDWR);
	count_out(visits, visit);
	limits_part(visits->limits, visit->quota);
	set_phase(visits, visit, VISIT_GONE);
	if (!visit->is_met)
		discard(visits, visit);
}

static bool
end_an_idle_one(struct visits *visits, const struct quota *quota)
{
	struct visit *visit = visits->first;

	while (visit != NULL && (visit->quota != quota || visit->phase != VISIT_IDLE))
		visit = visit->next;
	if (visit != NULL)
		shut_down(visits, visit);
	return visit != NULL;
}

/* Nothing of an answer was sent yet. Through TLS it cannot be. */
static bool
can_be_told(const struct visit *visit)
{
	return visit->visitor->https == NULL &&
	       (visit->phase == VISIT_HEADER || visit->phase == VISIT_BODY);
}

/*
 * An idle visit gives way to whoever has fewer, or to its own peer; one that is not done
 * only where its peer keeps as many as the other then has, or two that have half of all
 * each would take turns.
 */
static bool
may_give_way(const struct visit *visit, const struct quota *quota)
{
	switch (visit->phase) {
	case VISIT_IDLE:
		return visit->quota == quota || visit->quota->http > quota->http;
	case VISIT_HEADER:
	case VISIT_BODY:
	case VISIT_ANSWER:
		return visit->quota->http > quota->http + 1;
	case VISIT_WORK:
	case VISIT_GONE:
		break;
	}
	return false;
}

/* Of the peer with the most visits, rather an idle one: the longest in its phase. */
static bool
is_better(const struct visit *visit, const struct visit *than)
{
	if (visit->quota->http != than->quota->http)
		return visit->quota->http > than->quota->http;
	return visit->phase == VISIT_IDLE && than->phase != VISIT_IDLE;
}

static bool
make_room(struct visits *visits, enum pool pool, const struct quota *quota)
{
	struct visit *visit, *chosen = NULL;

	for (visit = visits->first; visit != NULL; visit = visit->next)
		if (visit->pool == pool && may_give_way(visit, quota) &&
		    (chosen == NULL || is_better(visit, chosen)))
			chosen = visit;
	if (chosen == NULL)
		return false;
	if (chosen->phase != VISIT_IDLE)
		limits_note(visits->limits, LIMIT_HTTP, chosen->quota->peer);
	if (can_be_told(chosen))
		limits_turn_away(chosen->copy);
	shut_down(visits, chosen);
	return true;
}

static bool
has_room(struct visits *visits, const struct visitor *visitor, const struct quota *quota,
    enum limit *met)
{
	const struct limits_options *options = limits_options(visits->limits);
	enum pool pool = pool_of(visitor);

	*met = LIMIT_HTTP_PER_PEER;
	if (quota->http >= options->http_per_peer)
		return end_an_idle_one(visits, quota);
	*met = LIMIT_HTTP;
	if (visits->here[pool] < options->http || make_room(visits, pool, quota))
		return true;
	return visitor->caller.admin &&
	       visits->here[pool] < options->http + LIMITS_OWNER_PLACES;
}

bool
visits_close_idle(struct visits *visits, enum pool pool, const struct limits_claim *claim)
{
	struct visit *visit, *chosen = NULL;

	pthread_mutex_lock(&visits->lock);
	for (visit = visits->first; visit != NULL; visit = visit->next)
		if (visit->phase == VISIT_IDLE &&
		    (pool == POOL_UNIX || visit->pool == pool) &&
		    limits_gives_way(visit->quota, claim) &&
		    (chosen == NULL ||
			visit->quota->connections > chosen->quota->connections))
			chosen = visit;
	if (chosen != NULL)
		shut_down(visits, chosen);
	pthread_mutex_unlock(&visits->lock);
	return chosen != NULL;
}

static enum limit
limit_of(enum visit_phase phase)
{
	if (phase == VISIT_HEADER)
		return LIMIT_HEADER_S;
	return phase == VISIT_BODY ? LIMIT_BODY_S : LIMIT_ANSWER_S;
}

static void
tell_too_late(const struct visit *visit)
{
	static const char answer[] = "HTTP/1.1 408 Request Timeout\r\n"
				     "Content-Length: 0\r\n"
				     "Connection: close\r\n\r\n";

	if (can_be_told(visit))
		send(
		    visit->copy, answer, sizeof(answer) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
end_late_ones(struct visits *visits)
{
	int64_t now = clock_mono_ms();
	struct visit *next;

	for (struct visit *visit = visits->first; visit != NULL; visit = next) {
		next = visit->next;
		if (visit->until_ms > now)
			continue;
		if (visit->phase != VISIT_IDLE)
			limits_note(
			    visits->limits, limit_of(visit->phase), visit->quota->peer);
		tell_too_late(visit);
		shut_down(visits, visit);
	}
}

static void
wait_a_moment(struct visits *visits)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	while (!visits->ending && pthread_cond_timedwait(&visits->changed, &visits->lock,
				      &until) != ETIMEDOUT)
		;
}

static void *
watch(void *arg)
{
	struct visits *visits = arg;

	pthread_mutex_lock(&visits->lock);
	while (!visits->ending) {
		if (count_here(visits) == 0) {
			pthread_cond_wait(&visits->changed, &visits->lock);
			continue;
		}
		wait_a_moment(visits);
		end_late_ones(visits);
	}
	pthread_mutex_unlock(&visits->lock);
	return NULL;
}

int
visits_start(struct limits *limits, struct visits **visits, struct error *err)
{
	struct visits *v = calloc(1, sizeof(*v));
	pthread_condattr_t attributes;

	if (v == NULL || pthread_condattr_init(&attributes) != 0) {
		free(v);
		return error_set(err, ERROR_INTERNAL, "out of memory");
	}
	v->limits = limits;
	pthread_mutex_init(&v->lock, NULL);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&v->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_cond_init(&v->done, NULL);
	if (pthread_create(&v->watchman, NULL, watch, v) != 0) {
		pthread_cond_destroy(&v->done);
		pthread_cond_destroy(&v->changed);
		pthread_mutex_destroy(&v->lock);
		free(v);
		return error_set(err, ERROR_IO, "no thread to watch connections with");
	}
	*visits = v;
	return 0;
}

void
visits_stop(struct visits *visits)
{
	if (visits == NULL)
		return;
	pthread_mutex_lock(&visits->lock);
	visits->ending = true;
	pthread_cond_signal(&visits->changed);
	pthread_mutex_unlock(&visits->lock);
	pthread_join(visits->watchman, NULL);
	while (visits->first != NULL)
		visits_leave(visits, visits->first);
	pthread_cond_destroy(&visits->done);
	pthread_cond_destroy(&visits->changed);
	pthread_mutex_destroy(&visits->lock);
	free(visits);
}

/*
 * libmicrohttpd has closed this number without a word, as somebody else has it now: whose
 * it was must not be met by it.
 */
static void
discard_forgotten(struct visits *visits, int fd)
{
	struct visit *visit = visits->first;

	while (visit != NULL && (visit->is_met || visit->fd != fd))
		visit = visit->next;
	if (visit != NULL)
		discard(visits, visit);
}

struct visit *
visits_enter(struct visits *visits, int fd, struct visitor *visitor, struct quota *quota)
{
	struct visit *visit = calloc(1, sizeof(*visit));
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	enum limit met = copy >= 0 ? LIMIT_MEMORY : LIMIT_DESCRIPTORS;
	bool admitted;

	pthread_mutex_lock(&visits->lock);
	discard_forgotten(visits, fd);
	admitted = visit != NULL && copy >= 0 && has_room(visits, visitor, quota, &met);
	if (admitted) {
		*visit = (struct visit){ .fd = fd,
			.copy = copy,
			.pool = pool_of(visitor),
			.is_met = pool_of(visitor) == POOL_TCP,
			.visitor = visitor,
			.quota = quota };
		set_phase(visits, visit, VISIT_HEADER);
		append(visits, visit);
		quota->http++;
		visits->count++;
		if (count_here(visits) == 0)
			pthread_cond_signal(&visits->changed);
		visits->here[visit->pool]++;
	}
	pthread_mutex_unlock(&visits->lock);
	if (admitted)
		return visit;
	limits_note(visits->limits, met, quota->peer);
	if (copy >= 0)
		close(copy);
	free(visit);
	return NULL;
}

struct visit *
visits_meet(struct visits *visits, int fd)
{
	struct visit *visit;

	pthread_mutex_lock(&visits->lock);
	for (visit = visits->last; visit != NULL && visit->fd != fd; visit = visit->prev)
		;
	if (visit != NULL)
		visit->is_met = true;
	pthread_mutex_unlock(&visits->lock);
	return visit;
}

/* The time for a header goes on from the first byte of it. The lock is held. */
static void
change_phase(struct visits *visits, struct visit *visit, enum visit_phase phase)
{
	if (visit->phase == VISIT_GONE || visit->phase == phase)
		return;
	set_phase(visits, visit, phase);
	take_out(visits, visit);
	append(visits, visit);
}

void
visits_step(struct visits *visits, struct visit *visit, enum visit_phase phase)
{
	pthread_mutex_lock(&visits->lock);
	change_phase(visits, visit, phase);
	pthread_mutex_unlock(&visits->lock);
}

void
visits_begin(struct visits *visits, struct visit *visit)
{
	const unsigned max = limits_options(visits->limits)->threads_per_peer;

	pthread_mutex_lock(&visits->lock);
	change_phase(visits, visit, VISIT_WORK);
	while (visit->quota->working >= max)
		pthread_cond_wait(&visits->done, &visits->lock);
	visit->quota->working++;
	pthread_mutex_unlock(&visits->lock);
}

void
visits_end(struct visits *visits, struct visit *visit)
{
	pthread_mutex_lock(&visits->lock);
	change_phase(visits, visit, VISIT_ANSWER);
	/* Those who wait are of several peers. */
	if (visit->quota->working-- == limits_options(visits->limits)->threads_per_peer)
		pthread_cond_broadcast(&visits->done);
	pthread_mutex_unlock(&visits->lock);
}

void
visits_lengthen(struct visits *visits, struct visit *visit, int64_t more_ms)
{
	pthread_mutex_lock(&visits->lock);
	if (visit->phase == VISIT_ANSWER)
		visit->until_ms += more_ms;
	pthread_mutex_unlock(&visits->lock);
}

void
visits_leave(struct visits *visits, struct visit *visit)
{
	pthread_mutex_lock(&visits->lock);
	discard(visits, visit);
	pthread_mutex_unlock(&visits->lock);
}

size_t
visits_count(struct visits *visits)
{
	size_t count;

	pthread_mutex_lock(&visits->lock);
	count = visits->count;
	pthread_mutex_unlock(&visits->lock);
	return count;
}

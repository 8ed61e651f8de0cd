/*
 * shortcut.c - one thread at the door, and one for each connection that is busy.
 *
 * A line is in one list: parked, in the epoll of the door; served, by its thread; or it
 * waits in its peer's quota for a thread, of which each peer has so many. The lock is
 * taken when a line goes from one to another, never for a request, unless a peer has more
 * busy connections than threads.
 */
#include "service/shortcut.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "api/metrics.h"
#include "base/clock.h"
#include "service/line.h"
#include "service/parking.h"

#define EVENTS   64
#define RETRY_MS 20 /* after an accept that failed for want of something */

struct shortcut {
	struct shortcut_options options;
	struct signing signing;
	int epoll, wake; /* an eventfd: something has changed for the door */
	pthread_t door;
	int64_t resume_ms;    /* the door's: when it accepts again; 0: it does */
	pthread_mutex_t lock; /* what follows, and the quotas' threads and lines */
	pthread_cond_t gone;
	struct parking parked;
	struct lines served;
	size_t threads;
};

static void
wake_door(struct shortcut *s)
{
	if (eventfd_write(s->wake, 1) != 0)
		abort();
}

static void
count_line(const struct shortcut *s, int change)
{
	metrics_connection(s->options.api->metrics, READER_SIGNATURES, change);
}

static void
end_line(struct shortcut *s, struct line *line)
{
	count_line(s, -1);
	line_end(line, s->options.limits);
}

static int
watch(struct shortcut *s, int fd, uint32_t events, void *what)
{
	struct epoll_event event = { .events = events, .data.ptr = what };

	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event);
}

/* From here on the line is the door's. */
static void
park(struct line *line)
{
	struct shortcut *s = line->shortcut;
	const unsigned idle_s = limits_options(s->options.limits)->idle_s;
	bool was_empty;
	int rc;

	line->idle_until_ms = clock_mono_ms() + (int64_t)idle_s * 1000;
	pthread_mutex_lock(&s->lock);
	rc = watch(s, line->fd, EPOLLIN | EPOLLRDHUP, line);
	was_empty = s->parked.count == 0;
	if (rc == 0)
		parking_add(&s->parked, line);
	pthread_mutex_unlock(&s->lock);
	if (rc != 0) {
		limits_note(s->options.limits, LIMIT_MEMORY, line->quota->peer);
		end_line(s, line);
	} else if (was_empty) {
		wake_door(s);
	}
}

static void
hand_over(struct line *line)
{
	const struct shortcut_options *options = &line->shortcut->options;

	count_line(line->shortcut, -1);
	options->hand_over(options->ctx, line->fd, line->visitor, line->quota);
	free(line);
}

/* The next line of the thread, which is NULL when it is not needed any more. */
static struct line *
finish(struct line *line, enum line_next next)
{
	struct shortcut *s = line->shortcut;
	struct quota *quota = line->quota;
	struct line *waiting;

	pthread_mutex_lock(&s->lock);
	lines_remove(&s->served, line);
	if ((waiting = quota->lines.first) != NULL) {
		lines_remove(&quota->lines, waiting);
		atomic_fetch_sub(&quota->waiting, 1);
		waiting->is_hurried = true;
		lines_append(&s->served, waiting);
	} else {
		quota->threads--;
	}
	pthread_mutex_unlock(&s->lock);
	/* The quota goes with its last line. */
	if (next == LINE_PARK)
		park(line);
	else if (next == LINE_OTHER)
		hand_over(line);
	else
		end_line(s, line);
	return waiting;
}

/* The last thing that a thread does with the shortcut. */
static void
count_out(struct shortcut *s)
{
	pthread_mutex_lock(&s->lock);
	s->threads--;
	pthread_cond_signal(&s->gone);
	pthread_mutex_unlock(&s->lock);
}

static void *
serve(void *arg)
{
	struct line *line = arg;
	struct shortcut *s = line->shortcut;
	struct desk desk;

	desk.signing = &s->signing;
	desk.date_s = 0;
	while (line != NULL) {
		metrics_wait(s->options.api->metrics, STAGE_CONNECTION,
		    clock_mono_ns() - line->ready_ns);
		line = finish(line, line_serve(line, &desk));
	}
	/* Later it might meet the end of the process. */
	OPENSSL_thread_stop();
	count_out(s);
	return NULL;
}

static int
start_thread(struct line *line)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int rc;

	if (pthread_attr_init(&attributes) != 0)
		return -1;
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	rc = pthread_create(&thread, &attributes, serve, line);
	pthread_attr_destroy(&attributes);
	return rc == 0 ? 0 : -1;
}

/* False: the line waits until one of its peer's threads is free. */
static bool
enlist(struct line *line)
{
	struct shortcut *s = line->shortcut;
	struct quota *quota = line->quota;
	const unsigned max = limits_options(s->options.limits)->threads_per_peer;
	bool has_room;

	pthread_mutex_lock(&s->lock);
	has_room = quota->threads < max;
	if (has_room) {
		line->is_hurried = quota->threads >= max / 2;
		lines_append(&s->served, line);
		quota->threads++;
		s->threads++;
	} else {
		lines_append(&quota->lines, line);
		atomic_fetch_add(&quota->waiting, 1);
	}
	pthread_mutex_unlock(&s->lock);
	return has_room;
}

/* Only the door does, so nobody has begun to wait when a thread cannot be had. */
static void
give_thread(struct line *line)
{
	struct shortcut *s = line->shortcut;

	line->ready_ns = clock_mono_ns();
	if (!enlist(line) || start_thread(line) == 0)
		return;
	limits_note(s->options.limits, LIMIT_THREADS, line->quota->peer);
	pthread_mutex_lock(&s->lock);
	lines_remove(&s->served, line);
	line->quota->threads--;
	pthread_mutex_unlock(&s->lock);
	limits_turn_away(line->fd);
	end_line(s, line);
	count_out(s);
}

static void
unpark(struct line *line)
{
	struct shortcut *s = line->shortcut;

	pthread_mutex_lock(&s->lock);
	parking_remove(&s->parked, line);
	pthread_mutex_unlock(&s->lock);
	if (epoll_ctl(s->epoll, EPOLL_CTL_DEL, line->fd, NULL) != 0)
		abort();
	/* That thousands leave at once is no reason for thousands of threads. */
	if (line->is_cut || line_what_came(line) == 0)
		end_line(s, line);
	else
		give_thread(line);
}

/* Nobody else takes out of the parking. */
static struct quota *
enter(struct shortcut *s, const struct caller *caller)
{
	struct limits *limits = s->options.limits;
	struct limits_claim claim;
	struct line *line;

	if (limits_are_met(limits, caller->actor, &claim)) {
		pthread_mutex_lock(&s->lock);
		line = parking_choose(&s->parked, &claim);
		pthread_mutex_unlock(&s->lock);
		if (!s->options.make_room(s->options.ctx, &claim) && line != NULL)
			line_cut(line, limits);
	}
	return limits_enter(limits, caller->actor, caller->admin);
}

static void
admit(struct shortcut *s, int fd)
{
	struct line *line = line_new(fd, s->options.limits, s->options.everyone_is_admin);

	if (line == NULL || (line->quota = enter(s, &line->visitor->caller)) == NULL) {
		limits_turn_away(fd);
		close(fd);
		line_free(line);
		return;
	}
	line->shortcut = s;
	count_line(s, 1);
	if (line_what_came(line) >= 0)
		give_thread(line);
	else
		park(line);
}

/* After a failure some of them may be in the epoll already. */
static int
begin_to_listen(struct shortcut *s)
{
	for (size_t i = 0; i < s->options.count; i++)
		if (watch(s, s->options.fds[i], EPOLLIN, &s->options.fds[i]) != 0 &&
		    errno != EEXIST)
			return -1;
	return 0;
}

/* Out of the epoll: one that was shut down would be reported for ever. */
static void
leave_off_listening(struct shortcut *s)
{
	for (size_t i = 0; i < s->options.count; i++)
		epoll_ctl(s->epoll, EPOLL_CTL_DEL, s->options.fds[i], NULL);
}

static void
accept_one(struct shortcut *s, int listener)
{
	int fd;

	if (atomic_load(&s->signing.stopping))
		return;
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0) {
		admit(s, fd);
	} else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
		if (errno != EINVAL) /* shut down: the daemon is about to stop */
			limits_note(s->options.limits, LIMIT_DESCRIPTORS, "unknown");
		leave_off_listening(s);
		s->resume_ms = clock_mono_ms() + RETRY_MS;
	}
}

static void
hear(struct shortcut *s)
{
	uint64_t count;

	if (read(s->wake, &count, sizeof(count)) != sizeof(count))
		abort();
	if (atomic_load(&s->signing.stopping))
		leave_off_listening(s);
}

static void
meet(struct shortcut *s, void *what)
{
	const int *fds = s->options.fds;

	if (what == &s->wake)
		hear(s);
	else if (what >= (void *)fds && what < (void *)(fds + s->options.count))
		accept_one(s, *(int *)what);
	else
		unpark(what);
}

/* The longest parked one, when it has been for too long. */
static struct line *
take_idle(struct shortcut *s, int64_t now_ms)
{
	struct line *line;

	pthread_mutex_lock(&s->lock);
	line = parking_take_late(&s->parked, now_ms);
	pthread_mutex_unlock(&s->lock);
	return line;
}

/* Returns how many milliseconds there is nothing to do for, -1 for any. */
static int
tick(struct shortcut *s)
{
	int64_t now = clock_mono_ms(), next;
	struct line *line;

	while ((line = take_idle(s, now)) != NULL)
		end_line(s, line);
	if (s->resume_ms != 0 && s->resume_ms <= now) {
		s->resume_ms = 0;
		if (!atomic_load(&s->signing.stopping) && begin_to_listen(s) != 0)
			s->resume_ms = now + RETRY_MS;
	}
	pthread_mutex_lock(&s->lock);
	next = parking_next_ms(&s->parked);
	pthread_mutex_unlock(&s->lock);
	if (s->resume_ms != 0 && s->resume_ms < next)
		next = s->resume_ms;
	return next == INT64_MAX ? -1 : (int)(next - now);
}

static void *
keep_door(void *arg)
{
	struct shortcut *s = arg;
	struct epoll_event events[EVENTS];

	while (!atomic_load(&s->signing.ending)) {
		int n = epoll_wait(s->epoll, events, EVENTS, tick(s));

		for (int i = 0; i < n; i++)
			meet(s, events[i].data.ptr);
	}
	OPENSSL_thread_stop();
	return NULL;
}

/* A connection that another process accepts first must not stop the door. */
static int
open_door(struct shortcut *s)
{
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->epoll < 0 || s->wake < 0 || watch(s, s->wake, EPOLLIN, &s->wake) != 0)
		return -1;
	for (size_t i = 0; i < s->options.count; i++) {
		int flags = fcntl(s->options.fds[i], F_GETFL);

		if (flags < 0 ||
		    fcntl(s->options.fds[i], F_SETFL, flags | O_NONBLOCK) != 0)
			return -1;
	}
	if (begin_to_listen(s) != 0)
		return -1;
	return pthread_create(&s->door, NULL, keep_door, s) == 0 ? 0 : -1;
}

static void
shortcut_free(struct shortcut *s)
{
	if (s->epoll >= 0)
		close(s->epoll);
	if (s->wake >= 0)
		close(s->wake);
	pthread_cond_destroy(&s->gone);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int
shortcut_start(
    const struct shortcut_options *options, struct shortcut **shortcut, struct error *err)
{
	struct shortcut *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	s->options = *options;
	s->signing.api = options->api;
	s->signing.ids = options->ids;
	s->signing.limits = options->limits;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->gone, NULL);
	s->epoll = s->wake = -1;
	if (open_door(s) != 0) {
		shortcut_free(s);
		return error_set(err, ERROR_IO, "no thread to accept connections with");
	}
	*shortcut = s;
	return 0;
}

void
shortcut_quiesce(struct shortcut *s)
{
	atomic_store(&s->signing.stopping, true);
	wake_door(s);
}

size_t
shortcut_pending(const struct shortcut *s)
{
	return atomic_load(&s->signing.pending);
}

size_t
shortcut_threads(struct shortcut *s)
{
	size_t threads;

	pthread_mutex_lock(&s->lock);
	threads = s->threads;
	pthread_mutex_unlock(&s->lock);
	return threads;
}

size_t
shortcut_parked(struct shortcut *s)
{
	size_t parked;

	pthread_mutex_lock(&s->lock);
	parked = s->parked.count;
	pthread_mutex_unlock(&s->lock);
	return parked;
}

/* Who waits for a thread still gets one, and an answer if there is room for it. */
void
shortcut_stop(struct shortcut *s)
{
	struct line *line;

	atomic_store(&s->signing.ending, true);
	wake_door(s);
	pthread_join(s->door, NULL);
	pthread_mutex_lock(&s->lock);
	/* Their threads close them: a number that is closed here may be another's. */
	for (line = s->served.first; line != NULL; line = line->next)
		shutdown(line->fd, SHUT_RDWR);
	while (s->threads > 0)
		pthread_cond_wait(&s->gone, &s->lock);
	pthread_mutex_unlock(&s->lock);
	while ((line = take_idle(s, INT64_MAX)) != NULL)
		end_line(s, line);
	shortcut_free(s);
}

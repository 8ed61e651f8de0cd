/*
 * async.c - waiting in an OpenSSL ASYNC job.
 *
 * Applications remember the descriptors that they were told to wait for, and ask for
 * changes only when they next run the job; HAProxy keeps them in its table until it
 * closes the TLS connection. The descriptor of a pooled connection would be another
 * handshake's by then, or closed and the number given to a stranger. So what they see
 * is an epoll descriptor that lives and dies with its ASYNC_WAIT_CTX, and in it for
 * the time of one wait: the connection, and a timer for the deadline. The timer is for
 * applications, too, that wait for the descriptor without an end, as HAProxy does before
 * it frees a TLS connection whose handshake is under way. It is made for each wait, so
 * that an idle TLS connection costs one descriptor and not two.
 *
 * HAProxy then frees the TLS connection without running the job to its end. The job's
 * stack stays, and nobody returns to it, so the cleanup of the ASYNC_WAIT_CTX closes the
 * connection that the job had. That may be after the application has unloaded this
 * module, so from the first wait on the module's code stays mapped.
 *
 * A job may go on in another thread: no function that pauses uses errno, not even through
 * one that the compiler puts into it. Nothing may pause while a mark is set on OpenSSL's
 * error queue, which is the thread's: signatures have none set, but the loading of keys
 * has, and does not pause (client_request.pausable).
 *
 * A job must be resumed in the process that it was started in: an application that forks
 * must not resume its parent's paused jobs in the child. Epoll and connection are the
 * parent's very own, so the child would take its answer away. Nothing here looks for it.
 */
#include "provider/async.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <openssl/async.h>

#include "base/clock.h"

struct wait {
	int epoll;
	int timer;                         /* -1 when there is nothing to wait for */
	const struct client_pause *paused; /* by a job that has not come back */
};

/* clean_up is called when the application likes. False: it might be gone by then. */
static bool
stay_mapped(void)
{
	static atomic_bool stays;
	Dl_info own;
	void *module;

	if (atomic_load_explicit(&stays, memory_order_relaxed))
		return true;
	if (dladdr(&async_waiter, &own) == 0 ||
	    (module = dlopen(own.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE)) ==
		NULL)
		return false;
	dlclose(module);
	atomic_store_explicit(&stays, true, memory_order_relaxed);
	return true;
}

static bool
async_can_pause(void *ctx)
{
	(void)ctx;
	return ASYNC_get_current_job() != NULL;
}

static void
wait_free(struct wait *wait)
{
	if (wait->epoll >= 0)
		close(wait->epoll);
	if (wait->timer >= 0)
		close(wait->timer);
	free(wait);
}

/* Called when the ASYNC_WAIT_CTX is freed. */
static void
clean_up(ASYNC_WAIT_CTX *ctx, const void *key, OSSL_ASYNC_FD fd, void *custom)
{
	struct wait *wait = custom;

	(void)ctx;
	(void)key;
	(void)fd;
	if (wait->paused != NULL)
		wait->paused->abandon(wait->paused->call);
	wait_free(wait);
}

static struct wait *
wait_new(void)
{
	struct wait *wait = calloc(1, sizeof(*wait));

	if (wait == NULL)
		return NULL;
	wait->timer = -1;
	wait->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (wait->epoll < 0) {
		wait_free(wait);
		return NULL;
	}
	return wait;
}

/*
 * That of the current job; NULL where there is none to be had. Nor for a second job that
 * shares the ASYNC_WAIT_CTX of a paused one: its deadline is the timer's.
 */
static struct wait *
find_wait(const void *key)
{
	ASYNC_JOB *job = ASYNC_get_current_job();
	ASYNC_WAIT_CTX *ctx = job != NULL ? ASYNC_get_wait_ctx(job) : NULL;
	struct wait *wait;
	OSSL_ASYNC_FD fd;
	void *custom;

	if (ctx == NULL)
		return NULL;
	if (ASYNC_WAIT_CTX_get_fd(ctx, key, &fd, &custom))
		return ((struct wait *)custom)->paused == NULL ? custom : NULL;
	if (!stay_mapped() || (wait = wait_new()) == NULL)
		return NULL;
	if (!ASYNC_WAIT_CTX_set_wait_fd(ctx, key, wait->epoll, wait, clean_up)) {
		wait_free(wait);
		return NULL;
	}
	return wait;
}

static void
close_timer(struct wait *wait)
{
	if (wait->timer < 0)
		return;
	/* A forked child may have it, too: then closing it would not take it out. */
	epoll_ctl(wait->epoll, EPOLL_CTL_DEL, wait->timer, NULL);
	close(wait->timer);
	wait->timer = -1;
}

static int
add_timer(struct wait *wait, int64_t deadline_ms)
{
	struct itimerspec when = { .it_value = { .tv_sec = deadline_ms / 1000,
				       .tv_nsec = deadline_ms % 1000 * 1000000 } };
	struct epoll_event event = { .events = EPOLLIN };

	wait->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (wait->timer < 0)
		return -1;
	if (timerfd_settime(wait->timer, TFD_TIMER_ABSTIME, &when, NULL) == 0 &&
	    epoll_ctl(wait->epoll, EPOLL_CTL_ADD, wait->timer, &event) == 0)
		return 0;
	close_timer(wait);
	return -1;
}

static int
arm(struct wait *wait, const struct client_pause *pause)
{
	struct epoll_event event = { .events = (uint32_t)pause->events };

	if (add_timer(wait, pause->deadline_ms) != 0)
		return -1;
	if (pause->fd < 0 ||
	    epoll_ctl(wait->epoll, EPOLL_CTL_ADD, pause->fd, &event) == 0)
		return 0;
	close_timer(wait);
	return -1;
}

static void
disarm(struct wait *wait, const struct client_pause *pause)
{
	if (pause->fd >= 0)
		epoll_ctl(wait->epoll, EPOLL_CTL_DEL, pause->fd, NULL);
	close_timer(wait);
}

/* Waits for at most so long; as client_waiter's pause, except that 0 may come early. */
__attribute__((noinline)) static int
look(const struct client_pause *pause, int64_t at_most_ms)
{
	struct pollfd p = { .fd = pause->fd, .events = pause->events };
	int64_t left_ms = pause->deadline_ms - clock_mono_ms();
	int n;

	if (left_ms < 0)
		left_ms = 0;
	n = poll(&p, 1, (int)(left_ms < at_most_ms ? left_ms : at_most_ms));
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return n > 0 ? p.revents : 0;
}

/*
 * Whoever resumes a job need not have waited for its descriptor, and within
 * ASYNC_block_pause a pause returns at once. So from the second time on nothing had come,
 * a look takes a millisecond rather than to spin.
 */
static int
pause_until(struct wait *wait, const struct client_pause *pause)
{
	int events = 0;

	for (int64_t look_ms = 0; events == 0; look_ms = 1) {
		if (clock_mono_ms() >= pause->deadline_ms)
			return 0;
		wait->paused = pause;
		ASYNC_pause_job();
		wait->paused = NULL;
		events = look(pause, look_ms);
	}
	return events;
}

static int
async_pause(void *key, const struct client_pause *pause)
{
	struct wait *wait = find_wait(key);
	int events;

	/* Out of descriptors, say: then the thread waits. */
	if (wait == NULL || arm(wait, pause) != 0) {
		do
			events = look(pause, CLIENT_TIMEOUT_MAX_MS);
		while (events == 0 && clock_mono_ms() < pause->deadline_ms);
		return events;
	}
	events = pause_until(wait, pause);
	disarm(wait, pause);
	return events;
}

const struct client_waiter async_waiter = {
	.can_pause = async_can_pause,
	.pause = async_pause,
};

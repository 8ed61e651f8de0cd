/*
 * deadline.h - deadlines of locks that are held during what may take long.
 *
 * A pthread_*_clock*lock(lock, DEADLINE_CLOCK, &deadline) takes them.
 */
#ifndef BASE_DEADLINE_H
#define BASE_DEADLINE_H

#include <pthread.h>
#include <time.h>

/* ThreadSanitizer of gcc 12 knows the functions of the wall clock only. */
#ifdef __SANITIZE_THREAD__
#define DEADLINE_CLOCK                              CLOCK_REALTIME
#define pthread_mutex_clocklock(lock, clock, until) pthread_mutex_timedlock(lock, until)
#define pthread_rwlock_clockrdlock(lock, clock, until)                                   \
	pthread_rwlock_timedrdlock(lock, until)
#define pthread_rwlock_clockwrlock(lock, clock, until)                                   \
	pthread_rwlock_timedwrlock(lock, until)
#else
#define DEADLINE_CLOCK CLOCK_MONOTONIC
#endif

static inline struct timespec
deadline_in(int ms)
{
	struct timespec t;

	clock_gettime(DEADLINE_CLOCK, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000L;
	if (t.tv_nsec >= 1000000000L) {
		t.tv_nsec -= 1000000000L;
		t.tv_sec++;
	}
	return t;
}

#endif

/* clock.c - wall and monotonic time. */
#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct timespec
read_clock(clockid_t id)
{
	struct timespec now;

	/* Fails only for a clock that does not exist: ours, not the caller's mistake. */
	if (clock_gettime(id, &now) != 0)
		abort();
	return now;
}

int64_t
clock_mono_ms(void)
{
	struct timespec now = read_clock(CLOCK_MONOTONIC);

	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
clock_mono_ns(void)
{
	struct timespec now = read_clock(CLOCK_MONOTONIC);

	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

#define NS INT64_C(1000000000)

/* Of a rehearsal: of this process, like the clock that it stands for. */
static struct {
	atomic_llong rate; /* 0: none */
	int64_t start, since_us;
} rehearsal;

void
clock_rehearse(int64_t rate, int64_t start)
{
	rehearsal.start = start;
	rehearsal.since_us = clock_mono_ns() / 1000;
	atomic_store_explicit(&rehearsal.rate, rate, memory_order_release);
}

bool
clock_rehearses(void)
{
	return atomic_load_explicit(&rehearsal.rate, memory_order_acquire) != 0;
}

int64_t
clock_rate(void)
{
	int64_t rate = atomic_load_explicit(&rehearsal.rate, memory_order_acquire);

	return rate != 0 ? rate : 1;
}

int64_t
clock_now_s(void)
{
	int64_t rate = atomic_load_explicit(&rehearsal.rate, memory_order_acquire);
	int64_t us;

	if (rate == 0)
		return (int64_t)read_clock(CLOCK_REALTIME).tv_sec;
	us = clock_mono_ns() / 1000 - rehearsal.since_us;
	return rehearsal.start + us / 1000000 * rate + us % 1000000 * rate / 1000000;
}

/* A time so far off that it does not fit is as good as never. */
int64_t
clock_ns_until(int64_t seconds)
{
	int64_t left = seconds - clock_now_s(), rate = clock_rate();

	if (left <= 0)
		return 0;
	if (left / rate >= INT64_MAX / NS - 1)
		return INT64_MAX;
	return left / rate * NS + left % rate * NS / rate;
}

void
clock_format(char *out, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year < -1899 || tm.tm_year > 8099) {
		snprintf(out, CLOCK_TEXT_SIZE, "invalid");
		return;
	}
	/* strftime does not pad the year; four digits fit since it was checked. */
	snprintf(out, CLOCK_TEXT_SIZE, "%04u", (unsigned)(tm.tm_year + 1900) % 10000);
	strftime(out + 4, CLOCK_TEXT_SIZE - 4, "-%m-%dT%H:%M:%SZ", &tm);
}

int
clock_parse(const char *text, int64_t *seconds)
{
	char again[CLOCK_TEXT_SIZE];
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

	if (end == NULL || *end != '\0')
		return -1;
	*seconds = (int64_t)timegm(&tm);
	/* strptime is lenient and timegm normalises: only what comes back the same was a
	 * time. */
	clock_format(again, *seconds);
	return strcmp(again, text) == 0 ? 0 : -1;
}

/* strftime would use the locale's names. */
static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
	"Aug", "Sep", "Oct", "Nov", "Dec" };

void
clock_http_format(char *out, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year < -1899 || tm.tm_year > 8099) {
		snprintf(out, CLOCK_HTTP_SIZE, "invalid");
		return;
	}
	snprintf(out, CLOCK_HTTP_SIZE, "%s, %02u %s %04u %02u:%02u:%02u GMT",
	    days[tm.tm_wday], (unsigned)tm.tm_mday % 100, months[tm.tm_mon],
	    (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
	    (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

int
clock_http_parse(const char *text, int64_t *seconds)
{
	char again[CLOCK_HTTP_SIZE], month[4] = "";
	struct tm tm = { 0 };

	if (strlen(text) != sizeof(again) - 1 ||
	    sscanf(text + 5, "%2d %3s %4d %2d:%2d:%2d GMT", &tm.tm_mday, month,
		&tm.tm_year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
		return -1;
	while (tm.tm_mon < 12 && strcmp(months[tm.tm_mon], month) != 0)
		tm.tm_mon++;
	tm.tm_year -= 1900;
	*seconds = (int64_t)timegm(&tm);
	clock_http_format(again, *seconds);
	return strcmp(again, text) == 0 ? 0 : -1;
}

/* clock.c - wall and monotonic time. */
#include "base/clock.h"

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

int64_t
clock_now_s(void)
{
	return (int64_t)read_clock(CLOCK_REALTIME).tv_sec;
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

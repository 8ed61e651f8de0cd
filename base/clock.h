/* clock.h - the time of day for records, and a clock that never steps for deadlines. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Of CLOCK_MONOTONIC. */
int64_t clock_mono_ms(void);
int64_t clock_mono_ns(void);

/* Seconds since 1970, UTC. */
int64_t clock_now_s(void);

/*
 * For rehearsals: from now on clock_now_s begins at start and runs so many times as fast
 * as the world's clock. The monotonic ones stay as they are: nobody waits for an answer
 * in simulated time.
 */
#define CLOCK_RATE_MAX 10000000
void clock_rehearse(int64_t rate, int64_t start);

bool clock_rehearses(void);

/* 1 unless this is a rehearsal, where it can be 1 too. */
int64_t clock_rate(void);

/* How long to wait until clock_now_s says so, by CLOCK_MONOTONIC. */
int64_t clock_ns_until(int64_t seconds);

#define CLOCK_TEXT_SIZE sizeof("2026-01-31T23:59:59Z")

/* RFC 3339 in UTC; out holds CLOCK_TEXT_SIZE. Times outside years 1-9999 become
 * "invalid". */
void clock_format(char *out, int64_t seconds);

/* Reads exactly that form; -1 for anything else, such as the 30th of February. */
int clock_parse(const char *text, int64_t *seconds);

#define CLOCK_HTTP_SIZE sizeof("Sat, 31 Jan 2026 23:59:59 GMT")

/* IMF-fixdate (RFC 9110 section 5.6.7), in and out like the form above. */
void clock_http_format(char *out, int64_t seconds);
int clock_http_parse(const char *text, int64_t *seconds);

#endif

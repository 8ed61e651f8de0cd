/* clock.h - the time of day for records, and a clock that never steps for deadlines. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Of CLOCK_MONOTONIC. */
int64_t clock_mono_ms(void);
int64_t clock_mono_ns(void);

/* Seconds since 1970, UTC. */
int64_t clock_now_s(void);

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

/*
 * log.h - one event, one line on stderr, named fields.
 *
 * The event is noun.verb-ed; fields are key=value, text from outside in quotes.
 * Control characters become '?', so a client cannot forge a line. Client text
 * inside quotes goes through log_quoted() first. Never a PIN, never a body.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

/* "error", as it stands in a line; static. */
const char *log_level_name(enum log_level level);

/* Process-wide, as is the count of lines; any thread, any time. */
void log_set_level(enum log_level level);

/* Whether such a line would be written: for those whose fields cost something. */
bool log_has(enum log_level level);

/* How many were written so far. Any thread. */
unsigned long long log_lines(enum log_level level);

void log_error(const char *event, const char *fmt, ...) PRINTF(2, 3);
void log_info(const char *event, const char *fmt, ...) PRINTF(2, 3);
void log_debug(const char *event, const char *fmt, ...) PRINTF(2, 3);

#define LOG_QUOTED_MAX 512

/* Copies text with its quotes and backslashes escaped; truncates; returns out. */
const char *log_quoted(char out[static LOG_QUOTED_MAX], const char *text);

/* A whole value, in quotes only if it needs them: mostly text itself, else out. */
const char *log_value(char out[static LOG_QUOTED_MAX], const char *text);

#endif

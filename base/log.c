/* log.c - writes one whole line per event, with one write(2). */
#include "base/log.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048

static const char *const names[] = { "error", "info", "debug" };
static _Atomic(enum log_level) max_level = LOG_LEVEL_INFO;
static atomic_ullong lines[sizeof(names) / sizeof(names[0])];

const char *
log_level_name(enum log_level level)
{
	return names[level];
}

void
log_set_level(enum log_level level)
{
	max_level = level;
}

bool
log_has(enum log_level level)
{
	return level <= max_level;
}

unsigned long long
log_lines(enum log_level level)
{
	return atomic_load(&lines[level]);
}

PRINTF(3, 0)
static void
log_write(enum log_level level, const char *event, const char *fmt, va_list ap)
{
	char line[LINE_MAX_BYTES];
	size_t len;
	int n;

	if (!log_has(level))
		return;
	atomic_fetch_add(&lines[level], 1);
	n = snprintf(line, sizeof(line), "level=%s event=%s ", names[level], event);
	len = (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1;
	n = vsnprintf(line + len, sizeof(line) - len, fmt, ap);
	if (n > 0)
		len += (size_t)n;
	if (len > sizeof(line) - 1)
		len = sizeof(line) - 1;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[len++] = '\n';
	/* Nowhere is left to report a stderr that cannot be written. */
	if (write(STDERR_FILENO, line, len) < 0)
		return;
}

void
log_error(const char *event, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_ERROR, event, fmt, ap);
	va_end(ap);
}

void
log_info(const char *event, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_INFO, event, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *event, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_DEBUG, event, fmt, ap);
	va_end(ap);
}

/* Copies what fits into size with quotes and backslashes escaped; the length. */
static size_t
escape(char *out, size_t size, const char *text)
{
	size_t len = 0;

	for (; *text != '\0' && len + 2 < size; text++) {
		if (*text == '"' || *text == '\\')
			out[len++] = '\\';
		out[len++] = *text;
	}
	out[len] = '\0';
	return len;
}

const char *
log_quoted(char out[static LOG_QUOTED_MAX], const char *text)
{
	escape(out, LOG_QUOTED_MAX, text);
	return out;
}

static bool
is_plain(const char *text)
{
	const char *p = text;

	while (isalnum((unsigned char)*p) ||
	       (*p != '\0' && strchr("-_.:/@+%~,", *p) != NULL))
		p++;
	return *p == '\0' && p > text;
}

const char *
log_value(char out[static LOG_QUOTED_MAX], const char *text)
{
	size_t len;

	if (is_plain(text))
		return text;
	out[0] = '"';
	len = escape(out + 1, LOG_QUOTED_MAX - 2, text);
	out[len + 1] = '"';
	out[len + 2] = '\0';
	return out;
}

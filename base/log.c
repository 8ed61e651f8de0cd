/* log.c - writes one whole line per event, with one write(2). */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048

static const char *const names[] = { "error", "info", "debug" };
static enum log_level max_level = LOG_LEVEL_INFO;
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

const char *
log_quoted(char out[static LOG_QUOTED_MAX], const char *text)
{
	size_t len = 0;

	for (; *text != '\0' && len + 2 < LOG_QUOTED_MAX; text++) {
		if (*text == '"' || *text == '\\')
			out[len++] = '\\';
		out[len++] = *text;
	}
	out[len] = '\0';
	return out;
}

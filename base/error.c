/* error.c - the reason of a failure, carried by the caller. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

PRINTF(3, 0)
static void
set_text(struct error *err, enum error_code code, const char *fmt, va_list ap)
{
	char text[ERROR_TEXT_MAX];

	/* Not in place: a caller that adds to a reason passes err->text itself. */
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	memcpy(err->text, text, sizeof(text));
	err->code = code;
}

int
error_set(struct error *err, enum error_code code, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL)
		return -1;
	va_start(ap, fmt);
	set_text(err, code, fmt, ap);
	va_end(ap);
	return -1;
}

static void
append_text(struct error *err, const char *reason)
{
	size_t len = strlen(err->text);

	snprintf(err->text + len, sizeof(err->text) - len, ": %s", reason);
}

int
error_set_errno(struct error *err, enum error_code code, const char *fmt, ...)
{
	int saved = errno;
	char reason[128];
	va_list ap;

	if (err == NULL)
		return -1;
	va_start(ap, fmt);
	set_text(err, code, fmt, ap);
	va_end(ap);
	append_text(err, strerror_r(saved, reason, sizeof(reason)));
	return -1;
}

/* Empties the queue. Whoever calls libcrypto says more after it, but not what it was. */
static bool
was_out_of_memory(void)
{
	unsigned long number;
	bool was = false;

	while ((number = ERR_get_error()) != 0)
		was = was || ERR_GET_REASON(number) == ERR_R_MALLOC_FAILURE;
	return was;
}

int
error_set_openssl(struct error *err, enum error_code code, const char *what)
{
	unsigned long last = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(last);

	if (was_out_of_memory())
		return error_set(err, ERROR_INTERNAL, "%s: out of memory", what);
	error_set(err, code, "%s", what);
	if (err != NULL && last != 0)
		append_text(err, reason != NULL ? reason : "no reason given");
	return -1;
}

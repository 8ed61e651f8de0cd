/* warning.c - a bounded list of remarks. */
#include "ca/warning.h"

#include <stdarg.h>
#include <stdio.h>

void
warnings_add(struct warnings *w, const char *fmt, ...)
{
	char *text;
	va_list ap;

	if (w->count == WARNINGS_MAX)
		return;
	text = w->items[w->count++];
	va_start(ap, fmt);
	vsnprintf(text, WARNING_SIZE, fmt, ap);
	va_end(ap);
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
			*text = '?';
}

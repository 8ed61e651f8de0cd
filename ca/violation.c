/* violation.c - a bounded list of broken rules. */
#include "ca/violation.h"

#include <stdarg.h>
#include <stdio.h>

static void
make_printable(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
			*text = '?';
}

void
violations_add(
    struct violations *v, enum rule rule, const char *field, const char *fmt, ...)
{
	struct violation *item;
	va_list ap;

	if (v->count == VIOLATIONS_MAX) {
		v->dropped++;
		return;
	}
	item = &v->items[v->count++];
	item->rule = rule_info(rule)->name;
	item->source = rule_info(rule)->source;
	snprintf(item->field, sizeof(item->field), "%s", field);
	va_start(ap, fmt);
	vsnprintf(item->detail, sizeof(item->detail), fmt, ap);
	va_end(ap);
	make_printable(item->field);
	make_printable(item->detail);
}

void
violations_forgive(struct violations *v, enum rule rule)
{
	size_t kept = 0;

	for (size_t i = 0; i < v->count; i++)
		if (v->items[i].rule != rule_info(rule)->name)
			v->items[kept++] = v->items[i];
	v->count = kept;
}

int
violations_verdict(const struct violations *v, struct error *err)
{
	if (v->count == 0)
		return 0;
	return error_set(err, ERROR_REFUSED, "%zu broken rule%s, first %s: %s: %s",
	    v->count + v->dropped, v->count + v->dropped == 1 ? "" : "s",
	    v->items[0].rule, v->items[0].field, v->items[0].detail);
}

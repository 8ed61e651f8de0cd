/*
 * violation.h - the rules that a request breaks, all of them at once.
 *
 * Text that came from the client is reduced to printable ASCII here, so that a
 * violation can be logged and put into JSON as it is.
 */
#ifndef CA_VIOLATION_H
#define CA_VIOLATION_H

#include <stddef.h>

#include "base/error.h"
#include "ca/rule.h"

#define VIOLATIONS_MAX        32
#define VIOLATION_FIELD_SIZE  64
#define VIOLATION_DETAIL_SIZE 160

struct violation {
	const char *rule;
	char field[VIOLATION_FIELD_SIZE]; /* "csr", "key", "subject CN", "san[3]" ... */
	char detail[VIOLATION_DETAIL_SIZE];
	const char *source;
};

/* Starts as { 0 }. */
struct violations {
	struct violation items[VIOLATIONS_MAX];
	size_t count;
	size_t dropped; /* found after the list was full */
};

void violations_add(struct violations *v, enum rule rule, const char *field,
    const char *fmt, ...) PRINTF(4, 5);

/* Takes back what was said of a rule. */
void violations_forgive(struct violations *v, enum rule rule);

/* 0 when there are none; else ERROR_REFUSED with the first in the text. */
int violations_verdict(const struct violations *v, struct error *err);

#endif

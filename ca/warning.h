/* warning.h - what was asked for and left out, told to the requester. */
#ifndef CA_WARNING_H
#define CA_WARNING_H

#include <stddef.h>

#include "base/error.h"

#define WARNINGS_MAX 16
#define WARNING_SIZE 96

/* Starts as { 0 }; printable ASCII only. What exceeds the list is not kept. */
struct warnings {
	char items[WARNINGS_MAX][WARNING_SIZE];
	size_t count;
};

void warnings_add(struct warnings *w, const char *fmt, ...) PRINTF(2, 3);

#endif

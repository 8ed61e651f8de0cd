/*
 * system_calls.h - which system calls the daemon makes once it serves, each with the
 * reason.
 *
 * The list was made by running every story in tests/e2e, and is held by running them.
 */
#ifndef SERVICE_SYSTEM_CALLS_H
#define SERVICE_SYSTEM_CALLS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SYSTEM_CALL_VALUES_MAX 3

/* Only where argument & mask is one of the values. */
struct system_call_limit {
	unsigned argument, count;
	uint64_t mask, values[SYSTEM_CALL_VALUES_MAX];
};

struct system_call {
	const char *name, *reason;
	struct system_call_limit limit; /* count 0: none */
};

extern const struct system_call system_calls_allowed[];
extern const size_t system_calls_allowed_count;

/* With cage.connect: to an HSM on the network. */
extern const struct system_call system_calls_network[];
extern const size_t system_calls_network_count;

/* Nobody makes these by accident: the process ends. The settings cannot allow them. */
extern const struct system_call system_calls_deadly[];
extern const size_t system_calls_deadly_count;

/* One line for each: the name and the reason. */
void system_calls_print(FILE *out);

#endif

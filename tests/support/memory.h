/*
 * memory.h - memory that runs out on demand: of keyhold's own code, and of libcrypto,
 * SQLite and jansson under it.
 *
 * A program is linked with the target test_memory, which puts itself in the way of malloc
 * and its like in what is linked statically. One thread at a time.
 */
#ifndef TESTS_SUPPORT_MEMORY_H
#define TESTS_SUPPORT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Whose allocations fail. */
enum memory_source {
	MEMORY_OURS = 1 << 0,
	MEMORY_LIBCRYPTO = 1 << 1,
	MEMORY_SQLITE = 1 << 2,
	MEMORY_JANSSON = 1 << 3,
};

/* First thing in main: the libraries must not have allocated anything. */
void memory_take_over(void);

/* The nth allocation of these sources from now fails: it alone, or all from it on. */
void memory_fail(unsigned sources, size_t nth, bool and_all_after);

/* No allocation fails any more. Whether one did. */
bool memory_heal(void);

/* In between nothing fails and nothing is counted: for what is no part of an operation.
 */
void memory_pause(void);
void memory_resume(void);

/*
 * Runs the operation again and again, with its first, second ... allocation failing,
 * until there is none left to fail. Each time it must fail with a reason, or succeed all
 * the same; it frees what it made in either case. Under errors, and under LeakSanitizer
 * nothing in memory. Gives how many times it failed.
 */
struct memory_case {
	const char *name;
	int (*run)(void *scene, struct error *err);
	/* It is refused anyway; memory that runs out must not let it pass. */
	bool is_refused;
	/* Of what takes long: after the first 50 only each so manyth allocation. 0: each.
	 */
	size_t stride;
};

size_t memory_try(const struct memory_case *c, unsigned sources, void *scene);

#endif

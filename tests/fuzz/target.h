/* target.h - what libFuzzer and replay.c call, and how a target says that it found
 * something. */
#ifndef TESTS_FUZZ_TARGET_H
#define TESTS_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void
must(int holds)
{
	if (!holds)
		abort();
}

#endif

/* fuzz_reference.c - any bytes as a key reference; what is accepted has one encoding. */
#include "tests/fuzz/target.h"

#include <string.h>

#include "evp/reference.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes der = { data, size };
	struct buffer again;
	struct error err = { 0 };
	struct key key;

	if (reference_decode(&der, &key, &err) != 0) {
		must(err.code != ERROR_NONE);
		return 0;
	}
	buf_init(&again, 0);
	must(reference_encode(&key, &again, &err) == 0);
	must(again.len == size && memcmp(again.data, data, size) == 0);
	buf_free(&again);
	return 0;
}

/* fuzz_weakkeys.c - any bytes as a list of Debian's weak keys. */
#include "tests/fuzz/target.h"

#include "ca/weakkeys.h"

#define ENTRY_BYTES 10

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes text = { data, size };
	struct error err = { 0 };
	struct buffer entries;

	buf_init(&entries, 0);
	if (weakkeys_parse("list", text, &entries, &err) == 0)
		must(entries.len % ENTRY_BYTES == 0 && entries.len <= size);
	else
		must(err.code == ERROR_CONFIG);
	buf_free(&entries);
	return 0;
}

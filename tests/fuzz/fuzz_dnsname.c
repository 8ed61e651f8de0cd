/* fuzz_dnsname.c - any bytes as a host name, which has A-labels and wildcards in it. */
#include "tests/fuzz/target.h"

#include <string.h>

#include "ca/dnsname.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes name = { data, size };
	struct violations with = { 0 }, without = { 0 };

	dnsname_check(name, true, "san[0]", &with);
	dnsname_check(name, false, "san[0]", &without);
	/* One rule is reported for a name, and allowing wildcards only ever allows. */
	must(with.count <= 1 && without.count <= 1);
	must(with.count == 0 || without.count == 1);
	if (without.count == 0)
		must(size <= 253 && memchr(data, 0, size) == NULL);
	return 0;
}

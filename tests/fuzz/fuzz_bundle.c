/* fuzz_bundle.c - any bytes as a CA certificate that somebody installs or imports. */
#include "tests/fuzz/target.h"

#include "ca/bundle.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char nobody[32];
	const struct bundle_wanted wanted = { .spki_sha256 = nobody, .now = 1800000000 };
	struct violations v = { 0 };
	struct warnings w = { 0 };
	struct error err = { 0 };
	struct bundle bundle;

	if (bundle_read(NULL, (struct bytes){ data, size }, &bundle, &err) == 0) {
		must(bundle.cert != NULL && bundle.der.len > 0);
		if (bundle_check(NULL, &bundle, &wanted, &w, &v, &err) == 0)
			must(v.count > 0);
	} else {
		must(err.code != ERROR_NONE);
	}
	bundle_clear(&bundle);
	return 0;
}

/* fuzz_csr.c - any bytes as a certification request. */
#include "tests/fuzz/target.h"

#include "ca/csr.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes body = { data, size };
	struct violations v = { 0 };
	struct error err = { 0 };
	struct csr csr;

	if (csr_read(NULL, &body, &csr, &v, &err) == 0)
		must(csr.req != NULL && (csr.key != NULL || v.count > 0));
	else
		must(err.code != ERROR_NONE);
	csr_clear(&csr);
	return 0;
}

/* fuzz_pem.c - any text as PEM; what is accepted survives being written and read again.
 */
#include "tests/fuzz/target.h"

#include <string.h>

#include "base/pem.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const labels[] = { "CERTIFICATE REQUEST",
		"NEW CERTIFICATE REQUEST", NULL };
	const struct bytes text = { data, size };
	struct buffer der, pem, again;
	struct error err = { 0 };

	buf_init(&der, 0);
	buf_init(&pem, 0);
	buf_init(&again, 0);
	if (pem_read(text, labels, &der, &err) == 0) {
		pem_append(&pem, labels[0], buf_bytes(&der));
		must(pem_read(buf_bytes(&pem), labels, &again, &err) == 0);
		must(again.len == der.len);
		must(der.len == 0 || memcmp(again.data, der.data, der.len) == 0);
	} else {
		must(err.code == ERROR_BAD_REQUEST);
	}
	buf_free(&again);
	buf_free(&pem);
	buf_free(&der);
	return 0;
}

/* fuzz_crl.c - any bytes as a CRL that was just made. */
#include "tests/fuzz/target.h"

#include "ca/crl_check.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes der = { data, size };
	struct crl_parts parts;
	struct bytes serial;

	if (!crl_read(der, &parts))
		return 0;
	must(parts.tbs.len < size && parts.head.len < parts.tbs.len);
	must(parts.signature.data + parts.signature.len == data + size);
	while (parts.entries.len > 0 && crl_take_entry(&parts.entries, &serial))
		must(serial.len > 0 && serial.data > data && serial.data < data + size);
	return 0;
}

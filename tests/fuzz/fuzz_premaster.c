/* fuzz_premaster.c - any bytes as what a token decrypted for a TLS 1.2 handshake. */
#include "tests/fuzz/target.h"

#include <string.h>

#include "pkcs11/premaster.h"

/* As the header says it, without the care for time. */
static int
is_premaster(const uint8_t *em, size_t len)
{
	if (em[0] != 0 || em[1] != 2 || em[len - PREMASTER_BYTES - 1] != 0 ||
	    em[len - PREMASTER_BYTES] != 3 || em[len - PREMASTER_BYTES + 1] != 3)
		return 0;
	return memchr(em + 2, 0, len - PREMASTER_BYTES - 3) == NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char drawn[PREMASTER_BYTES], premaster[PREMASTER_BYTES];

	if (size < 256)
		return 0;
	memset(drawn, 0x5a, sizeof(drawn));
	memcpy(premaster, drawn, sizeof(premaster));
	premaster_take(data, size, size, premaster);
	must(memcmp(premaster,
		 is_premaster(data, size) ? data + size - PREMASTER_BYTES : drawn,
		 sizeof(premaster)) == 0);
	memcpy(premaster, drawn, sizeof(premaster));
	premaster_take(data, size, size - 1, premaster);
	must(memcmp(premaster, drawn, sizeof(premaster)) == 0);
	return 0;
}

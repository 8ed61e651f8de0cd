/* fuzz_ocsp.c - any bytes as an OCSP request. */
#include "tests/fuzz/target.h"

#include <string.h>

#include "ca/ocsp_query.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	struct ocsp_query query;
	char serial[STORE_SERIAL_SIZE];

	if (ocsp_query_read((struct bytes){ data, size }, &query, &err) == 0) {
		must(query.count >= 1 && query.count <= OCSP_QUERY_MAX_CERTS);
		must(query.nonce_len <= sizeof(query.nonce));
		for (int i = 0; i < query.count; i++) {
			ocsp_id_hash(ocsp_query_id(&query, i));
			ocsp_id_serial(ocsp_query_id(&query, i), serial);
			must(strlen(serial) < sizeof(serial));
		}
	} else {
		must(err.code == ERROR_BAD_REQUEST);
	}
	ocsp_query_clear(&query);
	return 0;
}

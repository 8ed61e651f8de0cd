/* request_id.c - random once, then a count. */
#include "service/request_id.h"

#include <stdio.h>

#include <openssl/rand.h>

#include "base/text.h"

int
request_ids_init(struct request_ids *ids, struct error *err)
{
	unsigned char start[4];

	if (RAND_bytes(start, sizeof(start)) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "random bytes");
	hex_encode(ids->start, start, sizeof(start));
	atomic_init(&ids->count, 0);
	return 0;
}

const char *
request_id_next(struct request_ids *ids, char out[static REQUEST_ID_SIZE])
{
	snprintf(out, REQUEST_ID_SIZE, "%s-%llx", ids->start,
	    atomic_fetch_add(&ids->count, 1) + 1);
	return out;
}

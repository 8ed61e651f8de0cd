/* fuzz_response.c - any bytes as the daemon's answer; their pieces make no difference. */
#include "tests/fuzz/target.h"

#include <string.h>

#include "client/client.h"
#include "client/response.h"

#define BODY_MAX 4096

/* The first that is refused or complete ends it. */
static int
feed(struct response *r, const uint8_t *data, size_t size, size_t piece, size_t *used)
{
	struct error err = { 0 };

	*used = 0;
	while (*used < size && !response_is_complete(r)) {
		size_t len = size - *used < piece ? size - *used : piece, taken;

		if (response_feed(r, data + *used, len, &taken, &err) != 0) {
			must(
			    err.code == ERROR_BAD_REQUEST || err.code == ERROR_TOO_LARGE);
			return -1;
		}
		must(taken == len || (taken < len && response_is_complete(r)));
		*used += taken;
	}
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct client_response a, b;
	struct response whole, split;
	size_t whole_used, split_used, piece = size > 0 ? 1 + data[size - 1] % 16 : 1;
	int rc;

	client_response_init(&a, BODY_MAX);
	client_response_init(&b, BODY_MAX);
	response_init(&whole, &a);
	response_init(&split, &b);
	rc = feed(&whole, data, size, SIZE_MAX, &whole_used);
	must(feed(&split, data, size, piece, &split_used) == rc);
	if (rc == 0) {
		must(whole_used == split_used && a.status == b.status);
		must(response_is_complete(&whole) == response_is_complete(&split));
		must(a.body.len == b.body.len && a.body.len <= BODY_MAX);
		must(
		    a.body.len == 0 || memcmp(a.body.data, b.body.data, a.body.len) == 0);
	}
	client_response_free(&a);
	client_response_free(&b);
	return 0;
}

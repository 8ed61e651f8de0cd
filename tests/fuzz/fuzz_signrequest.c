/* fuzz_signrequest.c - any bytes as the beginning of a connection. */
#include "tests/fuzz/target.h"

#include <string.h>

#include "service/signrequest.h"

static void
must_be_within(struct bytes part, const uint8_t *data, size_t len)
{
	must(part.data >= data && part.len <= len &&
	     (size_t)(part.data - data) <= len - part.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct signrequest req;

	if (!signrequest_read(data, size, &req))
		return 0;
	must(req.len <= size && req.body.len < req.len);
	/* The server ends both texts with a NUL, before it looks at the body. */
	must_be_within(req.target, data, req.len - req.body.len - 4);
	if (req.accept.data != NULL)
		must_be_within(req.accept, data, req.len - req.body.len - 4);
	must(req.body.data + req.body.len == data + req.len);
	must(memcmp(req.body.data - 4, "\r\n\r\n", 4) == 0);
	must(memchr(req.target.data, '\0', req.target.len) == NULL);
	/* Less of it is nothing, more of it is the same. */
	must(!signrequest_read(data, req.len - 1, &req));
	return 0;
}

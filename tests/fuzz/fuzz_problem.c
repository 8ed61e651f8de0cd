/* fuzz_problem.c - two bytes of a status, and any bytes as the body that a daemon refuses
 * a proxy with. */
#include "tests/fuzz/target.h"

#include <string.h>

#include "base/text.h"
#include "client/client.h"
#include "provider/problem.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct client_response res = { .request_id = "7" };
	struct error err = { 0 };

	if (size < 2)
		return 0;
	res.status = data[0] << 8 | data[1];
	buf_init(&res.body, 0);
	buf_append(&res.body, data + 2, size - 2);
	must(problem_to_error(&res, &err) == -1 && err.code != ERROR_NONE);
	must(!text_has_control(err.text));
	buf_free(&res.body);
	return 0;
}

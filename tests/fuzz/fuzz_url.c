/* fuzz_url.c - any bytes as a path segment, and as a query. */
#include "tests/fuzz/target.h"

#include <string.h>

#include "api/url.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), out[64];
	struct error err = { 0 };
	bool found;

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	if (url_decode(out, sizeof(out), text, size, &err) == 0)
		must(strlen(out) < sizeof(out) && strlen(out) <= size);
	else
		must(err.code == ERROR_BAD_REQUEST);
	if (query_get(text, "san", out, sizeof(out), &found, &err) == 0 && found)
		must(strstr(text, "san") != NULL);
	query_check(text, "san status", &err);
	query_check(text, NULL, &err);
	free(text);
	return 0;
}

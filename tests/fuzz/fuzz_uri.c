/* fuzz_uri.c - any text as a keyhold: URI. */
#include "tests/fuzz/target.h"

#include <string.h>

#include "provider/uri.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct error err = { 0 };
	struct uri uri;

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	if (uri_read(text, &uri, &err) == 0)
		must(
		    name_is_valid(uri.name) && uri.pinned == (strchr(text, '?') != NULL));
	else
		must(err.code == ERROR_BAD_REQUEST);
	free(text);
	return 0;
}

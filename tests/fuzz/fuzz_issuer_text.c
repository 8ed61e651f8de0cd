/* fuzz_issuer_text.c - any text as an issuer's URL, and as a name constraint. */
#include "tests/fuzz/target.h"

#include <string.h>

#include "ca/constraints.h"
#include "ca/issuer_url.h"

static void
read_constraint(const char *text)
{
	const struct constraints_spec spec = { .excluded = { text },
		.excluded_count = 1 };
	NAME_CONSTRAINTS *constraints = NULL;
	struct error err = { 0 };

	if (constraints_from_text(&spec, &constraints, &err) == 0)
		must(constraints != NULL && constraints_equal(constraints, constraints));
	else
		must(constraints == NULL && err.code == ERROR_BAD_REQUEST);
	NAME_CONSTRAINTS_free(constraints);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why = NULL;
	char text[512];

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (issuer_url_is_fine(text, &why))
		must(strlen(text) < STORE_URL_SIZE && strchr(text, ' ') == NULL);
	else
		must(why != NULL);
	read_constraint(text);
	return 0;
}

/* fuzz_json.c - any bytes as the body of a request. */
#include "tests/fuzz/target.h"

#include "api/json.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const members[] = { "name", "count", "list", NULL };
	const struct bytes body = { data, size };
	struct json_t *object = NULL;
	struct error err = { 0 };
	const char *text, *texts[4];
	int64_t number;
	size_t count;

	if (json_read(&body, members, &object, &err) != 0) {
		must(err.code == ERROR_BAD_REQUEST && object == NULL);
		return 0;
	}
	if (json_text(object, "name", false, &text, &err) != 0)
		must(text == NULL);
	if (json_number(object, "count", 1, 1000, 7, &number, &err) == 0)
		must(number >= 1 && number <= 1000);
	if (json_texts(object, "list", texts, 4, &count, &err) == 0)
		must(count <= 4);
	json_free(object);
	return 0;
}

/* warnings.c - the list of warnings in an answer. */
#include "api/warnings.h"

#include "api/json.h"

struct json_t *
warnings_json(const struct warnings *warnings)
{
	struct json_t *list = json_make("[]");

	for (size_t i = 0; list != NULL && i < warnings->count; i++) {
		if (json_append(list, json_make("s", warnings->items[i]), NULL) != 0) {
			json_free(list);
			return NULL;
		}
	}
	return list;
}

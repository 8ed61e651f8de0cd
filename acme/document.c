/* document.c - JSON to text. */
#include "acme/document.h"

#include <stdlib.h>

int
document_write(json_t *value, struct buffer *out, struct error *err)
{
	char *text = value != NULL ? json_dumps(value, JSON_COMPACT) : NULL;

	json_decref(value);
	if (text == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	buf_text(out, text);
	free(text);
	return buf_failed(out) ? error_set(err, ERROR_INTERNAL, "out of memory") : 0;
}

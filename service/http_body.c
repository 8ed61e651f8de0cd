/* http_body.c - Content-Length and Transfer-Encoding (RFC 9112 section 6). */
#include "service/http_body.h"

#include <string.h>

#include <microhttpd.h>

#include "base/text.h"

#define SHORT_BYTES (64 * 1024)

static const char *
header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

bool
http_body_is_declared(struct MHD_Connection *connection)
{
	const char *length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return header(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL ||
	       (length != NULL && strcmp(length, "0") != 0);
}

bool
http_body_exceeds(struct MHD_Connection *connection, size_t max_bytes)
{
	const char *length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
	uint64_t value;

	return length != NULL && text_to_uint(length, 0, max_bytes, &value, NULL) != 0;
}

bool
http_body_is_short(struct MHD_Connection *connection)
{
	return header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH) != NULL &&
	       !http_body_exceeds(connection, SHORT_BYTES);
}

/* uri.c - reads a keyhold: URI. */
#include "provider/uri.h"

#include <string.h>
#include <strings.h>

static int
read_query(const char *query, struct uri *uri, struct error *err)
{
	static const char spki[] = "spki=";

	if (strncmp(query, spki, strlen(spki)) != 0)
		return error_set(err, ERROR_BAD_REQUEST,
		    "keyhold: URI: \"%.32s\" is not spki=HEX", query);
	if (hex_decode(
		uri->spki_sha256, sizeof(uri->spki_sha256), query + strlen(spki)) != 0)
		return error_set(
		    err, ERROR_BAD_REQUEST, "keyhold: URI: spki= takes 64 hex digits");
	uri->pinned = true;
	return 0;
}

int
uri_read(const char *text, struct uri *uri, struct error *err)
{
	size_t scheme_len = strlen(URI_SCHEME ":"), len;

	*uri = (struct uri){ 0 };
	/* RFC 3986 section 3.1: schemes are compared without case. */
	if (strncasecmp(text, URI_SCHEME ":", scheme_len) != 0)
		return error_set(err, ERROR_BAD_REQUEST, "not a keyhold: URI");
	text += scheme_len;
	len = strcspn(text, "?");
	if (len < sizeof(uri->name))
		memcpy(uri->name, text, len);
	if (len >= sizeof(uri->name) || !name_is_valid(uri->name))
		return error_set(err, ERROR_BAD_REQUEST,
		    "keyhold: URI: \"%.64s\" is not a key name: "
		    "[a-z0-9][a-z0-9._-]{0,62}",
		    text);
	return text[len] == '\0' ? 0 : read_query(text + len + 1, uri, err);
}

/* url.c - builds paths and queries. */
#include "rest/url.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define SPKI_PREFIX "spki:"
#define HASH_BYTES  32
#define SERIAL_MAX  40 /* 20 bytes (RFC 5280 section 4.1.2.2) in hex */

int
url_check_name(const char *name, struct error *err)
{
	if (name_is_valid(name))
		return 0;
	return error_set(err, ERROR_CONFIG,
	    "\"%.70s\" is not a name: 1 to %d of a-z 0-9 . _ -, the first a letter or "
	    "digit",
	    name, NAME_MAX_CHARS);
}

int
url_key(char url[static URL_MAX], const char *key, const char *ending, struct error *err)
{
	unsigned char hash[HASH_BYTES];
	char hex[2 * HASH_BYTES + 1];

	/* Too long for a name. */
	if (hex_decode(hash, sizeof(hash), key) == 0)
		return error_set(err, ERROR_CONFIG,
		    "a key is a name or a hash with its prefix; did you mean spki:%s?",
		    key);
	if (strncmp(key, SPKI_PREFIX, strlen(SPKI_PREFIX)) != 0) {
		if (url_check_name(key, err) != 0)
			return -1;
		snprintf(url, URL_MAX, "/v1/keys/%s%s", key, ending);
		return 0;
	}
	if (hex_decode(hash, sizeof(hash), key + strlen(SPKI_PREFIX)) != 0)
		return error_set(err, ERROR_CONFIG,
		    "\"%.80s\" is not a key: spki: and the 64 hex digits of its SHA-256",
		    key);
	/* The daemon's hashes are in lower case. */
	hex_encode(hex, hash, sizeof(hash));
	snprintf(url, URL_MAX, "/v1/keys/" SPKI_PREFIX "%s%s", hex, ending);
	return 0;
}

int
url_issuer(
    char url[static URL_MAX], const char *issuer, const char *ending, struct error *err)
{
	if (url_check_name(issuer, err) != 0)
		return -1;
	snprintf(url, URL_MAX, "/v1/issuers/%s%s", issuer, ending);
	return 0;
}

int
url_managed(
    char url[static URL_MAX], const char *name, const char *ending, struct error *err)
{
	if (url_check_name(name, err) != 0)
		return -1;
	snprintf(url, URL_MAX, "/v1/managed/%s%s", name, ending);
	return 0;
}

int
url_profile(char url[static URL_MAX], const char *name, struct error *err)
{
	if (url_check_name(name, err) != 0)
		return -1;
	snprintf(url, URL_MAX, "/v1/profiles/%s", name);
	return 0;
}

int
url_certificate(
    char url[static URL_MAX], const char *serial, const char *ending, struct error *err)
{
	char digits[SERIAL_MAX + 1];
	size_t len = 0;

	for (const char *p = serial; *p != '\0'; p++) {
		if (*p == ':')
			continue;
		if (!isxdigit((unsigned char)*p) || len == SERIAL_MAX)
			return error_set(err, ERROR_CONFIG,
			    "\"%.64s\" is not a serial number: at most %d hex digits",
			    serial, SERIAL_MAX);
		digits[len++] = (char)tolower((unsigned char)*p);
	}
	if (len == 0)
		return error_set(err, ERROR_CONFIG, "the serial number is empty");
	digits[len] = '\0';
	snprintf(url, URL_MAX, "/v1/certificates/%s%s", digits, ending);
	return 0;
}

void
url_query(struct buffer *url, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_printf(url, "%c%s=", strchr(buf_string(url), '?') == NULL ? '?' : '&', name);
	for (; *value != '\0'; value++) {
		unsigned char c = (unsigned char)*value;

		/* RFC 3986 section 2.3 */
		if (c < 0x80 && (isalnum(c) || strchr("-._~", c) != NULL))
			buf_append(url, &c, 1);
		else
			buf_printf(url, "%%%02X", c);
	}
}

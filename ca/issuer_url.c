/* issuer_url.c - the URLs of an issuer, judged. */
#include "ca/issuer_url.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

#define SCHEME "http://"

/* RFC 3986 section 2: what a URL is written with, without the brackets of a host. */
static const char url_characters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    "0123456789-._~:/?@!$&'()*+,;=%";

static bool
port_is_fine(const char *text, size_t len)
{
	char digits[6];
	uint64_t port;

	if (len == 0 || len >= sizeof(digits))
		return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	return text_to_uint(digits, 1, UINT16_MAX, &port, NULL) == 0;
}

/* A name or an address, and a port: RFC 3986 section 3.2 without user information. */
static bool
host_is_fine(const char *host, size_t len)
{
	const bool literal = len > 0 && *host == '[';
	const char *allowed = literal ? "0123456789abcdefABCDEF:."
				      : "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"abcdefghijklmnopqrstuvwxyz0123456789-.";
	size_t name = strspn(host + literal, allowed), used = name + 2 * literal;

	if (name == 0 || used > len || (literal && host[name + 1] != ']'))
		return false;
	return used == len ||
	       (host[used] == ':' && port_is_fine(host + used + 1, len - used - 1));
}

bool
issuer_url_is_fine(const char *url, const char **why)
{
	const char *host = url + strlen(SCHEME);
	size_t host_len;

	if (strncmp(url, SCHEME, strlen(SCHEME)) != 0) {
		*why = "begins with http://";
		return false;
	}
	host_len = strcspn(host, "/?#");
	if (strlen(url) >= STORE_URL_SIZE)
		*why = "has at most 255 characters";
	else if (!host_is_fine(host, host_len))
		*why = "has a host, perhaps a port, and no user";
	else if (host[host_len + strspn(host + host_len, url_characters)] != '\0')
		*why = "has printable ASCII, no white space and no fragment";
	else
		return true;
	return false;
}

static int
set_url(char url[static STORE_URL_SIZE], const char *field, const char *wanted,
    struct violations *v, struct error *err)
{
	const char *why;

	if (wanted == NULL)
		return 0;
	if (*wanted != '\0' && !issuer_url_is_fine(wanted, &why)) {
		violations_add(
		    v, RULE_ISSUER_URL, field, "\"%s\"; such a URL %s", wanted, why);
		return 0;
	}
	if (text_copy(url, STORE_URL_SIZE, wanted) != 0)
		return error_set(
		    err, ERROR_INTERNAL, "a URL that was judged is too long");
	return 0;
}

int
issuer_set_urls(struct issuer_row *row, const char *crl, const char *ocsp,
    const char *ca_issuers, struct violations *v, struct error *err)
{
	if (set_url(row->crl_url, "crl_url", crl, v, err) != 0 ||
	    set_url(row->ocsp_url, "ocsp_url", ocsp, v, err) != 0 ||
	    set_url(row->ca_issuers_url, "ca_issuers_url", ca_issuers, v, err) != 0)
		return -1;
	/* A shard's number comes at the end. */
	if (row->crl_shards > 1 && strchr(row->crl_url, '?') != NULL)
		violations_add(v, RULE_ISSUER_URL, "crl_url",
		    "has a query, and a shard's URL is this one, \"/\" and its number");
	return 0;
}

/* uriname.c - a URI taken apart, judged, and compared part by part. */
#include "ca/uriname.h"

#include <string.h>

#include <arpa/inet.h>

#include "ca/dnsname.h"
#include "ca/dnspattern.h"

#define URI_MAX_BYTES 2048 /* SPIFFE-ID section 2.3 */
#define SCHEME_MAX    32
#define SPIFFE        "spiffe"

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* path is empty, or begins with a slash. */
struct parts {
	struct bytes scheme, host, path;
};

static bool
is_text(struct bytes part, const char *text)
{
	return part.len == strlen(text) && memcmp(part.data, text, part.len) == 0;
}

static bool
is_made_of(struct bytes part, const char *alphabet)
{
	for (size_t i = 0; i < part.len; i++)
		if (part.data[i] == '\0' || strchr(alphabet, part.data[i]) == NULL)
			return false;
	return true;
}

static struct bytes
take_until(struct bytes *rest, unsigned char stop)
{
	const unsigned char *end = memchr(rest->data, stop, rest->len);
	struct bytes taken = *rest;

	if (end != NULL)
		taken.len = (size_t)(end - rest->data);
	rest->data += taken.len;
	rest->len -= taken.len;
	return taken;
}

/* Cuts the next segment off the path, with the slash before it. */
static struct bytes
take_segment(struct bytes *path)
{
	path->data++;
	path->len--;
	return take_until(path, '/');
}

static bool
take_apart(struct bytes uri, struct parts *parts)
{
	struct bytes rest = uri;

	if (uri.len == 0)
		return false;
	parts->scheme = take_until(&rest, ':');
	if (rest.len < 3 || memcmp(rest.data, "://", 3) != 0)
		return false;
	rest.data += 3;
	rest.len -= 3;
	parts->host = take_until(&rest, '/');
	parts->path = rest;
	return true;
}

static bool
scheme_is_fine(struct bytes scheme)
{
	return scheme.len > 0 && scheme.len <= SCHEME_MAX &&
	       is_made_of(scheme, LOWER DIGITS "+-.") &&
	       strchr(LOWER, scheme.data[0]) != NULL;
}

/* RFC 3986 section 3.3 without percent-encoding and '*', which is for patterns. */
static bool
path_is_fine(struct bytes path, const char *alphabet)
{
	while (path.len > 0) {
		struct bytes segment = take_segment(&path);

		if (segment.len == 0 || is_text(segment, ".") || is_text(segment, "..") ||
		    !is_made_of(segment, alphabet))
			return false;
	}
	return true;
}

static bool
is_address(struct bytes host)
{
	unsigned char octets[16];
	char text[INET6_ADDRSTRLEN + 2];

	if (host.len == 0 || host.len >= sizeof(text))
		return false;
	memcpy(text, host.data, host.len);
	text[host.len] = '\0';
	if (text[0] != '[' || text[host.len - 1] != ']')
		return inet_pton(AF_INET, text, octets) == 1;
	text[host.len - 1] = '\0';
	return inet_pton(AF_INET6, text + 1, octets) == 1;
}

/* SPIFFE-ID section 2: a trust domain, and segments of a smaller alphabet. */
static void
check_spiffe(const struct parts *parts, const char *field, struct violations *v)
{
	static const char path[] = LOWER UPPER DIGITS ".-_";

	if (parts->host.len == 0 || parts->host.len > 255 ||
	    !is_made_of(parts->host, LOWER DIGITS ".-_"))
		violations_add(v, RULE_SAN_URI_SPIFFE, field,
		    "a trust domain has lower-case letters, digits, '.', '-' and '_'");
	else if (!path_is_fine(parts->path, path))
		violations_add(v, RULE_SAN_URI_SPIFFE, field,
		    "a path has letters, digits, '.', '-' and '_', no empty or dotted "
		    "segment");
}

static void
check_host(struct bytes host, const char *field, struct violations *v)
{
	if (memchr(host.data, '@', host.len) != NULL ||
	    (host.data[0] != '[' && memchr(host.data, ':', host.len) != NULL))
		violations_add(v, RULE_SAN_URI_HOST, field,
		    "a host name or an address, without user and port");
	else if (!is_address(host))
		dnsname_check(host, false, field, v);
}

void
uriname_check(struct bytes uri, const char *field, struct violations *v)
{
	static const char path[] = LOWER UPPER DIGITS "-._~!$&'()+,;=:@";
	struct parts parts;

	if (uri.len > URI_MAX_BYTES || !take_apart(uri, &parts) ||
	    !scheme_is_fine(parts.scheme))
		violations_add(v, RULE_SAN_URI_SYNTAX, field,
		    "scheme://host/path of at most %d octets", URI_MAX_BYTES);
	else if (is_text(parts.scheme, SPIFFE))
		check_spiffe(&parts, field, v);
	else if (!path_is_fine(parts.path, path))
		violations_add(v, RULE_SAN_URI_SYNTAX, field,
		    "no query, fragment, '%%', '*', and no empty or dotted segment");
	else if (parts.host.len == 0)
		violations_add(v, RULE_SAN_URI_HOST, field, "no host");
	else
		check_host(parts.host, field, v);
}

bool
uriname_is_spiffe(struct bytes uri)
{
	struct parts parts;

	return take_apart(uri, &parts) && is_text(parts.scheme, SPIFFE);
}

bool
uriname_pattern_is_valid(struct bytes pattern)
{
	struct parts parts;
	struct bytes path;

	if (pattern.len > URI_MAX_BYTES || !take_apart(pattern, &parts) ||
	    !scheme_is_fine(parts.scheme) ||
	    (!dnspattern_is_valid(parts.host) && !is_address(parts.host)))
		return false;
	for (path = parts.path; path.len > 0;) {
		struct bytes segment = take_segment(&path);

		if (memchr(segment.data, '*', segment.len) != NULL &&
		    !is_text(segment, "*") && (!is_text(segment, "**") || path.len > 0))
			return false;
	}
	return path_is_fine(parts.path, LOWER UPPER DIGITS "-._~!$&'()+,;=:@*");
}

static bool
paths_match(struct bytes pattern, struct bytes path)
{
	while (pattern.len > 0 && path.len > 0) {
		struct bytes wanted = take_segment(&pattern),
			     segment = take_segment(&path);

		if (is_text(wanted, "**"))
			return true;
		if (!is_text(wanted, "*") &&
		    (wanted.len != segment.len ||
			memcmp(wanted.data, segment.data, segment.len) != 0))
			return false;
	}
	return pattern.len == 0 && path.len == 0;
}

static bool
hosts_match(struct bytes pattern, struct bytes host)
{
	if (is_address(host) || is_address(pattern))
		return pattern.len == host.len &&
		       memcmp(pattern.data, host.data, host.len) == 0;
	return dnspattern_matches(pattern, host);
}

bool
uriname_matches(struct bytes pattern, struct bytes uri)
{
	struct parts wanted, parts;

	return take_apart(pattern, &wanted) && take_apart(uri, &parts) &&
	       wanted.scheme.len == parts.scheme.len &&
	       memcmp(wanted.scheme.data, parts.scheme.data, parts.scheme.len) == 0 &&
	       hosts_match(wanted.host, parts.host) &&
	       paths_match(wanted.path, parts.path);
}

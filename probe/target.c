/* target.c - takes a server's name and port apart. */
#include "probe/target.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Of a host or name: what could be taken for an option, a path or two words is none. */
static bool
is_host(const char *text)
{
	if (*text == '\0' || *text == '-')
		return false;
	for (; *text != '\0'; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f ||
		    strchr("/@[]\"'\\", *text) != NULL)
			return false;
	return true;
}

static int
take(char *out, size_t size, const char *from, size_t len)
{
	if (len >= size)
		return -1;
	memcpy(out, from, len);
	out[len] = '\0';
	return 0;
}

/* What follows the host: nothing, or a colon and a number. */
static int
read_port(const char *text, struct probe_target *target)
{
	uint64_t number;

	if (*text == '\0')
		return text_copy(
		    target->port, sizeof(target->port), starttls_port(target->starttls));
	if (*text != ':' || text_to_uint(text + 1, 1, 65535, &number, NULL) != 0)
		return -1;
	return text_copy(target->port, sizeof(target->port), text + 1);
}

/* More than one colon outside brackets is an IPv6 address without a port. */
static int
read_place(const char *text, struct probe_target *target)
{
	const char *end = text + strcspn(text, ":"), *close;

	if (*text == '[') {
		if ((close = strchr(text, ']')) == NULL)
			return -1;
		if (take(target->host, sizeof(target->host), text + 1,
			(size_t)(close - text - 1)) != 0)
			return -1;
		return read_port(close + 1, target);
	}
	if (*end == ':' && strchr(end + 1, ':') != NULL)
		end += strlen(end);
	if (take(target->host, sizeof(target->host), text, (size_t)(end - text)) != 0)
		return -1;
	return read_port(end, target);
}

/* Room for what is longer than a target can be by one. */
#define REST_SIZE (2 * PROBE_HOST_SIZE + PROBE_PORT_SIZE + sizeof("@[]:"))

/*
 * What follows the protocol, if one is named; RFC 3986 section 3.1 makes no difference of
 * case. Browsers show the root's slash behind it.
 */
static int
read_protocol(const char *text, char rest[static REST_SIZE], struct probe_target *target)
{
	const char *end = strstr(text, "://");
	size_t len;

	target->starttls = STARTTLS_NONE;
	snprintf(rest, REST_SIZE, "%s", end != NULL ? end + strlen("://") : text);
	if (end == NULL)
		return 0;
	len = strlen(rest);
	if (len > 0 && rest[len - 1] == '/')
		rest[len - 1] = '\0';
	return starttls_read(text, (size_t)(end - text), &target->starttls);
}

int
probe_target_read(const char *text, struct probe_target *target, struct error *err)
{
	char rest[REST_SIZE];
	const char *at;

	if (read_protocol(text, rest, target) != 0)
		return error_set(err, ERROR_CONFIG, "%.128s: the protocol is none of %s",
		    text, starttls_names());
	at = strchr(rest, '@');
	if (read_place(at != NULL ? at + 1 : rest, target) != 0 || !is_host(target->host))
		goto bad;
	if (at == NULL)
		memcpy(target->name, target->host, sizeof(target->name));
	else if (take(target->name, sizeof(target->name), rest, (size_t)(at - rest)) != 0)
		goto bad;
	if (is_host(target->name))
		return 0;
bad:
	return error_set(
	    err, ERROR_CONFIG, "%.128s: no server; as in api.example:443", text);
}

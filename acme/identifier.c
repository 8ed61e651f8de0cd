/* identifier.c - names as they are ordered. */
#include "acme/identifier.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define DNS_MAX   253
#define LABEL_MAX 63

static bool
is_label(const char *label, size_t len)
{
	if (len == 0 || len > LABEL_MAX || label[0] == '-' || label[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!islower((unsigned char)label[i]) &&
		    !isdigit((unsigned char)label[i]) && label[i] != '-' &&
		    label[i] != '_')
			return false;
	return true;
}

static bool
is_dns_name(const char *name)
{
	size_t labels = 0;

	if (strncmp(name, "*.", 2) == 0)
		name += 2;
	if (strlen(name) > DNS_MAX)
		return false;
	for (;; name++) {
		size_t len = strcspn(name, ".");

		if (!is_label(name, len))
			return false;
		labels++;
		name += len;
		if (*name == '\0')
			return labels > 0;
	}
}

static bool
read_address(const char *text, char value[static IDENTIFIER_MAX])
{
	unsigned char octets[16];
	int family = AF_INET;

	if (inet_pton(AF_INET, text, octets) != 1) {
		family = AF_INET6;
		if (inet_pton(AF_INET6, text, octets) != 1)
			return false;
	}
	/* In the one form that the server compares (RFC 8738 section 3). */
	return inet_ntop(family, octets, value, IDENTIFIER_MAX) != NULL;
}

int
identifier_read(const char *text, struct identifier *identifier, struct error *err)
{
	const char *name = text;
	bool wants_dns = strncmp(text, "dns:", 4) == 0;
	bool wants_ip = strncmp(text, "ip:", 3) == 0;

	if (wants_dns || wants_ip)
		name = strchr(text, ':') + 1;
	identifier->type = "ip";
	if (!wants_dns && read_address(name, identifier->value))
		return 0;
	identifier->type = "dns";
	if (!wants_ip && strlen(name) < IDENTIFIER_MAX) {
		for (size_t i = 0; i <= strlen(name); i++)
			identifier->value[i] = (char)tolower((unsigned char)name[i]);
		if (is_dns_name(identifier->value))
			return 0;
	}
	return error_set(err, ERROR_CONFIG,
	    "\"%.100s\" is no DNS name and no address: nothing else is certified by "
	    "ACME (a name in other letters goes in its xn-- form)",
	    text);
}

bool
identifier_is_wildcard(const struct identifier *identifier)
{
	return identifier->value[0] == '*';
}

const char *
identifier_base(const struct identifier *identifier)
{
	return identifier->value + (identifier_is_wildcard(identifier) ? 2 : 0);
}

void
identifier_server_name(const struct identifier *identifier, struct buffer *out)
{
	unsigned char o[16];

	if (inet_pton(AF_INET, identifier->value, o) == 1) {
		buf_printf(out, "%d.%d.%d.%d.in-addr.arpa", o[3], o[2], o[1], o[0]);
	} else if (inet_pton(AF_INET6, identifier->value, o) == 1) {
		for (int i = 15; i >= 0; i--)
			buf_printf(out, "%x.%x.", o[i] & 15, o[i] >> 4);
		buf_text(out, "ip6.arpa");
	} else {
		buf_text(out, identifier_base(identifier));
	}
}

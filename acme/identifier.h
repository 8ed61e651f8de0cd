/* identifier.h - what a certificate is ordered for: a DNS name or an address. */
#ifndef ACME_IDENTIFIER_H
#define ACME_IDENTIFIER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

#define IDENTIFIER_MAX 256

struct identifier {
	const char *type;           /* "dns" or "ip" (RFC 8738) */
	char value[IDENTIFIER_MAX]; /* in lower case, "*." before a wildcard */
};

/* Of "www.example.org", "*.example.org", "192.0.2.1", "2001:db8::1", or these behind
 * "dns:" or "ip:". */
int identifier_read(const char *text, struct identifier *identifier, struct error *err);

bool identifier_is_wildcard(const struct identifier *identifier);

/* The name that an authorization for it has: without "*.". */
const char *identifier_base(const struct identifier *identifier);

/*
 * The server's name in the handshake of tls-alpn-01: the name, or of an address the one
 * in .arpa (RFC 8738 section 6).
 */
void identifier_server_name(const struct identifier *identifier, struct buffer *out);

#endif

/*
 * handshake.h - one TLS handshake that looks at the other side and judges nothing.
 *
 * It takes every version and cipher that libssl has, at security level 0, and any
 * certificate: so nothing but the look may ever go over such a connection.
 */
#ifndef PROBE_HANDSHAKE_H
#define PROBE_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/x509.h>

#include "base/buffer.h"
#include "base/error.h"
#include "probe/starttls.h"

/* What one connection takes at most: it ends with an error, not with memory. */
#define HANDSHAKE_MAX_BYTES (256 * 1024)

struct handshake_options {
	const char *host, *port;
	enum starttls starttls;
	const char *name;             /* for SNI, unless it is an address */
	int min_version, max_version; /* TLS1_VERSION and so on */
	bool staple;                  /* ask for an OCSP answer */
	int64_t deadline;             /* of clock_mono_ms */
};

struct handshake {
	STACK_OF(X509) *
	    chain; /* as it was sent, the server's own first; NULL: none came */
	int version;
	struct buffer ocsp; /* DER, or empty */
	bool is_finished;   /* false: why says what came after the certificates */
	bool wants_client;  /* it asked for a client's certificate */
	struct error why;
};

/*
 * 0 as soon as there were certificates, even if the handshake then failed: see
 * handshake_is_good. Else -1: what probe_connect says, ERROR_TIMEOUT, or
 * ERROR_UNSUPPORTED when the server refused or what came was no TLS. The caller clears in
 * every case.
 */
int handshake_run(
    const struct handshake_options *options, struct handshake *seen, struct error *err);
void handshake_clear(struct handshake *seen);

/*
 * Whether it came as far as one without a client's certificate can. A server that cannot
 * sign, or whose signature is not by its certificate's key, does not.
 */
bool handshake_is_good(const struct handshake *seen);

#endif

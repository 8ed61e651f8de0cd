/*
 * probe.h - looks at a TLS server as a client would meet it: what it shows, whether that
 * would be believed, how long yet, and what versions of TLS it still speaks.
 *
 * Bounded in time and bytes, whatever the server does. Any thread; it starts none.
 */
#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/x509.h>

#include "base/error.h"
#include "probe/certificate.h"
#include "probe/staple.h"
#include "probe/starttls.h"

#define PROBE_TIMEOUT_MS 5000

#define PROBE_VERSIONS 4 /* TLS 1.0, 1.1, 1.2, 1.3 */

enum probe_answer {
	PROBE_UNTOLD, /* not asked, or no answer in time */
	PROBE_NO,
	PROBE_YES,
};

struct probe_options {
	const char *host, *port;
	enum starttls starttls;
	const char *name; /* for SNI, and what the certificate must be for; NULL: host */
	const char *ca;   /* as verify_store has it; NULL: the system's */
	int64_t at;       /* the time to judge at; 0: now */
	int timeout_ms;   /* of each connection; 0: PROBE_TIMEOUT_MS */
	bool asks_versions; /* also of what was not negotiated: up to three connections
			       more */
};

struct probe_result {
	STACK_OF(X509) * chain; /* as it was sent, the leaf first */
	X509 *leaf;             /* the first of them */
	char serial[CERTIFICATE_SERIAL_SIZE];
	int64_t not_before, not_after;
	int verify;              /* X509_V_OK, or what is wrong with the chain ... */
	const char *verify_text; /* ... in libcrypto's words; static */
	bool name_matches;
	enum probe_answer versions[PROBE_VERSIONS];
	enum staple staple;
	int64_t staple_until; /* 0: not said */
	/*
	 * "", or why the handshake failed after the certificates: then nothing says that
	 * the server has their key. Not for the lack of a client's certificate.
	 */
	char unfinished[ERROR_TEXT_MAX];
};

/*
 * 0 if the server showed a certificate, good or bad. Else -1 and why: ERROR_NOT_FOUND (no
 * such host), ERROR_IO (no connection; also a CA file that cannot be read), ERROR_TIMEOUT
 * (it hangs), ERROR_UNSUPPORTED (it refuses the handshake, closes, or speaks no TLS). The
 * caller clears in every case.
 */
int probe_tls(
    const struct probe_options *options, struct probe_result *result, struct error *err);
void probe_result_clear(struct probe_result *result);

/* "1.0" to "1.3"; static. */
const char *probe_version_name(int index);

#endif

/* staple.h - the OCSP answer that a server has with its certificate (RFC 6066). */
#ifndef PROBE_STAPLE_H
#define PROBE_STAPLE_H

#include <stdint.h>

#include <openssl/x509.h>

#include "base/buffer.h"

enum staple {
	STAPLE_NONE,
	STAPLE_GOOD,
	STAPLE_REVOKED, /* also by an answer of another time */
	STAPLE_UNKNOWN, /* the responder does not know the certificate */
	STAPLE_STALE,   /* of another time */
	STAPLE_BAD, /* unreadable, of another certificate, or not signed for its issuer */
};

/* "none", "good" ...; static. */
const char *staple_name(enum staple staple);

struct staple_question {
	X509_STORE *store;      /* with the time, as verify_store makes it */
	STACK_OF(X509) * chain; /* the server's own first */
	X509 *issuer;           /* of the first, or NULL */
	int64_t at;
};

/* *until is when the next one is promised, 0 for never. */
enum staple
staple_judge(const struct staple_question *question, struct bytes der, int64_t *until);

#endif

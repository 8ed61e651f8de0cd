/* verify.h - whether what a server shows would be believed, and for which name. */
#ifndef PROBE_VERIFY_H
#define PROBE_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/x509.h>

#include "base/error.h"

/*
 * Of a file of PEM certificates or a directory as openssl rehash leaves it; NULL: the
 * system's. at is the time that all is judged at.
 */
int verify_store(const char *ca, int64_t at, X509_STORE **store, struct error *err);

struct verified {
	int code;     /* X509_V_OK, or the X509_V_ERR_ */
	X509 *issuer; /* of the first one, if it was found; the caller frees */
};

/*
 * The first is judged as a server's, the others lead to an anchor. That it is not in its
 * time is said only when nothing else is wrong with it.
 */
int verify_chain(X509_STORE *store, STACK_OF(X509) * chain, struct verified *verified,
    struct error *err);

/* An address, else a DNS name, among the subject's alternative names; the CN does not
 * count.
 */
bool verify_name(X509 *cert, const char *name);

#endif

/* identity.h - who a certificate will name: the one thing besides the key taken from a
 * request. */
#ifndef CA_IDENTITY_H
#define CA_IDENTITY_H

#include <openssl/x509v3.h>

#include "base/error.h"
#include "ca/csr.h"
#include "ca/profile.h"
#include "ca/violation.h"
#include "ca/warning.h"

struct identity {
	X509_NAME *subject;   /* may be empty */
	GENERAL_NAMES *names; /* lower case, without repeats */
};

/* Takes the names that the profile admits; the caller clears identity in either case. */
int identity_read(const struct csr *csr, const struct profile *profile,
    struct identity *identity, struct warnings *w, struct violations *v,
    struct error *err);
void identity_clear(struct identity *identity);

#endif

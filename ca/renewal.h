/*
 * renewal.h - a certificate once more: what the one before says is asked for again, and
 * judged by today's rules.
 */
#ifndef CA_RENEWAL_H
#define CA_RENEWAL_H

#include <stdint.h>

#include <openssl/types.h>

#include "base/error.h"
#include "ca/csr.h"
#include "ca/identity.h"
#include "ca/violation.h"
#include "store/store.h"

/* How long after its end a certificate can still be renewed. */
#define RENEWAL_GRACE_S (30 * INT64_C(86400))

/* Neither revoked, for whatever reason, nor expired for longer than that. */
void renewal_check(const struct certificate_row *row, int64_t now, struct violations *v);

/* When it is to be renewed, first and last; seconds since 1970. */
struct renewal_window {
	int64_t start, end;
};

/*
 * A third of the life before its end, or half of a short one, and from there a fiftieth
 * of it, so that not everybody comes at once; what is revoked should have been renewed
 * already.
 */
struct renewal_window renewal_window(const struct certificate_row *row);

/*
 * The request that a certificate answers: its key, subject, names and key usage, without
 * a signature. The key is checked as csr_read does, and what is wrong with it goes to v.
 * The caller clears csr in either case.
 */
int renewal_request(OSSL_LIB_CTX *libctx, struct bytes certificate, struct csr *csr,
    struct violations *v, struct error *err);

/*
 * Who renews with a request of its own may change the key and nothing else: identity,
 * read from it, must be what the certificate's own would be today.
 */
int renewal_compare(OSSL_LIB_CTX *libctx, struct bytes certificate,
    const struct profile *profile, const struct identity *identity, struct violations *v,
    struct error *err);

#endif

/*
 * draft.h - a certificate that lacks only its signature.
 *
 * The bytes that passed the lint are the bytes that are signed, and the result is
 * handed out only after it was parsed again, compared and verified (BR 4.3.1.2).
 */
#ifndef CA_DRAFT_H
#define CA_DRAFT_H

#include "ca/certificate.h"
#include "ca/signer.h"
#include "ca/violation.h"

struct draft {
	struct signer signer;
	struct buffer tbs; /* the bytes that will be signed */
};

/*
 * Builds and lints; what is wrong goes to v. Asks nothing of the issuer's private key.
 * The caller clears draft in either case.
 */
int draft_make(OSSL_LIB_CTX *libctx, const struct certificate_spec *spec,
    struct draft *draft, struct violations *v, struct error *err);

/* Signs a draft without violations, once. der, empty before, is the certificate. */
int draft_sign(OSSL_LIB_CTX *libctx, struct draft *draft,
    const struct certificate_spec *spec, struct buffer *der, struct error *err);

void draft_clear(struct draft *draft);

#endif

/* authority_certify.h - a certificate for an authority (inside ca/ only). */
#ifndef CA_AUTHORITY_CERTIFY_H
#define CA_AUTHORITY_CERTIFY_H

#include "ca/authority_state.h"
#include "ca/certificate.h"

struct authority_certificate {
	X509 *cert;
	struct buffer der, subject, crl_url;
	int crl_shard;
	struct certificate_row row; /* of no use when self-signed */
};

/*
 * Builds, lints and signs what spec says, but for its serial, which is chosen here and,
 * unless self-signed (signer is NULL), reserved under the signer's name; recording it is
 * the caller's, and so is clearing made in either case.
 */
int authority_certify(struct authority *authority, struct certificate_spec *spec,
    const struct issuer_info *signer, const char *actor,
    struct authority_certificate *made, struct violations *v, struct error *err);
void authority_certificate_clear(struct authority_certificate *made);

/* The row by which a certificate of an authority's is recorded; subject is its text. */
int authority_certificate_describe(OSSL_LIB_CTX *libctx, const X509 *cert,
    const char *signer, const char *actor, struct buffer *subject,
    struct certificate_row *row, struct error *err);

/* Certificates above the issuer, nearest first; the caller frees with their references.
 */
int authority_above(struct authority *authority, const struct issuer *issuer,
    STACK_OF(X509) * *above, struct error *err);

#endif

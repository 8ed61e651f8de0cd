/* authority_certify.h - a certificate that no request asks for (inside ca/ only). */
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

/* What a certificate does not say of itself. */
struct authority_origin {
	const char *signer, *profile, *actor;
};

/*
 * The row by which a certificate is recorded, but for its octets, names and shard;
 * subject holds the text of the row's.
 */
int authority_certificate_describe(OSSL_LIB_CTX *libctx, const X509 *cert,
    const struct authority_origin *origin, struct buffer *subject,
    struct certificate_row *row, struct error *err);

/* Certificates above the issuer, nearest first; the caller frees with their references.
 */
int authority_above(struct authority *authority, const struct issuer *issuer,
    STACK_OF(X509) * *above, struct error *err);

#endif

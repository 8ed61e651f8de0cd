/* ocsp_response.h - OCSP answers (RFC 6960 section 4.2), made and signed. */
#ifndef CA_OCSP_RESPONSE_H
#define CA_OCSP_RESPONSE_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "ca/ocsp_query.h"

/* What is known of one certificate. */
struct ocsp_verdict {
	int status;         /* V_OCSP_CERTSTATUS_GOOD, _REVOKED or _UNKNOWN */
	int64_t revoked_at; /* of a revoked one, seconds since 1970; so is reason */
	int reason;         /* RFC 5280 section 5.3.1 CRLReason */
};

/* Nothing here belongs to the spec. */
struct ocsp_response_spec {
	X509 *signer;
	EVP_PKEY *key; /* the signer's */
	const struct ocsp_query *query;
	const struct ocsp_verdict *verdicts; /* one for each certificate of the query */
	int64_t this_update, next_update;
};

/*
 * Appends a DER OCSPResponse with a BasicOCSPResponse, the signer's certificate in it.
 * The signature is made once, and has been verified when this returns 0.
 */
int ocsp_response_make(OSSL_LIB_CTX *libctx, const struct ocsp_response_spec *spec,
    struct buffer *der, struct error *err);

/* Appends an OCSPResponse that says only why there is no answer, unsigned:
 * OCSP_RESPONSE_STATUS_TRYLATER and others of openssl/ocsp.h. */
int ocsp_response_refuse(int status, struct buffer *der, struct error *err);

#endif

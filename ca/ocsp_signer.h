/*
 * ocsp_signer.h - who signs OCSP answers for each issuer: a key of its own, certified for
 * 30 days by the issuer, whose key is asked for nothing else.
 *
 * Key and certificate are made when they are first needed, and the certificate anew when
 * less than a third of its life is left; what the old one signed stays good. One thread
 * makes, the others go on with the old or wait. From any thread.
 */
#ifndef CA_OCSP_SIGNER_H
#define CA_OCSP_SIGNER_H

#include <stdint.h>

#include <openssl/types.h>

#include "ca/authority.h"

/* Where the keys come from. */
struct ocsp_key_source {
	/* Gives a new reference to the key for the issuer's OCSP answers, which it makes
	 * when there is none. */
	int (*key)(void *ctx, const char *issuer, EVP_PKEY **key, struct error *err);
	void *ctx;
};

struct ocsp_signer {
	X509 *cert;
	EVP_PKEY *key;
	int64_t not_before, not_after; /* the certificate's */
};

void ocsp_signer_clear(struct ocsp_signer *signer);

struct ocsp_signers;

/* authority and source's ctx must outlive it. */
int ocsp_signers_new(struct authority *authority, const struct ocsp_key_source *source,
    struct ocsp_signers **signers, struct error *err);
void ocsp_signers_free(struct ocsp_signers *signers);

/*
 * The issuer's signer at this time; the caller clears it. After a failure to make one it
 * is not tried again for 30 seconds: ERROR_BUSY.
 */
int ocsp_signers_take(struct ocsp_signers *signers, const char *issuer, int64_t now,
    struct ocsp_signer *signer, struct error *err);

/* Forgets a signer that could not sign: its key may be gone, and the next call looks. */
void ocsp_signers_drop(struct ocsp_signers *signers, const char *issuer);

#endif

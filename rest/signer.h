/*
 * signer.h - a key of the daemon's that signs: its public half, and its signatures.
 *
 * It is known by its hash, so it stays the same key whatever rotates. Signing is safe in
 * several threads at once, and does not touch rest->res.
 */
#ifndef REST_SIGNER_H
#define REST_SIGNER_H

#include "rest/rest.h"

#define SIGNER_SIGNATURE_MAX 512

struct signer {
	const struct rest *rest;
	char hash[65];      /* SHA-256 of spki, in hex */
	struct buffer spki; /* DER SubjectPublicKeyInfo */
};

/*
 * pem is the daemon's answer to GET /v1/keys/{key}/public, for which the right to use the
 * key is enough; rest must outlive the signer.
 */
int signer_init(
    struct signer *signer, const struct rest *rest, struct bytes pem, struct error *err);
void signer_clear(struct signer *signer);

/* ctx is the struct signer; scheme a name of RFC 8446 section 4.2.3; ECDSA in DER. */
int signer_sign(void *ctx, const char *scheme, const struct bytes *message,
    unsigned char sig[static SIGNER_SIGNATURE_MAX], size_t *sig_len, struct error *err);

#endif

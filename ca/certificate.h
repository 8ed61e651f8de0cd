/*
 * certificate.h - what a certificate is to say, and its to-be-signed form.
 *
 * Built from the profile; nothing is taken from a request but the key, the names that
 * were judged, and the wish for keyEncipherment where the profile allows it.
 */
#ifndef CA_CERTIFICATE_H
#define CA_CERTIFICATE_H

#include <openssl/x509v3.h>

#include "base/buffer.h"
#include "base/error.h"
#include "ca/profile.h"
#include "ca/serial.h"
#include "ca/validity.h"

#define PATH_LEN_NONE (-1)

/* Nothing here belongs to the spec. */
struct certificate_spec {
	const struct profile *profile;
	X509 *issuer;         /* NULL: self-signed */
	EVP_PKEY *issuer_key; /* signs; the same as key when self-signed */
	EVP_PKEY *key;        /* is certified: only its public half is used */
	X509_NAME *subject;
	GENERAL_NAMES *names; /* NULL for an authority */
	unsigned char serial[SERIAL_BYTES];
	struct validity validity;
	int path_len;                             /* of an authority, or PATH_LEN_NONE */
	const NAME_CONSTRAINTS *name_constraints; /* of an authority, or NULL */
	const STACK_OF(X509) * above; /* issuer's issuers, whose constraints hold too */
	bool key_encipherment;
	/* Where a relying party asks; NULL for what the certificate does not say. */
	const char *crl_url, *ocsp_url, *ca_issuers_url;
};

/* Appends the DER TBSCertificate that names algorithm, a DER AlgorithmIdentifier. */
int certificate_encode_tbs(OSSL_LIB_CTX *libctx, const struct certificate_spec *spec,
    struct bytes algorithm, struct buffer *tbs, struct error *err);

#endif

/* certificates.h - a small house of certificates for servers that are probed. */
#ifndef TESTS_PROBE_CERTIFICATES_H
#define TESTS_PROBE_CERTIFICATES_H

#include <stdint.h>

#include <openssl/x509.h>

struct identity {
	X509 *cert;
	EVP_PKEY *key;
};

struct identity_options {
	const char *cn;
	const char *san;               /* "DNS:a.example,IP:127.0.0.1", or NULL */
	const struct identity *issuer; /* NULL: itself */
	int64_t from, to;              /* seconds from now; 0 and 0: an hour either way */
	int is_ca;
};

/* Of a new P-256 key; dies on failure. */
void identity_make(struct identity *identity, const struct identity_options *options);
void identity_clear(struct identity *identity);

/* DER of an OCSP answer by signer; the caller frees with OPENSSL_free. */
int ocsp_answer(const struct identity *signer, X509 *about, int status, int64_t from,
    int64_t to, unsigned char **der);

#endif

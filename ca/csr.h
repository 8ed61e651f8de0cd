/*
 * csr.h - PKCS#10 certification requests (RFC 2986), read and made.
 *
 * Attributes other than the extension request are never looked at, so a
 * challengePassword reaches neither a log nor an answer.
 */
#ifndef CA_CSR_H
#define CA_CSR_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>
#include <openssl/x509.h>

#include "base/buffer.h"
#include "base/error.h"
#include "ca/violation.h"

#define CSR_MAX_BYTES 65536

struct csr {
	X509_REQ *req;
	EVP_PKEY *key;               /* NULL only when a violation says why */
	X509_EXTENSIONS *extensions; /* requested; NULL when there are none */
};

/*
 * Reads PEM, DER or DER in base64 (RFC 7030 section 4.2.1) and checks encoding, requested
 * extensions, key and proof of possession. -1 when it cannot be parsed; the rules it
 * breaks go to v, and then the result is 0. The caller clears csr in either case.
 */
int csr_read(OSSL_LIB_CTX *libctx, const struct bytes *body, struct csr *csr,
    struct violations *v, struct error *err);
void csr_clear(struct csr *csr);

/*
 * Appends a request for key, signed by it, in PEM. subject is "/CN=x" or NULL; sans
 * are texts as san_from_text takes them.
 */
struct csr_spec {
	EVP_PKEY *key;
	const char *subject;
	const char *const *sans;
	size_t san_count;
	bool key_encipherment; /* asks for it, beside digitalSignature */
	bool authority;        /* asks for what an authority's certificate has */
	int path_len;          /* of an authority; -1: none */
};

int csr_build(OSSL_LIB_CTX *libctx, const struct csr_spec *spec, struct buffer *pem,
    struct error *err);

#endif

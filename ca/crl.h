/*
 * crl.h - a CRL (RFC 5280 section 5), written entry by entry.
 *
 * A million entries are some 40 MB of DER and would be a gigabyte of OpenSSL's objects,
 * so the DER is written straight into one buffer. What is handed out was signed once,
 * read again, compared with what it was to say, and verified with the issuer's key.
 */
#ifndef CA_CRL_H
#define CA_CRL_H

#include <openssl/types.h>

#include "base/error.h"
#include "base/shared.h"
#include "ca/signer.h"
#include "store/revocations.h"

/* Nothing here belongs to the spec. */
struct crl_spec {
	X509 *issuer;
	EVP_PKEY *key;  /* the issuer's */
	int64_t number; /* from 1: far below 2^159 (RFC 5280 section 5.2.3) */
	int64_t base;   /* of a delta: the number of the CRL that it adds to; 0: none */
	int64_t this_update, next_update;
	/* Of a shard: the URL in its certificates. NULL: a CRL of all certificates. */
	const char *point_url;
	const char *delta_url; /* where the delta is to be had; NULL: nowhere */
};

struct crl_draft {
	const struct crl_spec *spec;
	struct signer signer;
	struct buffer der; /* room for what comes before the entries, and the entries */
	size_t room, count;
};

/* Asks nothing of the key yet. The caller clears draft, also after a failure. */
int crl_begin(OSSL_LIB_CTX *libctx, const struct crl_spec *spec, struct crl_draft *draft,
    struct error *err);
int
crl_add(struct crl_draft *draft, const struct revocation *revocation, struct error *err);

/* Once. The caller has *crl, the DER, and frees it. */
int crl_sign(OSSL_LIB_CTX *libctx, struct crl_draft *draft, struct shared **crl,
    struct error *err);
void crl_clear(struct crl_draft *draft);

#endif

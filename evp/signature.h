/*
 * signature.h - a SIGNATURE context, and the parameters that choose its scheme.
 *
 * signature.c signs and verifies; signature_params.c is what an application sets and
 * reads before.
 */
#ifndef EVP_SIGNATURE_H
#define EVP_SIGNATURE_H

#include <openssl/core_dispatch.h>

#include "base/buffer.h"
#include "evp/evp.h"

struct signature {
	const struct evp_provider *provider;
	struct key *key; /* a copy: the application may free its EVP_PKEY first */
	char hash[32];   /* as the application names it; "" is the key's default */
	bool pss;
	int salt_len;  /* RSA_PSS_SALTLEN_DIGEST, or bytes */
	char mgf1[32]; /* as the application demands it; "" is the hash */
	struct buffer message;
	EVP_MD_CTX *verify; /* else it signs */
};

/* The scheme of what was set so far; -1 when no scheme is like that. */
int signature_scheme(const struct signature *s, enum scheme *scheme);

/* 1; 0 when the key does not sign with this hash, or what was set before. */
int signature_set_hash(struct signature *s, const char *hash);

/* 1; 0 when a PSS salt or an MGF1 digest was asked for that the scheme does not have. */
int signature_check_pss(const struct signature *s, enum scheme scheme);

/* A key whose algorithm fixes the padding (RFC 4055 section 3.1). */
bool signature_is_pss_key(const struct signature *s);

OSSL_FUNC_signature_get_ctx_params_fn signature_get_ctx_params;
OSSL_FUNC_signature_gettable_ctx_params_fn signature_gettable_ctx_params;
OSSL_FUNC_signature_set_ctx_params_fn signature_set_ctx_params;
OSSL_FUNC_signature_settable_ctx_params_fn signature_settable_ctx_params;

#endif

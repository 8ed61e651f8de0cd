/* jwk.h - a key of the token as JOSE has it: JWK (RFC 7517, 8037), thumbprint, alg. */
#ifndef ACME_JWK_H
#define ACME_JWK_H

#include "acme/acme.h"
#include "evp/key.h"

#define JWK_THUMBPRINT_SIZE 44 /* 32 bytes in base64url, and a NUL */

struct jwk {
	const struct acme_key *source;
	struct key key;
	const char *alg;    /* "ES256" */
	enum scheme scheme; /* what the daemon calls it */
	size_t half;        /* bytes of r, and of s; 0 where the signature is no ECDSA */
	struct buffer json; /* members in order, without spaces (RFC 7638 section 3.3) */
	char thumbprint[JWK_THUMBPRINT_SIZE];
};

/* source must outlive it. ERROR_UNSUPPORTED for a type that JWS has no name for here. */
int jwk_init(struct jwk *jwk, const struct acme_key *source, struct error *err);
void jwk_clear(struct jwk *jwk);

/* Appends the signature as JWS has it: ECDSA as r and s (RFC 7518 section 3.4). */
int jwk_sign(const struct jwk *jwk, struct bytes message, struct buffer *signature,
    struct error *err);

/* token "." thumbprint (RFC 8555 section 8.1). */
void jwk_authorize(const struct jwk *jwk, const char *token, struct buffer *out);

#endif

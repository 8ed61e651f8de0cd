/* jws.h - JSON Web Signatures in the flattened form (RFC 7515 section 7.2.2). */
#ifndef ACME_JWS_H
#define ACME_JWS_H

#include "acme/jwk.h"

/* What makes a request ours (RFC 8555 section 6.2): NULL leaves a member out. */
struct jws_header {
	const char *kid; /* the account's URL; NULL: the whole key, "jwk" */
	const char *nonce;
	const char *url;
};

/* Appends the JWS. An empty payload is POST-as-GET. */
int jws_sign(const struct jwk *jwk, const struct jws_header *header, struct bytes payload,
    struct buffer *out, struct error *err);

/* The same of a header that is made already: of its JSON. */
int jws_sign_header(const struct jwk *jwk, struct bytes header, struct bytes payload,
    struct buffer *out, struct error *err);

/* The binding of jwk to an account elsewhere (RFC 8555 section 7.3.4), by HMAC. */
int jws_bind(const struct jwk *jwk, const char *kid, struct bytes mac_key,
    const char *url, struct buffer *out, struct error *err);

#endif

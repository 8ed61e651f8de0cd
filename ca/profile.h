/*
 * profile.h - what a certificate of some purpose looks like.
 *
 * The certificate is built from the profile; a request contributes its public key,
 * its names, and whether it asks for keyEncipherment, nothing else.
 */
#ifndef CA_PROFILE_H
#define CA_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROFILE_EKUS_MAX 2

struct profile {
	const char *name, *description;
	const char *ekus[PROFILE_EKUS_MAX +
			 1]; /* "serverAuth", as OpenSSL names them; NULL ends */
	int64_t default_validity_s, max_validity_s;
	int64_t backdate_s; /* notBefore lies this far back, for clocks that are behind */
	bool ca;
	bool ocsp_nocheck;        /* of an OCSP signer: nobody needs to ask about it */
	bool allow_dns, allow_ip; /* kinds of subjectAltName */
	bool allow_wildcard;
	bool allow_key_encipherment; /* of RSA keys, when the request asks for it */
	bool san_from_common_name;   /* a request without names gets its CN as its name */
};

/* The profiles that requests may name; NULL when there is none of that name. */
const struct profile *profile_find(const char *name);

/* Enumerates them: NULL after the last. */
const struct profile *profile_at(size_t index);

/* How this authority's own issuers are made; not for requests. */
const struct profile *profile_root(void);
const struct profile *profile_intermediate(void);
const struct profile *profile_ocsp_signer(void);

#endif

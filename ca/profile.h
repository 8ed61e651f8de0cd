/*
 * profile.h - what a certificate of some purpose looks like: a list of what is allowed.
 *
 * The certificate is built from the profile; a request contributes its public key,
 * its names, the parts of its subject that the profile admits, and whether it asks for
 * keyEncipherment, nothing else. docs/profiles.md describes each member.
 *
 * A profile never changes once it is made; a change of one is another in its place. What
 * is made by profile_new is counted, and any thread may hold it.
 */
#ifndef CA_PROFILE_H
#define CA_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define PROFILE_LIST_MAX    64 /* entries of any list */
#define PROFILE_ENTRY_MAX   255
#define PROFILE_NAMES_MAX   100
#define PROFILE_VALIDITY_S  (INT64_C(36525) * 86400) /* a hundred years */
#define PROFILE_BACKDATE_S  (INT64_C(48) * 3600)     /* BR 7.1.2.7 */
#define PROFILE_URL_OMITTED ""

/* What becomes of a life that would end after the issuer's. */
enum beyond_issuer {
	BEYOND_ISSUER_TRUNCATE_DEFAULT, /* shortens what nobody asked for, refuses more */
	BEYOND_ISSUER_REJECT,
	BEYOND_ISSUER_TRUNCATE,
};

/* How the memory is shared; NULL in a profile that is part of the program. */
struct profile_owner;

/* Every list ends with NULL; one that is NULL allows nothing. */
struct profile {
	const char *name, *description;
	int64_t version; /* of a stored one, rises with each change; 0: built in */
	struct profile_owner *owner;

	const char *subject; /* the fixed part, "/C=CN/O=milvus"; NULL: nothing */
	/* Attribute types that a request may, or must, bring: "OU", "CN". */
	const char *const *subject_allowed, *const *subject_required;
	bool san_from_common_name; /* a request without names gets its CN as its name */

	const char *const *dns_names;       /* patterns, dnspattern.h */
	const char *const *ip_addresses;    /* networks, network.h */
	const char *const *uris;            /* patterns, uriname.h */
	const char *const *email_addresses; /* patterns, emailname.h */
	bool allow_wildcard;
	int max_names;

	const char *const *key_types;
	const char *const *ekus;     /* "serverAuth", as OpenSSL names them, or an OID */
	bool allow_key_encipherment; /* of RSA keys, when the request asks for it */
	const char *const *policies; /* OIDs */
	bool must_staple;

	int64_t default_validity_s, max_validity_s;
	int64_t backdate_s; /* notBefore lies this far back, for clocks that are behind */
	enum beyond_issuer beyond_issuer;

	/* NULL: the issuer's; PROFILE_URL_OMITTED: none; else this one. A CRL says where
	 * it is found, so there is no other URL for it than its issuer's. */
	const char *crl_url, *ocsp_url, *ca_issuers_url;

	bool ca;
	bool ocsp_nocheck; /* of an OCSP signer: nobody needs to ask about it */
};

/* The built-in profiles that requests may name; NULL when there is none of that name. */
const struct profile *profile_find(const char *name);

/* Enumerates them: NULL after the last. */
const struct profile *profile_at(size_t index);

/* How this authority's own issuers are made; not for requests. */
const struct profile *profile_root(void);
const struct profile *profile_intermediate(void);
const struct profile *profile_ocsp_signer(void);

/* The name belongs to one of all these. */
bool profile_is_built_in(const char *name);

/*
 * A copy of what model says, once it was found to make sense: ERROR_BAD_REQUEST names the
 * member as docs/profiles.md does. profile_unref frees it.
 */
int profile_new(const struct profile *model, struct profile **profile, struct error *err);
const struct profile *profile_ref(const struct profile *profile);
void profile_unref(const struct profile *profile); /* NULL is fine */

/* The rules of profile_new alone. */
int profile_check(const struct profile *profile, struct error *err);

/* What the profile says of a URL, given the issuer's ("" or NULL: none); NULL: none. */
const char *profile_url(const char *of_profile, const char *of_issuer);

#endif

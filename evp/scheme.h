/*
 * scheme.h - TLS SignatureSchemes (RFC 8446 section 4.2.3; IANA registry "TLS
 * SignatureScheme").
 *
 * The ECDSA names stand for their hash: TLS 1.2 allows ecdsa_secp384r1_sha384 with a
 * P-256 key (RFC 8446 section 4.2.3, RFC 5246 section 7.4.1.4.1), TLS 1.3 does not.
 * scheme_fits is the wider rule; scheme_fits_tls13 the narrower one.
 */
#ifndef EVP_SCHEME_H
#define EVP_SCHEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum key_family {
	KEY_FAMILY_RSA,
	KEY_FAMILY_RSA_PSS, /* id-RSASSA-PSS (RFC 4055): never signs PKCS#1 v1.5 */
	KEY_FAMILY_EC,
	KEY_FAMILY_ED25519,
};

enum key_type {
	KEY_EC_P256,
	KEY_EC_P384,
	KEY_EC_P521,
	KEY_RSA_2048,
	KEY_RSA_3072,
	KEY_RSA_4096,
	KEY_RSA_PSS_2048,
	KEY_RSA_PSS_3072,
	KEY_RSA_PSS_4096,
	KEY_ED25519,
};
#define KEY_TYPES 10

#define SIGNATURE_MAX_BYTES 512 /* RSA-4096 */

struct key_type_info {
	const char *name; /* "ec-p256": as users write it */
	enum key_family family;
	const char *algorithm; /* OpenSSL's name: "EC", "RSA", "RSA-PSS" ... */
	const char *group;     /* OpenSSL's name of the curve, else NULL */
	int bits;
	int security_bits;    /* NIST SP 800-57 part 1, table 2 */
	size_t signature_max; /* bytes, as TLS carries it (ECDSA in DER) */
	const char
	    *default_hash; /* the hash of certificates signed by such a key, or NULL */
};

const struct key_type_info *key_type_info(enum key_type type);

/* RSA keys of both families are the same numbers, under two algorithm identifiers. */
bool key_type_is_rsa(enum key_type type);
int key_type_read(const char *name, enum key_type *type, struct error *err);

enum scheme {
	SCHEME_RSA_PKCS1_SHA256,
	SCHEME_RSA_PKCS1_SHA384,
	SCHEME_RSA_PKCS1_SHA512,
	SCHEME_RSA_PSS_RSAE_SHA256,
	SCHEME_RSA_PSS_RSAE_SHA384,
	SCHEME_RSA_PSS_RSAE_SHA512,
	SCHEME_RSA_PSS_PSS_SHA256,
	SCHEME_RSA_PSS_PSS_SHA384,
	SCHEME_RSA_PSS_PSS_SHA512,
	SCHEME_ECDSA_SECP256R1_SHA256,
	SCHEME_ECDSA_SECP384R1_SHA384,
	SCHEME_ECDSA_SECP521R1_SHA512,
	SCHEME_ED25519,
};
#define SCHEMES 13

struct scheme_info {
	const char *name; /* IANA's */
	uint16_t code;
	enum key_family family;
	bool pss;         /* salt as long as the hash */
	const char *hash; /* OpenSSL's name, NULL for Ed25519 */
	size_t hash_len;
};

const struct scheme_info *scheme_info(enum scheme scheme);
int scheme_read(const char *name, enum scheme *scheme, struct error *err);

/* The scheme of a family with this hash ("SHA2-256" and "SHA256" alike); -1 when none is.
 */
int scheme_of(enum key_family family, const char *hash, bool pss, enum scheme *scheme);

/* What a key of this type signs with when nobody says otherwise. */
enum scheme scheme_default(enum key_type type);

bool scheme_fits(enum scheme scheme, enum key_type type);
bool scheme_fits_tls13(enum scheme scheme, enum key_type type);

#endif

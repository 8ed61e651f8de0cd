/* scheme.c - the tables of key types and signature schemes. */
#include "evp/scheme.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct key_type_info types[KEY_TYPES] = {
	[KEY_EC_P256] = { "ec-p256", KEY_FAMILY_EC, "EC", "prime256v1", 256, 128, 72,
	    "SHA256" },
	[KEY_EC_P384] = { "ec-p384", KEY_FAMILY_EC, "EC", "secp384r1", 384, 192, 104,
	    "SHA384" },
	[KEY_EC_P521] = { "ec-p521", KEY_FAMILY_EC, "EC", "secp521r1", 521, 256, 139,
	    "SHA512" },
	[KEY_RSA_2048] = { "rsa-2048", KEY_FAMILY_RSA, "RSA", NULL, 2048, 112, 256,
	    "SHA256" },
	[KEY_RSA_3072] = { "rsa-3072", KEY_FAMILY_RSA, "RSA", NULL, 3072, 128, 384,
	    "SHA256" },
	[KEY_RSA_4096] = { "rsa-4096", KEY_FAMILY_RSA, "RSA", NULL, 4096, 152, 512,
	    "SHA256" },
	[KEY_RSA_PSS_2048] = { "rsa-pss-2048", KEY_FAMILY_RSA_PSS, "RSA-PSS", NULL, 2048,
	    112, 256, "SHA256" },
	[KEY_RSA_PSS_3072] = { "rsa-pss-3072", KEY_FAMILY_RSA_PSS, "RSA-PSS", NULL, 3072,
	    128, 384, "SHA256" },
	[KEY_RSA_PSS_4096] = { "rsa-pss-4096", KEY_FAMILY_RSA_PSS, "RSA-PSS", NULL, 4096,
	    152, 512, "SHA256" },
	[KEY_ED25519] = { "ed25519", KEY_FAMILY_ED25519, "ED25519", NULL, 256, 128, 64,
	    NULL },
};

static const struct scheme_info schemes[SCHEMES] = {
	[SCHEME_RSA_PKCS1_SHA256] = { "rsa_pkcs1_sha256", 0x0401, KEY_FAMILY_RSA, false,
	    "SHA256", 32 },
	[SCHEME_RSA_PKCS1_SHA384] = { "rsa_pkcs1_sha384", 0x0501, KEY_FAMILY_RSA, false,
	    "SHA384", 48 },
	[SCHEME_RSA_PKCS1_SHA512] = { "rsa_pkcs1_sha512", 0x0601, KEY_FAMILY_RSA, false,
	    "SHA512", 64 },
	[SCHEME_RSA_PSS_RSAE_SHA256] = { "rsa_pss_rsae_sha256", 0x0804, KEY_FAMILY_RSA,
	    true, "SHA256", 32 },
	[SCHEME_RSA_PSS_RSAE_SHA384] = { "rsa_pss_rsae_sha384", 0x0805, KEY_FAMILY_RSA,
	    true, "SHA384", 48 },
	[SCHEME_RSA_PSS_RSAE_SHA512] = { "rsa_pss_rsae_sha512", 0x0806, KEY_FAMILY_RSA,
	    true, "SHA512", 64 },
	[SCHEME_RSA_PSS_PSS_SHA256] = { "rsa_pss_pss_sha256", 0x0809, KEY_FAMILY_RSA_PSS,
	    true, "SHA256", 32 },
	[SCHEME_RSA_PSS_PSS_SHA384] = { "rsa_pss_pss_sha384", 0x080a, KEY_FAMILY_RSA_PSS,
	    true, "SHA384", 48 },
	[SCHEME_RSA_PSS_PSS_SHA512] = { "rsa_pss_pss_sha512", 0x080b, KEY_FAMILY_RSA_PSS,
	    true, "SHA512", 64 },
	[SCHEME_ECDSA_SECP256R1_SHA256] = { "ecdsa_secp256r1_sha256", 0x0403,
	    KEY_FAMILY_EC, false, "SHA256", 32 },
	[SCHEME_ECDSA_SECP384R1_SHA384] = { "ecdsa_secp384r1_sha384", 0x0503,
	    KEY_FAMILY_EC, false, "SHA384", 48 },
	[SCHEME_ECDSA_SECP521R1_SHA512] = { "ecdsa_secp521r1_sha512", 0x0603,
	    KEY_FAMILY_EC, false, "SHA512", 64 },
	[SCHEME_ED25519] = { "ed25519", 0x0807, KEY_FAMILY_ED25519, false, NULL, 0 },
};

const struct key_type_info *
key_type_info(enum key_type type)
{
	return &types[type];
}

bool
key_type_is_rsa(enum key_type type)
{
	return types[type].family == KEY_FAMILY_RSA ||
	       types[type].family == KEY_FAMILY_RSA_PSS;
}

int
key_type_read(const char *name, enum key_type *type, struct error *err)
{
	for (int i = 0; i < KEY_TYPES; i++) {
		if (strcmp(types[i].name, name) == 0) {
			*type = (enum key_type)i;
			return 0;
		}
	}
	return error_set(err, ERROR_BAD_REQUEST,
	    "\"%.32s\" is not a key type; one of ec-p256 ec-p384 ec-p521 rsa-2048 "
	    "rsa-3072 rsa-4096 rsa-pss-2048 rsa-pss-3072 rsa-pss-4096 ed25519",
	    name);
}

const struct scheme_info *
scheme_info(enum scheme scheme)
{
	return &schemes[scheme];
}

int
scheme_read(const char *name, enum scheme *scheme, struct error *err)
{
	for (int i = 0; i < SCHEMES; i++) {
		if (strcmp(schemes[i].name, name) == 0) {
			*scheme = (enum scheme)i;
			return 0;
		}
	}
	return error_set(err, ERROR_UNSUPPORTED,
	    "\"%.40s\" is not a signature scheme of this daemon (RFC 8446 section 4.2.3 "
	    "names, "
	    "such as ecdsa_secp256r1_sha256)",
	    name);
}

/* OpenSSL calls one hash "SHA256", "SHA2-256" and "SHA-256", as the caller pleases. */
static bool
same_hash(const char *ours, const char *theirs)
{
	const char *digits = ours + strlen("SHA");

	if (strncasecmp(theirs, "SHA", 3) != 0)
		return false;
	theirs += 3;
	if (strncmp(theirs, "2-", 2) == 0)
		theirs += 2;
	else if (*theirs == '-')
		theirs++;
	return strcmp(theirs, digits) == 0;
}

int
scheme_of(enum key_family family, const char *hash, bool pss, enum scheme *scheme)
{
	for (int i = 0; i < SCHEMES; i++) {
		const struct scheme_info *info = &schemes[i];

		if (info->family != family || info->pss != pss)
			continue;
		if (info->hash == NULL ? hash == NULL || *hash == '\0'
				       : hash != NULL && same_hash(info->hash, hash)) {
			*scheme = (enum scheme)i;
			return 0;
		}
	}
	return -1;
}

enum scheme
scheme_default(enum key_type type)
{
	const struct key_type_info *info = &types[type];
	enum scheme scheme;

	if (scheme_of(info->family, info->default_hash,
		info->family == KEY_FAMILY_RSA_PSS, &scheme) != 0)
		abort();
	return scheme;
}

bool
scheme_fits(enum scheme scheme, enum key_type type)
{
	return schemes[scheme].family == types[type].family;
}

bool
scheme_fits_tls13(enum scheme scheme, enum key_type type)
{
	switch (scheme) {
	case SCHEME_ECDSA_SECP256R1_SHA256:
		return type == KEY_EC_P256;
	case SCHEME_ECDSA_SECP384R1_SHA384:
		return type == KEY_EC_P384;
	case SCHEME_ECDSA_SECP521R1_SHA512:
		return type == KEY_EC_P521;
	case SCHEME_RSA_PKCS1_SHA256:
	case SCHEME_RSA_PKCS1_SHA384:
	case SCHEME_RSA_PKCS1_SHA512:
		return false; /* certificates only (RFC 8446 section 4.2.3) */
	default:
		return scheme_fits(scheme, type);
	}
}

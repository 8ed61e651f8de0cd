/*
 * https_key.c - GnuTLS asks, the token signs.
 *
 * GnuTLS hashes the message itself for all but Ed25519, and hands an RSA signature of
 * PKCS#1 v1.5 as DigestInfo.
 */
#include "service/https_key.h"

#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>

#include "api/recorder.h"
#include "base/log.h"

struct https_key {
	struct api *api;
	const char *name;
	unsigned char spki_sha256[KEY_SHA256_SIZE];
	enum key_type type;
};

static const struct {
	gnutls_sign_algorithm_t algorithm;
	enum scheme scheme;
} schemes[] = {
	{ GNUTLS_SIGN_RSA_SHA256, SCHEME_RSA_PKCS1_SHA256 },
	{ GNUTLS_SIGN_RSA_SHA384, SCHEME_RSA_PKCS1_SHA384 },
	{ GNUTLS_SIGN_RSA_SHA512, SCHEME_RSA_PKCS1_SHA512 },
	{ GNUTLS_SIGN_RSA_PSS_RSAE_SHA256, SCHEME_RSA_PSS_RSAE_SHA256 },
	{ GNUTLS_SIGN_RSA_PSS_RSAE_SHA384, SCHEME_RSA_PSS_RSAE_SHA384 },
	{ GNUTLS_SIGN_RSA_PSS_RSAE_SHA512, SCHEME_RSA_PSS_RSAE_SHA512 },
	{ GNUTLS_SIGN_RSA_PSS_SHA256, SCHEME_RSA_PSS_PSS_SHA256 },
	{ GNUTLS_SIGN_RSA_PSS_SHA384, SCHEME_RSA_PSS_PSS_SHA384 },
	{ GNUTLS_SIGN_RSA_PSS_SHA512, SCHEME_RSA_PSS_PSS_SHA512 },
	/* TLS 1.2 and 1.3 have two names for what is one scheme to the token. */
	{ GNUTLS_SIGN_ECDSA_SHA256, SCHEME_ECDSA_SECP256R1_SHA256 },
	{ GNUTLS_SIGN_ECDSA_SHA384, SCHEME_ECDSA_SECP384R1_SHA384 },
	{ GNUTLS_SIGN_ECDSA_SHA512, SCHEME_ECDSA_SECP521R1_SHA512 },
	{ GNUTLS_SIGN_ECDSA_SECP256R1_SHA256, SCHEME_ECDSA_SECP256R1_SHA256 },
	{ GNUTLS_SIGN_ECDSA_SECP384R1_SHA384, SCHEME_ECDSA_SECP384R1_SHA384 },
	{ GNUTLS_SIGN_ECDSA_SECP521R1_SHA512, SCHEME_ECDSA_SECP521R1_SHA512 },
	{ GNUTLS_SIGN_EDDSA_ED25519, SCHEME_ED25519 },
};

static bool
find_scheme(
    const struct https_key *key, gnutls_sign_algorithm_t algorithm, enum scheme *scheme)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (schemes[i].algorithm == algorithm) {
			*scheme = schemes[i].scheme;
			return scheme_fits(*scheme, key->type);
		}
	return false;
}

static int
give(const unsigned char *sig, size_t len, gnutls_datum_t *signature)
{
	if ((signature->data = gnutls_malloc(len)) == NULL)
		return GNUTLS_E_MEMORY_ERROR;
	memcpy(signature->data, sig, len);
	signature->size = (unsigned)len;
	return 0;
}

static int
refuse(const struct error *err)
{
	char quoted[LOG_QUOTED_MAX];

	log_error("https.unsigned", "why=\"%s\"", log_quoted(quoted, err->text));
	return GNUTLS_E_PK_SIGN_FAILED;
}

typedef int sign_function(struct keyring *keys,
    const unsigned char spki_sha256[static KEY_SHA256_SIZE], enum scheme scheme,
    const struct bytes *input, unsigned char *sig, size_t *sig_len, struct error *err);

/* Not by the client's address: there is no end of those, and each would have a count. */
static int
sign(const struct https_key *key, sign_function *function, enum scheme scheme,
    const struct bytes *input, gnutls_datum_t *signature)
{
	const struct recorder_use use = {
		.actor = "keyholdd",
		.request = "",
		.action = "signature.made",
		.key = key->name,
		.scheme = scheme_info(scheme)->name,
	};
	struct recorder *recorder = key->api->recorder;
	unsigned char sig[SIGNATURE_MAX_BYTES];
	struct error err;
	size_t len;
	int rc = -1;

	if (recorder_admit(recorder, &err) == 0)
		rc = function(
		    key->api->keys, key->spki_sha256, scheme, input, sig, &len, &err);
	if (recorder_note(recorder, &use, rc, &err) != 0)
		return refuse(&err);
	return give(sig, len, signature);
}

static int
sign_data(gnutls_privkey_t privkey, gnutls_sign_algorithm_t algorithm, void *ctx,
    unsigned flags, const gnutls_datum_t *data, gnutls_datum_t *signature)
{
	const struct https_key *key = ctx;
	const struct bytes message = { data->data, data->size };
	enum scheme scheme;

	(void)privkey;
	(void)flags;
	if (!find_scheme(key, algorithm, &scheme))
		return GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM;
	return sign(key, keyring_sign, scheme, &message, signature);
}

/* GNUTLS_SIGN_RSA_RAW says which hash it was in the DigestInfo only. */
static int
open_digest_info(const gnutls_datum_t *info, unsigned char digest[static 64],
    struct bytes *bytes, gnutls_sign_algorithm_t *algorithm)
{
	gnutls_digest_algorithm_t hash;
	unsigned len = 64;
	int rc = gnutls_decode_ber_digest_info(info, &hash, digest, &len);

	if (rc != 0)
		return rc;
	*bytes = (struct bytes){ digest, len };
	*algorithm = gnutls_pk_to_sign(GNUTLS_PK_RSA, hash);
	return 0;
}

static int
sign_hash(gnutls_privkey_t privkey, gnutls_sign_algorithm_t algorithm, void *ctx,
    unsigned flags, const gnutls_datum_t *hash, gnutls_datum_t *signature)
{
	const struct https_key *key = ctx;
	unsigned char inner[64];
	struct bytes digest = { hash->data, hash->size };
	enum scheme scheme;

	(void)privkey;
	(void)flags;
	if (algorithm == GNUTLS_SIGN_RSA_RAW &&
	    open_digest_info(hash, inner, &digest, &algorithm) != 0)
		return GNUTLS_E_PK_SIGN_FAILED;
	if (!find_scheme(key, algorithm, &scheme))
		return GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM;
	return sign(key, keyring_sign_digest, scheme, &digest, signature);
}

static gnutls_pk_algorithm_t
algorithm_of(enum key_type type)
{
	static const gnutls_pk_algorithm_t algorithms[] = {
		[KEY_FAMILY_RSA] = GNUTLS_PK_RSA,
		[KEY_FAMILY_RSA_PSS] = GNUTLS_PK_RSA_PSS,
		[KEY_FAMILY_EC] = GNUTLS_PK_ECDSA,
		[KEY_FAMILY_ED25519] = GNUTLS_PK_EDDSA_ED25519,
	};

	return algorithms[key_type_info(type)->family];
}

static int
tell(gnutls_privkey_t privkey, unsigned flags, void *ctx)
{
	const struct https_key *key = ctx;
	enum scheme scheme;

	(void)privkey;
	if ((flags & GNUTLS_PRIVKEY_INFO_PK_ALGO) != 0)
		return (int)algorithm_of(key->type);
	if ((flags & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS) != 0)
		return key_type_info(key->type)->bits;
	if ((flags & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO) != 0)
		return find_scheme(key, GNUTLS_FLAGS_TO_SIGN_ALGO(flags), &scheme);
	return -1;
}

static void
let_go(gnutls_privkey_t privkey, void *ctx)
{
	(void)privkey;
	free(ctx);
}

int
https_key_new(struct api *api, const char *name,
    const unsigned char spki_sha256[static 32], enum key_type type, gnutls_privkey_t *key)
{
	struct https_key *ours = malloc(sizeof(*ours));
	gnutls_privkey_t made;
	int rc;

	if (ours == NULL)
		return GNUTLS_E_MEMORY_ERROR;
	ours->api = api;
	ours->name = name;
	ours->type = type;
	memcpy(ours->spki_sha256, spki_sha256, KEY_SHA256_SIZE);
	if ((rc = gnutls_privkey_init(&made)) != 0) {
		free(ours);
		return rc;
	}
	rc = gnutls_privkey_import_ext4(
	    made, ours, sign_data, sign_hash, NULL, let_go, tell, 0);
	if (rc != 0) {
		gnutls_privkey_deinit(made);
		free(ours);
		return rc;
	}
	*key = made;
	return 0;
}

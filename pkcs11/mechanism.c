/*
 * mechanism.c - schemes in Cryptoki's terms.
 *
 * The daemon hashes and the token signs the digest: CKM_RSA_PKCS over a DigestInfo,
 * CKM_RSA_PKCS_PSS and CKM_ECDSA over the digest. These are what tokens share; the
 * combined CKM_SHA256_... mechanisms are missing on many.
 */
#include "pkcs11/mechanism.h"

#include <pthread.h>
#include <string.h>

#include <openssl/evp.h>

/* RFC 8017 section 9.2, note 1: all of DigestInfo up to the digest itself. */
static const unsigned char prefix_sha256[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
	0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };
static const unsigned char prefix_sha384[] = { 0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60,
	0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30 };
static const unsigned char prefix_sha512[] = { 0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60,
	0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40 };
#define PREFIX_LEN sizeof(prefix_sha256)

static const struct {
	CK_MECHANISM_TYPE type;
	const unsigned char *prefix;
	CK_MECHANISM_TYPE hash;
	CK_ULONG mgf;
} table[SCHEMES] = {
	[SCHEME_RSA_PKCS1_SHA256] = { CKM_RSA_PKCS, prefix_sha256, 0, 0 },
	[SCHEME_RSA_PKCS1_SHA384] = { CKM_RSA_PKCS, prefix_sha384, 0, 0 },
	[SCHEME_RSA_PKCS1_SHA512] = { CKM_RSA_PKCS, prefix_sha512, 0, 0 },
	[SCHEME_RSA_PSS_RSAE_SHA256] = { CKM_RSA_PKCS_PSS, NULL, CKM_SHA256,
	    CKG_MGF1_SHA256 },
	[SCHEME_RSA_PSS_RSAE_SHA384] = { CKM_RSA_PKCS_PSS, NULL, CKM_SHA384,
	    CKG_MGF1_SHA384 },
	[SCHEME_RSA_PSS_RSAE_SHA512] = { CKM_RSA_PKCS_PSS, NULL, CKM_SHA512,
	    CKG_MGF1_SHA512 },
	[SCHEME_RSA_PSS_PSS_SHA256] = { CKM_RSA_PKCS_PSS, NULL, CKM_SHA256,
	    CKG_MGF1_SHA256 },
	[SCHEME_RSA_PSS_PSS_SHA384] = { CKM_RSA_PKCS_PSS, NULL, CKM_SHA384,
	    CKG_MGF1_SHA384 },
	[SCHEME_RSA_PSS_PSS_SHA512] = { CKM_RSA_PKCS_PSS, NULL, CKM_SHA512,
	    CKG_MGF1_SHA512 },
	[SCHEME_ECDSA_SECP256R1_SHA256] = { CKM_ECDSA, NULL, 0, 0 },
	[SCHEME_ECDSA_SECP384R1_SHA384] = { CKM_ECDSA, NULL, 0, 0 },
	[SCHEME_ECDSA_SECP521R1_SHA512] = { CKM_ECDSA, NULL, 0, 0 },
	[SCHEME_ED25519] = { CKM_EDDSA, NULL, 0, 0 },
};

/* To fetch one takes locks and as long as to hash; these live as long as the process. */
static EVP_MD *digests[SCHEMES];

static void
fetch_digests(void)
{
	for (int i = 0; i < SCHEMES; i++)
		if (scheme_info((enum scheme)i)->hash != NULL)
			digests[i] =
			    EVP_MD_fetch(NULL, scheme_info((enum scheme)i)->hash, NULL);
}

static const EVP_MD *
digest_of(enum scheme scheme)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fetch_digests);
	return digests[scheme];
}

/* Where the digest goes: behind the prefix, if there is one. */
static unsigned char *
begin_input(struct mechanism *m)
{
	const struct scheme_info *info = scheme_info(m->scheme);
	size_t at = 0;

	if (table[m->scheme].prefix != NULL) {
		memcpy(m->input, table[m->scheme].prefix, PREFIX_LEN);
		at = PREFIX_LEN;
	}
	m->data.data = m->input;
	m->data.len = at + info->hash_len;
	return m->input + at;
}

/* FIPS 186-4 section 6.4: the leftmost bits of the digest; some tokens refuse longer
 * ones. */
static void
truncate_digest(struct mechanism *m, enum key_type type)
{
	size_t order_bytes = (size_t)(key_type_info(type)->bits + 7) / 8;

	if (m->data.len > order_bytes)
		m->data.len = order_bytes;
}

static int
begin(struct mechanism *m, enum scheme scheme, enum key_type type, struct error *err)
{
	*m = (struct mechanism){
		.scheme = scheme,
		.type = type,
		.ck.mechanism = table[scheme].type,
	};
	if (!scheme_fits(scheme, type))
		return error_set(err, ERROR_UNSUPPORTED, "%s is not for a key of type %s",
		    scheme_info(scheme)->name, key_type_info(type)->name);
	return 0;
}

/* With the digest in place. */
static void
finish(struct mechanism *m)
{
	const struct scheme_info *info = scheme_info(m->scheme);

	if (info->pss) {
		m->pss.hashAlg = table[m->scheme].hash;
		m->pss.mgf = table[m->scheme].mgf;
		m->pss.sLen = info->hash_len;
		m->ck.pParameter = &m->pss;
		m->ck.ulParameterLen = sizeof(m->pss);
	}
	if (info->family == KEY_FAMILY_EC)
		truncate_digest(m, m->type);
}

int
mechanism_init(struct mechanism *mechanism, enum scheme scheme, enum key_type type,
    const struct bytes *message, struct error *err)
{
	if (begin(mechanism, scheme, type, err) != 0)
		return -1;
	if (scheme == SCHEME_ED25519) {
		mechanism->data = *message;
		/* No message is a message, but to a token a NULL pointer is an error. */
		if (message->len == 0)
			mechanism->data.data = mechanism->input;
		return 0;
	}
	if (EVP_Digest(message->data, message->len, begin_input(mechanism), NULL,
		digest_of(scheme), NULL) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, scheme_info(scheme)->hash);
	finish(mechanism);
	return 0;
}

int
mechanism_init_digest(struct mechanism *mechanism, enum scheme scheme, enum key_type type,
    const struct bytes *digest, struct error *err)
{
	const struct scheme_info *info = scheme_info(scheme);

	if (begin(mechanism, scheme, type, err) != 0)
		return -1;
	if (info->hash == NULL || digest->len != info->hash_len)
		return error_set(err, ERROR_UNSUPPORTED,
		    "%s does not sign a digest of %zu bytes", info->name, digest->len);
	memcpy(begin_input(mechanism), digest->data, digest->len);
	finish(mechanism);
	return 0;
}

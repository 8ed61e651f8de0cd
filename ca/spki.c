/* spki.c - a public key reduced to a hash; needs nothing of the private half. */
#include "ca/spki.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "ca/keyspki.h"

static int
sha256(OSSL_LIB_CTX *libctx, const void *data, size_t len, unsigned char hash[static 32],
    struct error *err)
{
	size_t hash_len;

	if (EVP_Q_digest(libctx, "SHA256", NULL, data, len, hash, &hash_len) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "SHA-256");
	return 0;
}

/* Frees der. */
static int
hash_der(OSSL_LIB_CTX *libctx, unsigned char *der, int len,
    unsigned char hash[static SPKI_HASH_BYTES], struct error *err)
{
	int rc;

	if (len <= 0)
		return error_set_openssl(err, ERROR_INTERNAL, "encode a public key");
	rc = sha256(libctx, der, (size_t)len, hash, err);
	OPENSSL_free(der);
	return rc;
}

int
spki_sha256_encoded(OSSL_LIB_CTX *libctx, const X509_PUBKEY *spki,
    unsigned char hash[static SPKI_HASH_BYTES], struct error *err)
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(spki, &der);

	return hash_der(libctx, der, len, hash, err);
}

int
spki_sha256(OSSL_LIB_CTX *libctx, const EVP_PKEY *key,
    unsigned char hash[static SPKI_HASH_BYTES], struct error *err)
{
	X509_PUBKEY *spki = keyspki_write(key);
	int rc = spki != NULL
		     ? spki_sha256_encoded(libctx, spki, hash, err)
		     : error_set_openssl(err, ERROR_INTERNAL, "encode a public key");

	X509_PUBKEY_free(spki);
	return rc;
}

/* The same numbers under the other algorithm, without parameters. */
static int
set_other(X509_PUBKEY *other, const X509_PUBKEY *spki, bool is_pss)
{
	const unsigned char *bits;
	unsigned char *copy;
	int len;

	if (X509_PUBKEY_get0_param(NULL, &bits, &len, NULL, spki) != 1 ||
	    (copy = OPENSSL_memdup(bits, (size_t)len)) == NULL)
		return -1;
	if (X509_PUBKEY_set0_param(other,
		OBJ_nid2obj(is_pss ? NID_rsaEncryption : NID_rsassaPss),
		is_pss ? V_ASN1_NULL : V_ASN1_UNDEF, NULL, copy, len) == 1)
		return 0;
	OPENSSL_free(copy);
	return -1;
}

int
spki_sha256_other(OSSL_LIB_CTX *libctx, const EVP_PKEY *key,
    unsigned char hash[static SPKI_HASH_BYTES], bool *exists, struct error *err)
{
	bool is_pss = EVP_PKEY_is_a(key, "RSA-PSS");
	X509_PUBKEY *spki = NULL, *other = NULL;
	int rc = -1;

	*exists = is_pss || EVP_PKEY_is_a(key, "RSA");
	if (!*exists)
		return 0;
	if ((spki = keyspki_write(key)) == NULL || (other = X509_PUBKEY_new()) == NULL ||
	    set_other(other, spki, is_pss) != 0)
		error_set_openssl(err, ERROR_INTERNAL, "an RSA key written otherwise");
	else
		rc = spki_sha256_encoded(libctx, other, hash, err);
	X509_PUBKEY_free(spki);
	X509_PUBKEY_free(other);
	return rc;
}

int
spki_key_id(OSSL_LIB_CTX *libctx, const X509 *cert,
    unsigned char id[static SPKI_KEY_ID_BYTES], struct error *err)
{
	const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(cert);
	unsigned char hash[SPKI_HASH_BYTES];

	if (bits == NULL)
		return error_set(
		    err, ERROR_INTERNAL, "a certificate without a public key");
	if (sha256(libctx, ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits),
		hash, err) != 0)
		return -1;
	memcpy(id, hash, SPKI_KEY_ID_BYTES);
	return 0;
}

/*
 * keycheck.c - a SubjectPublicKeyInfo, judged by its encoding first.
 *
 * OpenSSL turns explicit curve parameters into a named curve when they match one,
 * so the key alone does not show how it was sent.
 */
#include "ca/keycheck.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>

#include "ca/keyspki.h"
#include "ca/rsacheck.h"

#define RSA_VERIFY_MAX_BITS 4096

/* An SPKI taken apart: everything belongs to the X509_PUBKEY. */
struct parts {
	int algorithm;      /* NID */
	int parameter_type; /* V_ASN1_... */
	const void *parameter;
	const unsigned char *point;
	int point_len;
};

static int
take_apart(const X509_PUBKEY *spki, struct parts *parts)
{
	ASN1_OBJECT *object;
	const ASN1_OBJECT *oid;
	X509_ALGOR *algorithm;

	if (X509_PUBKEY_get0_param(
		&object, &parts->point, &parts->point_len, &algorithm, spki) != 1)
		return -1;
	X509_ALGOR_get0(&oid, &parts->parameter_type, &parts->parameter, algorithm);
	parts->algorithm = OBJ_obj2nid(oid);
	return 0;
}

/* RFC 3279 section 2.3.1, RFC 4055 section 3.1, RFC 8410 section 3. */
static bool
check_parameters(const struct parts *parts, struct violations *v)
{
	static const struct {
		int algorithm, wanted;
		const char *problem;
	} rules[] = {
		{ NID_rsaEncryption, V_ASN1_NULL, "RSA parameters are not NULL" },
		{ NID_rsassaPss, V_ASN1_UNDEF, "RSASSA-PSS parameters are not absent" },
		{ NID_ED25519, V_ASN1_UNDEF, "Ed25519 parameters are not absent" },
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (rules[i].algorithm != parts->algorithm ||
		    rules[i].wanted == parts->parameter_type)
			continue;
		violations_add(v, RULE_CSR_KEY_ENCODING, "key", "%s", rules[i].problem);
		return false;
	}
	return true;
}

static int
check_rsa(EVP_PKEY **key, struct violations *v, struct error *err)
{
	if (rsacheck_run(*key, v, err) != 0)
		return -1;
	/* Whoever sends a huge modulus does not get to have it computed with. */
	if (EVP_PKEY_get_bits(*key) > RSA_VERIFY_MAX_BITS) {
		EVP_PKEY_free(*key);
		*key = NULL;
	}
	return 0;
}

/* Octets of one coordinate; 0 for a curve that is not accepted. */
static int
coordinate_bytes(const struct parts *parts)
{
	if (parts->parameter_type != V_ASN1_OBJECT)
		return 0;
	switch (OBJ_obj2nid(parts->parameter)) {
	case NID_X9_62_prime256v1:
		return 32;
	case NID_secp384r1:
		return 48;
	case NID_secp521r1:
		return 66;
	default:
		return 0;
	}
}

static int
check_ec_encoding(const struct parts *parts, struct violations *v)
{
	int octets = coordinate_bytes(parts);

	if (octets == 0) {
		violations_add(v, RULE_CSR_EC_CURVE, "key",
		    "the curve is not P-256, P-384 or P-521 by name");
		return -1;
	}
	if (parts->point_len != 1 + 2 * octets || parts->point[0] != 0x04) {
		violations_add(
		    v, RULE_CSR_EC_POINT, "key", "the point is not uncompressed");
		return -1;
	}
	return 0;
}

static int
check_point(OSSL_LIB_CTX *libctx, EVP_PKEY *key, struct violations *v, struct error *err)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(libctx, key, NULL);

	if (ctx == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "examine an EC key");
	/*
	 * Of these curves the cofactor is 1: every point on one has its order, so that
	 * the multiplication of the full check cannot find anything more (NIST SP 800-56A
	 * section 5.6.2.3.4).
	 */
	if (EVP_PKEY_public_check_quick(ctx) != 1)
		violations_add(v, RULE_CSR_EC_POINT, "key", "the point is not valid");
	EVP_PKEY_CTX_free(ctx);
	return 0;
}

/*
 * A key has one encoding here. OpenSSL reads others too, such as with an octet behind an
 * RSA key, and by their hash a blocked key would not be known.
 */
static int
check_canonical(
    const X509_PUBKEY *sent, const EVP_PKEY *key, struct violations *v, struct error *err)
{
	X509_PUBKEY *own = keyspki_write(key);
	unsigned char *a = NULL, *b = NULL;
	int a_len = i2d_X509_PUBKEY(sent, &a);
	int b_len = own != NULL ? i2d_X509_PUBKEY(own, &b) : -1;
	int rc = 0;

	if (a_len <= 0 || b_len <= 0)
		rc = error_set_openssl(err, ERROR_INTERNAL, "encode a public key");
	else if (a_len != b_len || memcmp(a, b, (size_t)a_len) != 0)
		violations_add(v, RULE_CSR_KEY_ENCODING, "key",
		    "the public key is not in its one encoding (DER)");
	OPENSSL_free(a);
	OPENSSL_free(b);
	X509_PUBKEY_free(own);
	return rc;
}

static int
read_ec(OSSL_LIB_CTX *libctx, const X509_PUBKEY *spki, const struct parts *parts,
    EVP_PKEY **key, struct violations *v, struct error *err)
{
	if (check_ec_encoding(parts, v) != 0)
		return 0;
	if (keyspki_read(libctx, spki, key) != 0) {
		violations_add(
		    v, RULE_CSR_EC_POINT, "key", "the point is not on the curve");
		return 0;
	}
	if (check_canonical(spki, *key, v, err) != 0)
		return -1;
	return check_point(libctx, *key, v, err);
}

static int
read_other(OSSL_LIB_CTX *libctx, const X509_PUBKEY *spki, const struct parts *parts,
    EVP_PKEY **key, struct violations *v, struct error *err)
{
	if (keyspki_read(libctx, spki, key) != 0) {
		violations_add(
		    v, RULE_CSR_KEY_ENCODING, "key", "the public key cannot be read");
		return 0;
	}
	if (check_parameters(parts, v) && check_canonical(spki, *key, v, err) != 0)
		return -1;
	return parts->algorithm == NID_ED25519 ? 0 : check_rsa(key, v, err);
}

int
keycheck_read(OSSL_LIB_CTX *libctx, X509_PUBKEY *spki, EVP_PKEY **key,
    struct violations *v, struct error *err)
{
	struct parts parts;
	int rc;

	*key = NULL;
	if (take_apart(spki, &parts) != 0)
		return error_set_openssl(err, ERROR_BAD_REQUEST, "public key");
	switch (parts.algorithm) {
	case NID_X9_62_id_ecPublicKey:
		rc = read_ec(libctx, spki, &parts, key, v, err);
		break;
	case NID_rsaEncryption:
	case NID_rsassaPss:
	case NID_ED25519:
		rc = read_other(libctx, spki, &parts, key, v, err);
		break;
	default:
		violations_add(v, RULE_CSR_KEY_ALGORITHM, "key",
		    "%s; RSA, EC or Ed25519 are accepted", OBJ_nid2sn(parts.algorithm));
		rc = 0;
	}
	/* A key that does not decode leaves its reasons on OpenSSL's queue. */
	ERR_clear_error();
	return rc;
}

int
keycheck_key(OSSL_LIB_CTX *libctx, EVP_PKEY *key, struct violations *v, struct error *err)
{
	X509_PUBKEY *spki = NULL;
	EVP_PKEY *read = NULL;
	int rc = -1;

	if ((spki = keyspki_write(key)) == NULL) {
		error_set_openssl(err, ERROR_INTERNAL, "encode a public key");
		goto out;
	}
	rc = keycheck_read(libctx, spki, &read, v, err);
out:
	EVP_PKEY_free(read);
	X509_PUBKEY_free(spki);
	return rc;
}

/* keyspki.c - RSA, EC by a curve's name, and Ed25519; the rest is OpenSSL's. */
#include "ca/keyspki.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include "ca/der.h"
#include "ca/der_write.h"

#define POINT_MAX_BYTES  133  /* uncompressed, P-521 */
#define NUMBER_MAX_BYTES 2048 /* of RSA: OPENSSL_RSA_MAX_MODULUS_BITS */

/* An SPKI taken apart: everything belongs to the X509_PUBKEY. */
struct parts {
	int algorithm, parameter_type;
	const void *parameter;
	struct bytes bits;
};

static int
take_apart(const X509_PUBKEY *spki, struct parts *parts)
{
	X509_ALGOR *algorithm;
	const ASN1_OBJECT *oid;
	int len;

	if (X509_PUBKEY_get0_param(NULL, &parts->bits.data, &len, &algorithm, spki) != 1)
		return -1;
	parts->bits.len = (size_t)len;
	X509_ALGOR_get0(&oid, &parts->parameter_type, &parts->parameter, algorithm);
	parts->algorithm = OBJ_obj2nid(oid);
	return 0;
}

static int
from_params(OSSL_LIB_CTX *libctx, const char *type, OSSL_PARAM *params, EVP_PKEY **key)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(libctx, type, NULL);
	int rc = -1;

	*key = NULL;
	if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, key, EVP_PKEY_PUBLIC_KEY, params) == 1)
		rc = 0;
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

static int
read_ec(OSSL_LIB_CTX *libctx, const struct parts *parts, EVP_PKEY **key)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
		    (char *)OBJ_nid2sn(OBJ_obj2nid(parts->parameter)), 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
		    (unsigned char *)parts->bits.data, parts->bits.len),
		OSSL_PARAM_END,
	};

	return from_params(libctx, "EC", params, key);
}

/* One that is not negative, off the front of in. */
static BIGNUM *
take_number(struct bytes *in)
{
	struct bytes octets;
	unsigned char tag;

	if (!der_take(in, &tag, &octets) || tag != DER_INTEGER || octets.len == 0 ||
	    octets.data[0] > 0x7f)
		return NULL;
	return BN_bin2bn(octets.data, (int)octets.len, NULL);
}

/* RSAPublicKey (RFC 8017 appendix A.1.1). */
static int
take_numbers(struct bytes in, BIGNUM **n, BIGNUM **e)
{
	struct bytes sequence;
	unsigned char tag;

	if (!der_is_strict(in) || !der_take(&in, &tag, &sequence) ||
	    tag != DER_SEQUENCE || (*n = take_number(&sequence)) == NULL ||
	    (*e = take_number(&sequence)) == NULL || sequence.len != 0)
		return -1;
	return 0;
}

static int
read_rsa(
    OSSL_LIB_CTX *libctx, const char *type, const struct parts *parts, EVP_PKEY **key)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	BIGNUM *n = NULL, *e = NULL;
	int rc = -1;

	if (build != NULL && take_numbers(parts->bits, &n, &e) == 0 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1 &&
	    (params = OSSL_PARAM_BLD_to_param(build)) != NULL)
		rc = from_params(libctx, type, params, key);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(n);
	BN_free(e);
	return rc;
}

static int
read_otherwise(OSSL_LIB_CTX *libctx, const X509_PUBKEY *spki, EVP_PKEY **key)
{
	unsigned char *der = NULL;
	const unsigned char *p;
	int len = i2d_X509_PUBKEY(spki, &der);

	*key = NULL;
	if ((p = der) != NULL && len > 0)
		*key = d2i_PUBKEY_ex(NULL, &p, len, libctx, NULL);
	OPENSSL_free(der);
	return *key != NULL ? 0 : -1;
}

int
keyspki_read(OSSL_LIB_CTX *libctx, const X509_PUBKEY *spki, EVP_PKEY **key)
{
	struct parts parts;
	int rc = -1;

	*key = NULL;
	if (take_apart(spki, &parts) != 0)
		return -1;
	if (parts.algorithm == NID_X9_62_id_ecPublicKey &&
	    parts.parameter_type == V_ASN1_OBJECT)
		rc = read_ec(libctx, &parts, key);
	else if (parts.algorithm == NID_rsaEncryption)
		rc = read_rsa(libctx, "RSA", &parts, key);
	else if (parts.algorithm == NID_rsassaPss && parts.parameter_type == V_ASN1_UNDEF)
		rc = read_rsa(libctx, "RSA-PSS", &parts, key);
	return rc == 0 ? 0 : read_otherwise(libctx, spki, key);
}

static int
set(X509_PUBKEY *spki, int algorithm, int type, void *parameter, struct bytes bits)
{
	unsigned char *copy = OPENSSL_memdup(bits.data, bits.len);

	if (copy != NULL && X509_PUBKEY_set0_param(spki, OBJ_nid2obj(algorithm), type,
				parameter, copy, (int)bits.len) == 1)
		return 0;
	OPENSSL_free(copy);
	return -1;
}

/* By name, and not by its numbers. */
static int
curve_of(const EVP_PKEY *key)
{
	char group[32], encoding[32];

	if (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1 ||
	    EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, encoding,
		sizeof(encoding), NULL) != 1 ||
	    strcmp(encoding, OSSL_PKEY_EC_ENCODING_GROUP) != 0)
		return NID_undef;
	return OBJ_sn2nid(group);
}

static int
fill_point(const EVP_PKEY *key, X509_PUBKEY *spki)
{
	unsigned char point[POINT_MAX_BYTES];
	struct bytes bits = { point, 0 };
	int curve;

	if (EVP_PKEY_get_octet_string_param(
		key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &bits.len) != 1)
		return -1;
	if (EVP_PKEY_is_a(key, "ED25519"))
		return set(spki, NID_ED25519, V_ASN1_UNDEF, NULL, bits);
	if ((curve = curve_of(key)) == NID_undef || bits.len == 0 || point[0] != 4)
		return -1;
	return set(
	    spki, NID_X9_62_id_ecPublicKey, V_ASN1_OBJECT, OBJ_nid2obj(curve), bits);
}

static int
append_number(const EVP_PKEY *key, const char *name, struct buffer *out)
{
	unsigned char octets[NUMBER_MAX_BYTES];
	BIGNUM *number = NULL;
	int len = 0;

	if (EVP_PKEY_get_bn_param(key, name, &number) == 1 &&
	    BN_num_bytes(number) <= (int)sizeof(octets))
		len = BN_bn2bin(number, octets);
	BN_free(number);
	if (len <= 0)
		return -1;
	der_integer(out, (struct bytes){ octets, (size_t)len });
	return 0;
}

static int
fill_rsa(const EVP_PKEY *key, X509_PUBKEY *spki)
{
	struct buffer numbers, sequence;
	int rc = -1;

	buf_init(&numbers, 0);
	buf_init(&sequence, 0);
	if (append_number(key, OSSL_PKEY_PARAM_RSA_N, &numbers) != 0 ||
	    append_number(key, OSSL_PKEY_PARAM_RSA_E, &numbers) != 0)
		goto out;
	der_value(&sequence, DER_SEQUENCE, buf_bytes(&numbers));
	if (!buf_failed(&numbers) && !buf_failed(&sequence))
		rc =
		    set(spki, NID_rsaEncryption, V_ASN1_NULL, NULL, buf_bytes(&sequence));
out:
	buf_free(&numbers);
	buf_free(&sequence);
	return rc;
}

/* RSA-PSS keys may have parameters that restrict them. */
int
keyspki_fill(const EVP_PKEY *key, X509_PUBKEY *spki)
{
	if (EVP_PKEY_is_a(key, "EC") || EVP_PKEY_is_a(key, "ED25519"))
		return fill_point(key, spki);
	return EVP_PKEY_is_a(key, "RSA") ? fill_rsa(key, spki) : -1;
}

X509_PUBKEY *
keyspki_write(const EVP_PKEY *key)
{
	X509_PUBKEY *spki = X509_PUBKEY_new();

	if (spki != NULL && keyspki_fill(key, spki) != 0 &&
	    X509_PUBKEY_set(&spki, (EVP_PKEY *)key) != 1) {
		X509_PUBKEY_free(spki);
		spki = NULL;
	}
	return spki;
}

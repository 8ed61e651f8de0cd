/* spki.c - reads a public key's DER, strictly. */
#include "evp/spki.h"

#include <stdint.h>
#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

/* OpenSSL's ASN.1 templates name their types by typedef; these two stay in this file. */
typedef struct {
	X509_ALGOR *algorithm;
	ASN1_BIT_STRING *key;
} PUBLIC_KEY_INFO;

typedef struct {
	ASN1_INTEGER *n;
	ASN1_INTEGER *e;
} RSA_NUMBERS;

ASN1_SEQUENCE(PUBLIC_KEY_INFO) = {
	ASN1_SIMPLE(PUBLIC_KEY_INFO, algorithm, X509_ALGOR),
	ASN1_SIMPLE(PUBLIC_KEY_INFO, key, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END(PUBLIC_KEY_INFO)

ASN1_SEQUENCE(RSA_NUMBERS) = {
	ASN1_SIMPLE(RSA_NUMBERS, n, ASN1_INTEGER),
	ASN1_SIMPLE(RSA_NUMBERS, e, ASN1_INTEGER),
} static_ASN1_SEQUENCE_END(RSA_NUMBERS)

/* One value that re-encodes to the very same bytes, or NULL. */
static ASN1_VALUE *
decode_exactly(const unsigned char *der, size_t len, const ASN1_ITEM *item)
{
	const unsigned char *p = der;
	unsigned char *again = NULL;
	ASN1_VALUE *value;
	int again_len;

	/* The caller names the reason; OpenSSL's would explain another failure. */
	ERR_set_mark();
	value = ASN1_item_d2i(NULL, &p, (long)len, item);
	ERR_pop_to_mark();
	if (value == NULL)
		return NULL;
	again_len = ASN1_item_i2d(value, &again, item);
	if (p != der + len || again_len < 0 || (size_t)again_len != len ||
	    memcmp(again, der, len) != 0) {
		ASN1_item_free(value, item);
		value = NULL;
	}
	OPENSSL_free(again);
	return value;
}

static int
read_rsa(const ASN1_BIT_STRING *key, enum key_family family, struct spki *spki,
    struct error *err)
{
	const ASN1_ITEM *item = ASN1_ITEM_rptr(RSA_NUMBERS);
	RSA_NUMBERS *numbers = (RSA_NUMBERS *)decode_exactly(
	    ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key), item);
	int bits, rc = -1;

	if (numbers == NULL)
		return error_set(
		    err, ERROR_BAD_REQUEST, "public key: RSAPublicKey is not DER");
	spki->n = ASN1_INTEGER_to_BN(numbers->n, NULL);
	spki->e = ASN1_INTEGER_to_BN(numbers->e, NULL);
	if (spki->n == NULL || spki->e == NULL) {
		error_set(err, ERROR_INTERNAL, "out of memory");
		goto out;
	}
	if (BN_is_negative(spki->n) || BN_is_negative(spki->e)) {
		error_set(err, ERROR_BAD_REQUEST, "public key: a negative RSA number");
		goto out;
	}
	bits = BN_num_bits(spki->n);
	for (int i = 0; rc != 0 && i < KEY_TYPES; i++) {
		const struct key_type_info *info = key_type_info((enum key_type)i);

		if (info->family == family && info->bits == bits) {
			spki->type = (enum key_type)i;
			rc = 0;
		}
	}
	if (rc != 0)
		error_set(err, ERROR_BAD_REQUEST,
		    "public key: RSA of %d bits; 2048, 3072 or 4096", bits);
out:
	ASN1_item_free((ASN1_VALUE *)numbers, item);
	return rc;
}

static int
read_point(
    const ASN1_BIT_STRING *bits, size_t expected, struct spki *spki, struct error *err)
{
	size_t len = (size_t)ASN1_STRING_length(bits);

	if (len != expected)
		return error_set(err, ERROR_BAD_REQUEST,
		    "public key: %zu bytes instead of %zu", len, expected);
	memcpy(spki->point, ASN1_STRING_get0_data(bits), len);
	spki->point_len = len;
	return 0;
}

static int
read_ec(const X509_ALGOR *algorithm, const ASN1_BIT_STRING *bits, struct spki *spki,
    struct error *err)
{
	const void *curve;
	int parameters;

	X509_ALGOR_get0(NULL, &parameters, &curve, algorithm);
	if (parameters != V_ASN1_OBJECT)
		return error_set(
		    err, ERROR_BAD_REQUEST, "public key: EC without a named curve");
	for (int i = KEY_EC_P256; i <= KEY_EC_P521; i++) {
		const struct key_type_info *info = key_type_info((enum key_type)i);
		size_t coordinate = (size_t)(info->bits + 7) / 8;

		if (OBJ_obj2nid(curve) != OBJ_sn2nid(info->group))
			continue;
		spki->type = (enum key_type)i;
		if (read_point(bits, 1 + 2 * coordinate, spki, err) != 0)
			return -1;
		if (spki->point[0] != 4)
			return error_set(err, ERROR_BAD_REQUEST,
			    "public key: the EC point is not uncompressed");
		return 0;
	}
	return error_set(
	    err, ERROR_BAD_REQUEST, "public key: the curve is not P-256/384/521");
}

/*
 * RFC 3279 section 2.3.1: RSA's are NULL. RFC 8410 section 3: Ed25519's are absent.
 * RFC 4055 section 3.1: absent ones of RSASSA-PSS restrict nothing; those that restrict
 * are not for keyhold, whose schemes fix hash and salt.
 */
static int
check_parameters(const X509_ALGOR *algorithm, int wanted, struct error *err)
{
	int type;

	X509_ALGOR_get0(NULL, &type, NULL, algorithm);
	if (type != wanted)
		return error_set(
		    err, ERROR_BAD_REQUEST, "public key: the algorithm's parameters");
	return 0;
}

static int
read_key(const PUBLIC_KEY_INFO *info, struct spki *spki, struct error *err)
{
	const ASN1_OBJECT *oid;

	if ((info->key->flags & ASN1_STRING_FLAG_BITS_LEFT) != 0 &&
	    (info->key->flags & 0x07) != 0)
		return error_set(
		    err, ERROR_BAD_REQUEST, "public key: unused bits in the BIT STRING");
	X509_ALGOR_get0(&oid, NULL, NULL, info->algorithm);
	switch (OBJ_obj2nid(oid)) {
	case NID_rsaEncryption:
		if (check_parameters(info->algorithm, V_ASN1_NULL, err) != 0)
			return -1;
		return read_rsa(info->key, KEY_FAMILY_RSA, spki, err);
	case NID_rsassaPss:
		if (check_parameters(info->algorithm, V_ASN1_UNDEF, err) != 0)
			return -1;
		return read_rsa(info->key, KEY_FAMILY_RSA_PSS, spki, err);
	case NID_X9_62_id_ecPublicKey:
		return read_ec(info->algorithm, info->key, spki, err);
	case NID_ED25519:
		spki->type = KEY_ED25519;
		if (check_parameters(info->algorithm, V_ASN1_UNDEF, err) != 0)
			return -1;
		return read_point(info->key, 32, spki, err);
	default:
		return error_set(
		    err, ERROR_BAD_REQUEST, "public key: neither RSA, EC nor Ed25519");
	}
}

int
spki_read(const struct bytes *der, struct spki *spki, struct error *err)
{
	const ASN1_ITEM *item = ASN1_ITEM_rptr(PUBLIC_KEY_INFO);
	PUBLIC_KEY_INFO *info =
	    (PUBLIC_KEY_INFO *)decode_exactly(der->data, der->len, item);
	int rc;

	*spki = (struct spki){ 0 };
	if (info == NULL)
		return error_set(
		    err, ERROR_BAD_REQUEST, "public key: not a SubjectPublicKeyInfo");
	rc = read_key(info, spki, err);
	ASN1_item_free((ASN1_VALUE *)info, item);
	if (rc != 0)
		spki_clear(spki);
	return rc;
}

void
spki_clear(struct spki *spki)
{
	BN_free(spki->n);
	BN_free(spki->e);
	*spki = (struct spki){ 0 };
}

/* The BIT STRING's content for RSA: RSAPublicKey (RFC 8017 appendix A.1.1). */
static int
encode_rsa(const struct spki *spki, unsigned char **der)
{
	const ASN1_ITEM *item = ASN1_ITEM_rptr(RSA_NUMBERS);
	RSA_NUMBERS *numbers = (RSA_NUMBERS *)ASN1_item_new(item);
	int len = -1;

	if (numbers != NULL && BN_to_ASN1_INTEGER(spki->n, numbers->n) != NULL &&
	    BN_to_ASN1_INTEGER(spki->e, numbers->e) != NULL)
		len = ASN1_item_i2d((ASN1_VALUE *)numbers, der, item);
	ASN1_item_free((ASN1_VALUE *)numbers, item);
	return len;
}

static int
set_algorithm(X509_ALGOR *algorithm, const struct key_type_info *info)
{
	switch (info->family) {
	case KEY_FAMILY_RSA:
		return X509_ALGOR_set0(
		    algorithm, OBJ_nid2obj(NID_rsaEncryption), V_ASN1_NULL, NULL);
	case KEY_FAMILY_RSA_PSS:
		return X509_ALGOR_set0(
		    algorithm, OBJ_nid2obj(NID_rsassaPss), V_ASN1_UNDEF, NULL);
	case KEY_FAMILY_EC:
		return X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_X9_62_id_ecPublicKey),
		    V_ASN1_OBJECT, OBJ_txt2obj(info->group, 0));
	default:
		return X509_ALGOR_set0(
		    algorithm, OBJ_nid2obj(NID_ED25519), V_ASN1_UNDEF, NULL);
	}
}

static int
set_bits(ASN1_BIT_STRING *bits, const struct spki *spki)
{
	unsigned char *rsa = NULL;
	int len, ok;

	/* A whole number of octets, whatever the last bits are. */
	bits->flags = (bits->flags & ~0x07L) | ASN1_STRING_FLAG_BITS_LEFT;
	if (spki->n == NULL)
		return ASN1_BIT_STRING_set(
		    bits, (unsigned char *)(uintptr_t)spki->point, (int)spki->point_len);
	if ((len = encode_rsa(spki, &rsa)) <= 0)
		return 0;
	ok = ASN1_BIT_STRING_set(bits, rsa, len);
	OPENSSL_free(rsa);
	return ok;
}

int
spki_write(const struct spki *spki, struct buffer *der, struct error *err)
{
	const ASN1_ITEM *item = ASN1_ITEM_rptr(PUBLIC_KEY_INFO);
	PUBLIC_KEY_INFO *info = (PUBLIC_KEY_INFO *)ASN1_item_new(item);
	unsigned char *data = NULL;
	int len = -1;

	if (info != NULL && set_algorithm(info->algorithm, key_type_info(spki->type)) &&
	    set_bits(info->key, spki))
		len = ASN1_item_i2d((ASN1_VALUE *)info, &data, item);
	ASN1_item_free((ASN1_VALUE *)info, item);
	if (len <= 0)
		return error_set(err, ERROR_INTERNAL, "SubjectPublicKeyInfo");
	buf_append(der, data, (size_t)len);
	OPENSSL_free(data);
	return buf_failed(der) ? error_set(err, ERROR_INTERNAL, "out of memory") : 0;
}

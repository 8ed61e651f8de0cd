/* publickey.c - from Cryptoki's attributes to a SubjectPublicKeyInfo. */
#include "pkcs11/publickey.h"

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/objects.h>

#include "evp/spki.h"
#include "pkcs11/object.h"

struct source {
	CK_FUNCTION_LIST *functions;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE object;
	enum key_family rsa_family;
};

static int
read_attribute(const struct source *from, CK_ATTRIBUTE_TYPE type, struct buffer *value,
    struct error *err)
{
	buf_reset(value);
	return object_read(
	    from->functions, from->session, from->object, type, value, err);
}

static int
read_rsa(const struct source *from, struct spki *spki, struct error *err)
{
	struct buffer number;
	int rc = -1;

	buf_init(&number, 0);
	if (read_attribute(from, CKA_MODULUS, &number, err) != 0)
		goto out;
	spki->n = BN_bin2bn(number.data, (int)number.len, NULL);
	if (read_attribute(from, CKA_PUBLIC_EXPONENT, &number, err) != 0)
		goto out;
	spki->e = BN_bin2bn(number.data, (int)number.len, NULL);
	if (spki->n == NULL || spki->e == NULL) {
		error_set(err, ERROR_INTERNAL, "out of memory");
		goto out;
	}
	/* Any size: spki_read, which comes next, tells them apart. */
	spki->type =
	    from->rsa_family == KEY_FAMILY_RSA_PSS ? KEY_RSA_PSS_2048 : KEY_RSA_2048;
	rc = 0;
out:
	buf_free(&number);
	return rc;
}

/* CKA_EC_PARAMS: a curve's OID in DER (RFC 5480 section 2.1.1). */
static int
read_curve(const struct source *from, enum key_type *type, struct error *err)
{
	struct buffer params;
	const unsigned char *p;
	ASN1_OBJECT *oid;
	int nid, rc = -1;

	buf_init(&params, 0);
	if (read_attribute(from, CKA_EC_PARAMS, &params, err) != 0)
		goto out;
	p = params.data;
	oid = d2i_ASN1_OBJECT(NULL, &p, (long)params.len);
	nid = OBJ_obj2nid(oid);
	ASN1_OBJECT_free(oid);
	for (int i = KEY_EC_P256; rc != 0 && i <= KEY_EC_P521; i++) {
		if (nid != NID_undef &&
		    nid == OBJ_sn2nid(key_type_info((enum key_type)i)->group)) {
			*type = (enum key_type)i;
			rc = 0;
		}
	}
	if (rc != 0)
		error_set_openssl(
		    err, ERROR_UNSUPPORTED, "the key's curve is not P-256/384/521");
out:
	buf_free(&params);
	return rc;
}

/* CKA_EC_POINT should be a DER OCTET STRING; some tokens give its content bare. */
static int
read_point(
    const struct source *from, size_t bare_len, struct spki *spki, struct error *err)
{
	struct buffer value;
	ASN1_OCTET_STRING *wrapped = NULL;
	const unsigned char *p, *point;
	int rc = -1;

	buf_init(&value, 0);
	if (read_attribute(from, CKA_EC_POINT, &value, err) != 0)
		goto out;
	p = point = value.data;
	if (value.len != bare_len) {
		wrapped = d2i_ASN1_OCTET_STRING(NULL, &p, (long)value.len);
		if (wrapped == NULL || (size_t)ASN1_STRING_length(wrapped) != bare_len) {
			error_set_openssl(err, ERROR_TOKEN, "CKA_EC_POINT is malformed");
			goto out;
		}
		point = ASN1_STRING_get0_data(wrapped);
	}
	memcpy(spki->point, point, bare_len);
	spki->point_len = bare_len;
	rc = 0;
out:
	ASN1_OCTET_STRING_free(wrapped);
	buf_free(&value);
	return rc;
}

static int
read_parts(const struct source *from, struct spki *spki, struct error *err)
{
	CK_ULONG type;

	if (object_read_ulong(from->functions, from->session, from->object, CKA_KEY_TYPE,
		&type, err) != 0)
		return -1;
	switch (type) {
	case CKK_RSA:
		return read_rsa(from, spki, err);
	case CKK_EC:
		if (read_curve(from, &spki->type, err) != 0)
			return -1;
		return read_point(from,
		    1 + 2 * (size_t)((key_type_info(spki->type)->bits + 7) / 8), spki,
		    err);
	case CKK_EC_EDWARDS:
		spki->type = KEY_ED25519;
		return read_point(from, 32, spki, err);
	default:
		return error_set(
		    err, ERROR_UNSUPPORTED, "key type 0x%lx", (unsigned long)type);
	}
}

int
publickey_read(CK_FUNCTION_LIST *functions, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE object, enum key_family rsa_family, struct buffer *spki,
    struct error *err)
{
	struct source from = { functions, session, object, rsa_family };
	struct spki parts = { 0 };
	int rc;

	rc = read_parts(&from, &parts, err);
	if (rc == 0)
		rc = spki_write(&parts, spki, err);
	spki_clear(&parts);
	return rc;
}

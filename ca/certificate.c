/* certificate.c - fills in a TBSCertificate (RFC 5280 section 4.1.2) field by field. */
#include "ca/certificate.h"

#include <time.h>

#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "ca/keyusage.h"
#include "ca/spki.h"

static int
set_serial(X509 *cert, const struct certificate_spec *spec)
{
	ASN1_INTEGER *serial = X509_get_serialNumber(cert);

	/* Never negative, never padded: serial_new fixes the first two bits to 01. */
	return ASN1_STRING_set(serial, spec->serial, SERIAL_BYTES) == 1 ? 0 : -1;
}

/* UTCTime until 2049 and GeneralizedTime after, as ASN1_TIME_adj chooses. */
static ASN1_TIME *
new_time(int64_t seconds)
{
	return ASN1_TIME_adj(NULL, (time_t)seconds, 0, 0);
}

static int
set_validity(X509 *cert, const struct validity *validity)
{
	ASN1_TIME *from = new_time(validity->not_before);
	ASN1_TIME *until = new_time(validity->not_after);
	int rc = -1;

	if (from != NULL && until != NULL && X509_set1_notBefore(cert, from) == 1 &&
	    X509_set1_notAfter(cert, until) == 1)
		rc = 0;
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	return rc;
}

static int
set_algorithm(X509 *cert, struct bytes algorithm)
{
	const unsigned char *p = algorithm.data;
	X509_ALGOR *parsed = d2i_X509_ALGOR(NULL, &p, (long)algorithm.len);
	int rc = -1;

	/* OpenSSL sets this field only while it signs, and the lint comes before that. */
	if (parsed != NULL &&
	    X509_ALGOR_copy((X509_ALGOR *)X509_get0_tbs_sigalg(cert), parsed) == 1)
		rc = 0;
	X509_ALGOR_free(parsed);
	return rc;
}

static int
set_fields(X509 *cert, const struct certificate_spec *spec)
{
	X509_NAME *issuer =
	    spec->issuer != NULL ? X509_get_subject_name(spec->issuer) : spec->subject;

	if (X509_set_version(cert, X509_VERSION_3) != 1 || set_serial(cert, spec) != 0 ||
	    set_validity(cert, &spec->validity) != 0 ||
	    X509_set_issuer_name(cert, issuer) != 1 ||
	    X509_set_subject_name(cert, spec->subject) != 1 ||
	    X509_set_pubkey(cert, spec->key) != 1)
		return -1;
	return 0;
}

static int
add(X509 *cert, int nid, void *value, int critical)
{
	return X509_add1_ext_i2d(cert, nid, value, critical, X509V3_ADD_DEFAULT) == 1
		   ? 0
		   : -1;
}

static int
add_basic_constraints(X509 *cert, const struct certificate_spec *spec)
{
	BASIC_CONSTRAINTS *bc = BASIC_CONSTRAINTS_new();
	int rc = -1;

	if (bc == NULL)
		return -1;
	bc->ca = spec->profile->ca ? 0xff : 0;
	if (spec->profile->ca && spec->path_len != PATH_LEN_NONE &&
	    ((bc->pathlen = ASN1_INTEGER_new()) == NULL ||
		ASN1_INTEGER_set(bc->pathlen, spec->path_len) != 1))
		goto out;
	rc = add(cert, NID_basic_constraints, bc, 1);
out:
	BASIC_CONSTRAINTS_free(bc);
	return rc;
}

static int
add_key_usage(X509 *cert, const struct certificate_spec *spec)
{
	ASN1_BIT_STRING *bits = keyusage_new(
	    spec->profile->ca        ? KU_KEY_CERT_SIGN | KU_CRL_SIGN
	    : spec->key_encipherment ? KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT
				     : KU_DIGITAL_SIGNATURE);
	int rc = bits != NULL ? add(cert, NID_key_usage, bits, 1) : -1;

	ASN1_BIT_STRING_free(bits);
	return rc;
}

static int
add_extended_key_usage(X509 *cert, const struct profile *profile)
{
	EXTENDED_KEY_USAGE *ekus;
	int rc = -1;

	if (profile->ekus[0] == NULL)
		return 0;
	if ((ekus = sk_ASN1_OBJECT_new_null()) == NULL)
		return -1;
	for (const char *const *eku = profile->ekus; *eku != NULL; eku++)
		/* Objects of the built-in table need no freeing. */
		if (sk_ASN1_OBJECT_push(ekus, OBJ_nid2obj(OBJ_sn2nid(*eku))) <= 0)
			goto out;
	rc = add(cert, NID_ext_key_usage, ekus, 0);
out:
	sk_ASN1_OBJECT_free(ekus);
	return rc;
}

static int
add_authority_key_id(X509 *cert, const ASN1_OCTET_STRING *id)
{
	AUTHORITY_KEYID *akid = AUTHORITY_KEYID_new();
	int rc = -1;

	if (akid != NULL && id != NULL &&
	    (akid->keyid = ASN1_OCTET_STRING_dup(id)) != NULL)
		rc = add(cert, NID_authority_key_identifier, akid, 0);
	AUTHORITY_KEYID_free(akid);
	return rc;
}

static int
add_names(X509 *cert, const struct certificate_spec *spec)
{
	if (spec->names == NULL)
		return 0;
	/* RFC 5280 section 4.2.1.6: without a subject the names are all there is. */
	return add(cert, NID_subject_alt_name, spec->names,
	    X509_NAME_entry_count(spec->subject) == 0);
}

static int
add_key_ids(X509 *cert, OSSL_LIB_CTX *libctx, const struct certificate_spec *spec,
    struct error *err)
{
	unsigned char id[SPKI_KEY_ID_BYTES];
	ASN1_OCTET_STRING *own = NULL;
	const ASN1_OCTET_STRING *issuers;
	int rc = -1;

	if (spki_key_id(libctx, cert, id, err) != 0)
		return -1;
	if ((own = ASN1_OCTET_STRING_new()) == NULL ||
	    ASN1_OCTET_STRING_set(own, id, sizeof(id)) != 1)
		goto out;
	issuers = spec->issuer != NULL ? X509_get0_subject_key_id(spec->issuer) : own;
	if (add(cert, NID_subject_key_identifier, own, 0) == 0)
		rc = add_authority_key_id(cert, issuers);
out:
	if (rc != 0)
		error_set_openssl(err, ERROR_INTERNAL, "key identifiers");
	ASN1_OCTET_STRING_free(own);
	return rc;
}

static int
append_tbs(X509 *cert, struct buffer *tbs, struct error *err)
{
	unsigned char *der = NULL;
	int len = i2d_re_X509_tbs(cert, &der);

	if (len <= 0)
		return error_set_openssl(err, ERROR_INTERNAL, "encode a certificate");
	buf_append(tbs, der, (size_t)len);
	OPENSSL_free(der);
	return buf_failed(tbs) ? error_set(err, ERROR_INTERNAL, "out of memory") : 0;
}

int
certificate_encode_tbs(OSSL_LIB_CTX *libctx, const struct certificate_spec *spec,
    struct bytes algorithm, struct buffer *tbs, struct error *err)
{
	X509 *cert = X509_new_ex(libctx, NULL);
	int rc = -1;

	if (cert == NULL || set_fields(cert, spec) != 0 ||
	    set_algorithm(cert, algorithm) != 0 ||
	    add_basic_constraints(cert, spec) != 0 || add_key_usage(cert, spec) != 0 ||
	    add_extended_key_usage(cert, spec->profile) != 0 ||
	    add_names(cert, spec) != 0) {
		error_set_openssl(err, ERROR_INTERNAL, "build a certificate");
		goto out;
	}
	if (add_key_ids(cert, libctx, spec, err) != 0)
		goto out;
	rc = append_tbs(cert, tbs, err);
out:
	X509_free(cert);
	return rc;
}

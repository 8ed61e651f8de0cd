/* certificate_extension.c - what a profile and an issuer put into every certificate. */
#include "ca/certificate_extension.h"

#include <stdint.h>

#include <openssl/objects.h>
#include <openssl/tls1.h>
#include <openssl/x509v3.h>

#include "ca/extkeyusage.h"
#include "ca/keyusage.h"
#include "ca/spki.h"

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
add_name_constraints(X509 *cert, const NAME_CONSTRAINTS *constraints)
{
	return constraints == NULL ? 0
				   : add(cert, NID_name_constraints,
					 (NAME_CONSTRAINTS *)(uintptr_t)constraints, 1);
}

static int
add_extended_key_usage(X509 *cert, const struct profile *profile)
{
	EXTENDED_KEY_USAGE *ekus;
	int rc = -1;

	if (profile->ekus == NULL)
		return 0;
	if ((ekus = sk_ASN1_OBJECT_new_null()) == NULL)
		return -1;
	for (const char *const *eku = profile->ekus; *eku != NULL; eku++) {
		ASN1_OBJECT *object = OBJ_txt2obj(*eku, 0);

		if (object == NULL || sk_ASN1_OBJECT_push(ekus, object) <= 0) {
			ASN1_OBJECT_free(object);
			goto out;
		}
	}
	rc = add(cert, NID_ext_key_usage, ekus, extkeyusage_is_critical(profile));
out:
	EXTENDED_KEY_USAGE_free(ekus);
	return rc;
}

/* Takes policy over, also on failure. */
static int
push_policy(CERTIFICATEPOLICIES *policies, const char *oid, POLICYINFO *policy)
{
	if (policy == NULL || sk_POLICYINFO_push(policies, policy) <= 0) {
		POLICYINFO_free(policy);
		return -1;
	}
	ASN1_OBJECT_free(policy->policyid);
	policy->policyid = OBJ_txt2obj(oid, 1);
	return policy->policyid != NULL ? 0 : -1;
}

/* Without qualifiers: RFC 5280 section 4.2.1.4 recommends the OID alone. */
static int
add_policies(X509 *cert, const struct profile *profile)
{
	CERTIFICATEPOLICIES *policies;
	int rc = -1;

	if (profile->policies == NULL)
		return 0;
	if ((policies = sk_POLICYINFO_new_null()) == NULL)
		return -1;
	for (const char *const *oid = profile->policies; *oid != NULL; oid++)
		if (push_policy(policies, *oid, POLICYINFO_new()) != 0)
			goto out;
	rc = add(cert, NID_certificate_policies, policies, 0);
out:
	CERTIFICATEPOLICIES_free(policies);
	return rc;
}

/* The number of the TLS extension status_request (RFC 7633 section 4.1, RFC 6066). */
static int
add_must_staple(X509 *cert, const struct profile *profile)
{
	ASN1_INTEGER *number;
	TLS_FEATURE *features;
	int rc = -1;

	if (!profile->must_staple)
		return 0;
	features = sk_ASN1_INTEGER_new_null();
	number = ASN1_INTEGER_new();
	if (features == NULL || number == NULL ||
	    ASN1_INTEGER_set(number, TLSEXT_TYPE_status_request) != 1 ||
	    sk_ASN1_INTEGER_push(features, number) <= 0) {
		ASN1_INTEGER_free(number);
		goto out;
	}
	rc = add(cert, NID_tlsfeature, features, 0);
out:
	sk_ASN1_INTEGER_pop_free(features, ASN1_INTEGER_free);
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

/* The NULL of id-pkix-ocsp-nocheck is all that it says (RFC 6960 section 4.2.2.2.1). */
static int
add_ocsp_nocheck(X509 *cert, const struct profile *profile)
{
	ASN1_NULL *null;
	int rc;

	if (!profile->ocsp_nocheck)
		return 0;
	if ((null = ASN1_NULL_new()) == NULL)
		return -1;
	rc = add(cert, NID_id_pkix_OCSP_noCheck, null, 0);
	ASN1_NULL_free(null);
	return rc;
}

static GENERAL_NAME *
new_uri(const char *url)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	if (name == NULL || text == NULL || ASN1_STRING_set(text, url, -1) != 1) {
		ASN1_IA5STRING_free(text);
		GENERAL_NAME_free(name);
		return NULL;
	}
	GENERAL_NAME_set0_value(name, GEN_URI, text);
	return name;
}

/* Takes name over, also on failure. */
static int
push_name(GENERAL_NAMES *names, GENERAL_NAME *name)
{
	if (names != NULL && name != NULL && sk_GENERAL_NAME_push(names, name) > 0)
		return 0;
	GENERAL_NAME_free(name);
	return -1;
}

/* One distribution point, of all reasons, by the issuer itself (RFC 5280 section
 * 4.2.1.13). */
static int
add_crl_distribution_point(X509 *cert, const char *url)
{
	CRL_DIST_POINTS *points;
	DIST_POINT *point;
	int rc = -1;

	if (url == NULL)
		return 0;
	points = sk_DIST_POINT_new_null();
	point = DIST_POINT_new();
	if (points == NULL || point == NULL || sk_DIST_POINT_push(points, point) <= 0) {
		DIST_POINT_free(point);
		goto out;
	}
	if ((point->distpoint = DIST_POINT_NAME_new()) == NULL)
		goto out;
	/* type 0: the full name; its list belongs to the point from here on */
	point->distpoint->type = 0;
	point->distpoint->name.fullname = sk_GENERAL_NAME_new_null();
	if (push_name(point->distpoint->name.fullname, new_uri(url)) == 0)
		rc = add(cert, NID_crl_distribution_points, points, 0);
out:
	sk_DIST_POINT_pop_free(points, DIST_POINT_free);
	return rc;
}

static int
push_access(AUTHORITY_INFO_ACCESS *list, int method, const char *url)
{
	ACCESS_DESCRIPTION *access;

	if (url == NULL)
		return 0;
	if ((access = ACCESS_DESCRIPTION_new()) == NULL ||
	    sk_ACCESS_DESCRIPTION_push(list, access) <= 0) {
		ACCESS_DESCRIPTION_free(access);
		return -1;
	}
	access->method = OBJ_nid2obj(method);
	GENERAL_NAME_free(access->location);
	access->location = new_uri(url);
	return access->location != NULL ? 0 : -1;
}

static int
add_authority_info_access(X509 *cert, const struct certificate_spec *spec)
{
	AUTHORITY_INFO_ACCESS *list;
	int rc = -1;

	if (spec->ocsp_url == NULL && spec->ca_issuers_url == NULL)
		return 0;
	list = sk_ACCESS_DESCRIPTION_new_null();
	if (list != NULL && push_access(list, NID_ad_OCSP, spec->ocsp_url) == 0 &&
	    push_access(list, NID_ad_ca_issuers, spec->ca_issuers_url) == 0)
		rc = add(cert, NID_info_access, list, 0);
	AUTHORITY_INFO_ACCESS_free(list);
	return rc;
}

int
certificate_add_extensions(OSSL_LIB_CTX *libctx, X509 *cert,
    const struct certificate_spec *spec, struct error *err)
{
	if (add_basic_constraints(cert, spec) != 0 || add_key_usage(cert, spec) != 0 ||
	    add_extended_key_usage(cert, spec->profile) != 0 ||
	    add_names(cert, spec) != 0 ||
	    add_name_constraints(cert, spec->name_constraints) != 0 ||
	    add_ocsp_nocheck(cert, spec->profile) != 0 ||
	    add_policies(cert, spec->profile) != 0 ||
	    add_must_staple(cert, spec->profile) != 0 ||
	    add_crl_distribution_point(cert, spec->crl_url) != 0 ||
	    add_authority_info_access(cert, spec) != 0)
		return error_set_openssl(err, ERROR_INTERNAL, "build a certificate");
	return add_key_ids(cert, libctx, spec, err);
}

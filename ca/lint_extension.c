/* lint_extension.c - the checks of a certificate's extensions. */
#include "ca/lint_check.h"

#include <string.h>

#include <openssl/objects.h>
#include <openssl/tls1.h>

#include "ca/constraints.h"
#include "ca/extkeyusage.h"
#include "ca/spki.h"

/* What may be there. Criticality of names depends on the subject and is checked with
 * them; that of an extended key usage depends on the purpose. */
static const struct {
	int nid;
	bool in_leaf, in_ca, critical;
} expected[] = {
	{ NID_basic_constraints, true, true, true },
	{ NID_key_usage, true, true, true },
	{ NID_subject_key_identifier, true, true, false },
	{ NID_authority_key_identifier, true, true, false },
	{ NID_subject_alt_name, true, false, false },
	{ NID_name_constraints, false, true, true },
	{ NID_crl_distribution_points, true, true, false },
	{ NID_info_access, true, true, false },
	{ NID_id_pkix_OCSP_noCheck, true, false, false },
	{ NID_certificate_policies, true, false, false },
	{ NID_tlsfeature, true, false, false },
};

static bool
extension_is_expected(X509_EXTENSION *ext, const struct profile *profile)
{
	int nid = OBJ_obj2nid(X509_EXTENSION_get_object(ext));
	bool critical = X509_EXTENSION_get_critical(ext) != 0;

	if (nid == NID_ext_key_usage && !profile->ca)
		return critical == extkeyusage_is_critical(profile);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		if (expected[i].nid == nid &&
		    (profile->ca ? expected[i].in_ca : expected[i].in_leaf))
			return nid == NID_subject_alt_name ||
			       critical == expected[i].critical;
	return false;
}

static const char *
check_extensions(const struct subject_matter *m)
{
	for (int i = 0; i < X509_get_ext_count(m->cert); i++) {
		X509_EXTENSION *ext = X509_get_ext(m->cert, i);

		if (!extension_is_expected(ext, m->spec->profile))
			return "one that the profile does not have, or of the wrong "
			       "criticality";
		if (X509_get_ext_by_OBJ(m->cert, X509_EXTENSION_get_object(ext), i) >= 0)
			return "one occurs twice";
	}
	return NULL;
}

static const char *
check_basic_constraints(const struct subject_matter *m)
{
	BASIC_CONSTRAINTS *bc =
	    X509_get_ext_d2i(m->cert, NID_basic_constraints, NULL, NULL);
	const char *why = NULL;
	long path_len;

	if (bc == NULL)
		return "absent";
	path_len = bc->pathlen != NULL ? ASN1_INTEGER_get(bc->pathlen) : PATH_LEN_NONE;
	if ((bc->ca != 0) != m->spec->profile->ca)
		why = "cA is not what the profile says";
	else if (path_len != (m->spec->profile->ca ? m->spec->path_len : PATH_LEN_NONE))
		why = "pathLenConstraint is not what was decided on";
	BASIC_CONSTRAINTS_free(bc);
	return why;
}

static const char *
check_key_usage(const struct subject_matter *m)
{
	const bool enciphers = m->spec->key_encipherment;
	const unsigned char wanted = m->spec->profile->ca ? KU_KEY_CERT_SIGN | KU_CRL_SIGN
				     : enciphers
					 ? KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT
					 : KU_DIGITAL_SIGNATURE;
	ASN1_BIT_STRING *bits = X509_get_ext_d2i(m->cert, NID_key_usage, NULL, NULL);
	bool fine;

	if (bits == NULL)
		return "absent";
	if (enciphers && !EVP_PKEY_is_a(m->spec->key, "RSA")) {
		ASN1_BIT_STRING_free(bits);
		return "keyEncipherment for a key that is not RSA";
	}
	fine = ASN1_STRING_length(bits) == 1 && ASN1_STRING_get0_data(bits)[0] == wanted;
	ASN1_BIT_STRING_free(bits);
	return fine ? NULL : "not what the profile says";
}

/* The same identifiers in the same order; either may be NULL. */
static bool
objects_are(const STACK_OF(ASN1_OBJECT) * objects, const char *const *wanted)
{
	int count = objects != NULL ? sk_ASN1_OBJECT_num(objects) : 0, i = 0;

	for (; wanted != NULL && *wanted != NULL; wanted++, i++) {
		ASN1_OBJECT *object = OBJ_txt2obj(*wanted, 0);
		bool same = object != NULL && i < count &&
			    OBJ_cmp(object, sk_ASN1_OBJECT_value(objects, i)) == 0;

		ASN1_OBJECT_free(object);
		if (!same)
			return false;
	}
	return i == count;
}

static const char *
check_extended_key_usage(const struct subject_matter *m)
{
	EXTENDED_KEY_USAGE *ekus =
	    X509_get_ext_d2i(m->cert, NID_ext_key_usage, NULL, NULL);
	bool fine = objects_are(ekus, m->spec->profile->ekus);

	EXTENDED_KEY_USAGE_free(ekus);
	return fine ? NULL : "not the purposes that the profile says";
}

static const char *
check_policies(const struct subject_matter *m)
{
	CERTIFICATEPOLICIES *policies =
	    X509_get_ext_d2i(m->cert, NID_certificate_policies, NULL, NULL);
	STACK_OF(ASN1_OBJECT) *oids = sk_ASN1_OBJECT_new_null();
	const char *why = NULL;

	for (int i = 0; i < sk_POLICYINFO_num(policies) && why == NULL; i++) {
		POLICYINFO *policy = sk_POLICYINFO_value(policies, i);

		if (policy->qualifiers != NULL)
			why = "a policy with a qualifier";
		sk_ASN1_OBJECT_push(oids, policy->policyid);
	}
	if (why == NULL && !objects_are(oids, m->spec->profile->policies))
		why = "not the policies that the profile says";
	sk_ASN1_OBJECT_free(oids);
	CERTIFICATEPOLICIES_free(policies);
	return why;
}

static const char *
check_tls_feature(const struct subject_matter *m)
{
	TLS_FEATURE *features = X509_get_ext_d2i(m->cert, NID_tlsfeature, NULL, NULL);
	bool there = features != NULL, fine;

	fine = there == m->spec->profile->must_staple &&
	       (!there || (sk_ASN1_INTEGER_num(features) == 1 &&
			      ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, 0)) ==
				  TLSEXT_TYPE_status_request));
	sk_ASN1_INTEGER_pop_free(features, ASN1_INTEGER_free);
	if (!fine)
		return "not what the profile says";
	return there && m->spec->ocsp_url == NULL
		   ? "stapling is a must, and neither issuer nor profile have an OCSP "
		     "URL"
		   : NULL;
}

static const char *
check_subject_key_id(const struct subject_matter *m)
{
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(m->cert);
	unsigned char wanted[SPKI_KEY_ID_BYTES];

	if (id == NULL)
		return "absent";
	if (spki_key_id(m->libctx, m->cert, wanted, NULL) != 0 ||
	    ASN1_STRING_length(id) != SPKI_KEY_ID_BYTES ||
	    memcmp(ASN1_STRING_get0_data(id), wanted, SPKI_KEY_ID_BYTES) != 0)
		return "not the hash of the key";
	return NULL;
}

static const char *
check_authority_key_id(const struct subject_matter *m)
{
	const ASN1_OCTET_STRING *wanted = X509_get0_subject_key_id(lint_issuer_of(m));
	AUTHORITY_KEYID *akid =
	    X509_get_ext_d2i(m->cert, NID_authority_key_identifier, NULL, NULL);
	const char *why = NULL;

	if (akid == NULL || akid->keyid == NULL)
		why = "absent";
	else if (akid->issuer != NULL || akid->serial != NULL)
		why = "names the issuer's serial as well";
	else if (wanted == NULL || ASN1_OCTET_STRING_cmp(akid->keyid, wanted) != 0)
		why = "not the issuer's subject key identifier";
	AUTHORITY_KEYID_free(akid);
	return why;
}

static const char *
check_san(const struct subject_matter *m)
{
	int at = X509_get_ext_by_NID(m->cert, NID_subject_alt_name, -1);
	bool anonymous = X509_NAME_entry_count(X509_get_subject_name(m->cert)) == 0;
	bool critical;

	if (m->spec->names == NULL)
		return at < 0 ? NULL : "there, although nothing is named";
	if (at < 0)
		return "absent";
	critical = X509_EXTENSION_get_critical(X509_get_ext(m->cert, at)) != 0;
	if (critical != anonymous)
		return "critical if, and only if, the subject is empty";
	return NULL;
}

static const char *
check_name_constraints(const struct subject_matter *m)
{
	NAME_CONSTRAINTS *there = constraints_of(m->cert);
	bool fine = constraints_equal(there, m->spec->name_constraints);

	NAME_CONSTRAINTS_free(there);
	return fine ? NULL : "not those that were decided on";
}

static bool
is_the_url(const GENERAL_NAME *name, const char *url)
{
	const ASN1_IA5STRING *text;

	if (name == NULL || name->type != GEN_URI)
		return false;
	text = name->d.uniformResourceIdentifier;
	return (size_t)ASN1_STRING_length(text) == strlen(url) &&
	       memcmp(ASN1_STRING_get0_data(text), url, strlen(url)) == 0;
}

static const char *
check_crl_distribution_point(const struct subject_matter *m)
{
	CRL_DIST_POINTS *points =
	    X509_get_ext_d2i(m->cert, NID_crl_distribution_points, NULL, NULL);
	const char *url = m->spec->crl_url;
	const DIST_POINT *point;
	bool fine;

	if (points == NULL)
		return url == NULL ? NULL : "absent";
	point = sk_DIST_POINT_value(points, 0);
	fine = url != NULL && sk_DIST_POINT_num(points) == 1 &&
	       point->distpoint != NULL && point->distpoint->type == 0 &&
	       point->reasons == NULL && point->CRLissuer == NULL &&
	       sk_GENERAL_NAME_num(point->distpoint->name.fullname) == 1 &&
	       is_the_url(sk_GENERAL_NAME_value(point->distpoint->name.fullname, 0), url);
	sk_DIST_POINT_pop_free(points, DIST_POINT_free);
	return fine ? NULL : "not the issuer's URL alone";
}

static const char *
check_authority_info_access(const struct subject_matter *m)
{
	const struct {
		int method;
		const char *url;
	} wanted[] = {
		{ NID_ad_OCSP, m->spec->ocsp_url },
		{ NID_ad_ca_issuers, m->spec->ca_issuers_url },
	};
	AUTHORITY_INFO_ACCESS *list =
	    X509_get_ext_d2i(m->cert, NID_info_access, NULL, NULL);
	int count = list != NULL ? sk_ACCESS_DESCRIPTION_num(list) : 0, used = 0;
	bool fine = true;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]) && fine; i++) {
		const ACCESS_DESCRIPTION *access;

		if (wanted[i].url == NULL)
			continue;
		access = used < count ? sk_ACCESS_DESCRIPTION_value(list, used++) : NULL;
		fine = access != NULL &&
		       OBJ_obj2nid(access->method) == wanted[i].method &&
		       is_the_url(access->location, wanted[i].url);
	}
	fine = fine && used == count;
	AUTHORITY_INFO_ACCESS_free(list);
	return fine ? NULL : "not the issuer's URLs alone";
}

static const char *
check_ocsp_nocheck(const struct subject_matter *m)
{
	bool there = X509_get_ext_by_NID(m->cert, NID_id_pkix_OCSP_noCheck, -1) >= 0;

	return there == m->spec->profile->ocsp_nocheck
		   ? NULL
		   : "for OCSP signers, and only them";
}

const struct lint_check lint_extension_checks[] = {
	{ RULE_CERT_EXTENSIONS, check_extensions },
	{ RULE_CERT_BASIC_CONSTRAINTS, check_basic_constraints },
	{ RULE_CERT_KEY_USAGE, check_key_usage },
	{ RULE_CERT_EXTENDED_KEY_USAGE, check_extended_key_usage },
	{ RULE_CERT_SUBJECT_KEY_ID, check_subject_key_id },
	{ RULE_CERT_AUTHORITY_KEY_ID, check_authority_key_id },
	{ RULE_CERT_SAN, check_san },
	{ RULE_CERT_NAME_CONSTRAINTS, check_name_constraints },
	{ RULE_CERT_CRL_DISTRIBUTION_POINT, check_crl_distribution_point },
	{ RULE_CERT_AUTHORITY_INFO_ACCESS, check_authority_info_access },
	{ RULE_CERT_OCSP_NOCHECK, check_ocsp_nocheck },
	{ RULE_CERT_POLICIES, check_policies },
	{ RULE_CERT_TLS_FEATURE, check_tls_feature },
	{ 0, NULL },
};

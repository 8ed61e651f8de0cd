/*
 * lint.c - one check a rule, each reading the parsed certificate and nothing that
 * built it.
 */
#include "ca/lint_check.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "ca/certtext.h"
#include "ca/constraints.h"
#include "ca/keytype.h"
#include "ca/san.h"
#include "ca/signer.h"
#include "ca/spki.h"
#include "ca/subject.h"

#define UTC_TIME_ENDS INT64_C(2524608000) /* 2050-01-01T00:00:00Z */

X509 *
lint_issuer_of(const struct subject_matter *m)
{
	return m->spec->issuer != NULL ? m->spec->issuer : m->cert;
}

static const char *
check_version(const struct subject_matter *m)
{
	return X509_get_version(m->cert) == X509_VERSION_3 ? NULL
							   : "the version is not 3";
}

static const char *
check_serial(const struct subject_matter *m)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(m->cert);

	if (ASN1_STRING_type(serial) != V_ASN1_INTEGER ||
	    ASN1_STRING_length(serial) != SERIAL_BYTES ||
	    memcmp(ASN1_STRING_get0_data(serial), m->spec->serial, SERIAL_BYTES) != 0)
		return "not the serial that was reserved";
	if (m->spec->serial[0] == 0 || m->spec->serial[0] > 0x7f)
		return "not between 2^152 and 2^159";
	return NULL;
}

/* RFC 8017 appendix C: RSASSA-PSS with SHA-256, MGF1 over SHA-256, a salt of 32 octets.
 */
static const unsigned char rsa_pss_sha256[] = { 0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48,
	0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30, 0x34, 0xa0, 0x0f, 0x30, 0x0d, 0x06,
	0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0xa1,
	0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
	0x08, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
	0x01, 0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x20 };

static bool
is_rsa_pss_sha256(const X509_ALGOR *algorithm)
{
	unsigned char *der = NULL;
	int len = i2d_X509_ALGOR(algorithm, &der);
	bool fine = len == (int)sizeof(rsa_pss_sha256) &&
		    memcmp(der, rsa_pss_sha256, sizeof(rsa_pss_sha256)) == 0;

	OPENSSL_free(der);
	return fine;
}

/* The object identifier is known to be right. */
static bool
parameters_are_right(const X509_ALGOR *algorithm, int signature_nid)
{
	int type;

	X509_ALGOR_get0(NULL, &type, NULL, algorithm);
	switch (signature_nid) {
	case NID_sha256WithRSAEncryption:
		return type == V_ASN1_NULL;
	case NID_rsassaPss:
		return is_rsa_pss_sha256(algorithm);
	default:
		return type == V_ASN1_UNDEF;
	}
}

static const char *
check_signature_algorithm(const struct subject_matter *m)
{
	const struct signer_choice *choice = signer_choice(m->spec->issuer_key);
	const X509_ALGOR *inner = X509_get0_tbs_sigalg(m->cert), *outer;

	X509_get0_signature(NULL, &outer, m->cert);
	if (X509_ALGOR_cmp(inner, outer) != 0)
		return "differs inside and outside of the signed part";
	if (choice == NULL || X509_get_signature_nid(m->cert) != choice->signature_nid)
		return "not the one for the issuer's key";
	if (!parameters_are_right(inner, choice->signature_nid))
		return "parameters are NULL for RSA, SHA-256, MGF1 with SHA-256 and a "
		       "salt of 32 octets for RSA-PSS, absent otherwise";
	return NULL;
}

static const char *
check_issuer(const struct subject_matter *m)
{
	X509 *issuer = lint_issuer_of(m);

	if (X509_NAME_entry_count(X509_get_issuer_name(m->cert)) == 0)
		return "the issuer's name is empty";
	if (X509_NAME_cmp(X509_get_issuer_name(m->cert), X509_get_subject_name(issuer)) !=
	    0)
		return "not the subject of the issuer's certificate";
	return NULL;
}

static const char *
check_subject(const struct subject_matter *m)
{
	X509_NAME *subject = X509_get_subject_name(m->cert);

	if (X509_NAME_cmp(subject, m->spec->subject) != 0)
		return "not the subject that was decided on";
	if (m->spec->profile->ca && X509_NAME_entry_count(subject) == 0)
		return "an authority needs a subject";
	if (m->spec->names != NULL && !subject_is_of_profile(subject, m->spec->profile))
		return "not the profile's fixed part and what it allows beside it";
	return NULL;
}

static const char *
check_validity(const struct subject_matter *m)
{
	const struct profile *profile = m->spec->profile;
	struct validity cert, issuer;

	if (certtext_validity(m->cert, &cert, NULL) != 0 ||
	    certtext_validity(lint_issuer_of(m), &issuer, NULL) != 0)
		return "a time that cannot be read";
	if (cert.not_before != m->spec->validity.not_before ||
	    cert.not_after != m->spec->validity.not_after)
		return "not the times that were decided on";
	if (cert.not_after < cert.not_before ||
	    cert.not_after - cert.not_before + 1 >
		profile->max_validity_s + profile->backdate_s)
		return "longer than the profile allows";
	if (cert.not_before < issuer.not_before || cert.not_after > issuer.not_after)
		return "reaches beyond the issuer's";
	return NULL;
}

static bool
is_well_encoded(const ASN1_TIME *time, int64_t seconds)
{
	bool utc = seconds < UTC_TIME_ENDS;
	size_t len = (size_t)ASN1_STRING_length(time);

	return ASN1_STRING_type(time) ==
		   (utc ? V_ASN1_UTCTIME : V_ASN1_GENERALIZEDTIME) &&
	       len == strlen(utc ? "YYMMDDHHMMSSZ" : "YYYYMMDDHHMMSSZ") &&
	       ASN1_STRING_get0_data(time)[len - 1] == 'Z';
}

static const char *
check_time_encoding(const struct subject_matter *m)
{
	const struct validity *validity = &m->spec->validity;

	if (!is_well_encoded(X509_get0_notBefore(m->cert), validity->not_before) ||
	    !is_well_encoded(X509_get0_notAfter(m->cert), validity->not_after))
		return "UTCTime until 2049, then GeneralizedTime; Zulu, with seconds";
	return NULL;
}

static const char *
check_public_key(const struct subject_matter *m)
{
	unsigned char wanted[SPKI_HASH_BYTES], got[SPKI_HASH_BYTES];
	X509_PUBKEY *spki = X509_get_X509_PUBKEY(m->cert);
	X509_ALGOR *algorithm;
	int parameter;

	if (spki_sha256_encoded(m->libctx, spki, got, NULL) != 0 ||
	    spki_sha256(m->libctx, m->spec->key, wanted, NULL) != 0 ||
	    memcmp(got, wanted, sizeof(got)) != 0)
		return "not the key that was examined";
	X509_PUBKEY_get0_param(NULL, NULL, NULL, &algorithm, spki);
	X509_ALGOR_get0(NULL, &parameter, NULL, algorithm);
	if (!keytype_is_allowed(m->spec->key, m->spec->profile))
		return "of a type that the profile does not allow";
	if (EVP_PKEY_is_a(m->spec->key, "RSA") && parameter != V_ASN1_NULL)
		return "RSA parameters are not NULL";
	if (EVP_PKEY_is_a(m->spec->key, "RSA-PSS") && parameter != V_ASN1_UNDEF)
		return "RSA-PSS parameters are not absent";
	return NULL;
}

static const struct lint_check checks[] = {
	{ RULE_CERT_VERSION, check_version },
	{ RULE_CERT_SERIAL, check_serial },
	{ RULE_CERT_SIGNATURE_ALGORITHM, check_signature_algorithm },
	{ RULE_CERT_ISSUER, check_issuer },
	{ RULE_CERT_SUBJECT, check_subject },
	{ RULE_CERT_VALIDITY, check_validity },
	{ RULE_CERT_TIME_ENCODING, check_time_encoding },
	{ RULE_CERT_PUBLIC_KEY, check_public_key },
	{ 0, NULL },
};

/* The names once more, as they stand in the certificate (openbao GHSA-g892-p242-8g86). */
static void
check_names(const struct subject_matter *m, struct violations *v)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(m->cert, NID_subject_alt_name, NULL, NULL);
	struct common_name cn;

	san_check(names, m->spec->profile, v);
	subject_check(X509_get_subject_name(m->cert), m->spec->profile, v);
	subject_common_name(X509_get_subject_name(m->cert), &cn, v);
	if (cn.len > 0 && names != NULL &&
	    !san_has_dns(names, (struct bytes){ (const unsigned char *)cn.text, cn.len }))
		violations_add(v, RULE_CN_IN_SAN, "subject CN",
		    "\"%s\" is not among the names", cn.text);
	GENERAL_NAMES_free(names);
}

/* RFC 5280 section 6.1.3 (b) and (c): each authority above has a say. */
static void
check_constraints(const struct subject_matter *m, struct violations *v)
{
	const STACK_OF(X509) *above = m->spec->above;
	X509 *authority = m->spec->issuer;

	for (int i = 0; authority != NULL; i++) {
		const char *why = constraints_check(m->cert, authority);

		if (why != NULL)
			violations_add(v, RULE_SAN_NAME_CONSTRAINTS, "certificate",
			    "level %d above: %s", i + 1, why);
		constraints_check_within(m->spec->name_constraints, authority, v);
		authority = i < sk_X509_num(above) ? sk_X509_value(above, i) : NULL;
	}
}

static bool
is_self_issued(X509 *cert)
{
	return (X509_get_extension_flags(cert) & EXFLAG_SI) != 0;
}

/* RFC 5280 section 6.1.4 (l) and (m). What is next above was looked at before; but an
 * outside certificate without a path length may stand under one that has it. */
static void
check_depth(const struct subject_matter *m, struct violations *v)
{
	const STACK_OF(X509) *above = m->spec->above;
	X509 *authority = m->spec->issuer;
	int depth = m->spec->profile->ca && !is_self_issued(m->cert);

	for (int i = 0; authority != NULL; i++) {
		long most = X509_get_pathlen(authority);

		if (most >= 0 && depth > most)
			violations_add(v, RULE_ISSUER_PATH_LENGTH, "certificate",
			    "level %d above: a path length of %ld, and %d authorities "
			    "below it",
			    i + 1, most, depth);
		depth += !is_self_issued(authority);
		authority = i < sk_X509_num(above) ? sk_X509_value(above, i) : NULL;
	}
}

static void
run(const struct lint_check *check, const struct subject_matter *m, struct violations *v)
{
	for (; check->check != NULL; check++) {
		const char *why = check->check(m);

		if (why != NULL)
			violations_add(v, check->rule, "certificate", "%s", why);
	}
}

void
lint_run(OSSL_LIB_CTX *libctx, X509 *cert, const struct certificate_spec *spec,
    struct violations *v)
{
	const struct subject_matter m = { libctx, cert, spec };

	run(checks, &m, v);
	run(lint_extension_checks, &m, v);
	check_constraints(&m, v);
	check_depth(&m, v);
	if (spec->names != NULL)
		check_names(&m, v);
	ERR_clear_error();
}

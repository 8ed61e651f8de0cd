/* certificate.c - fills in a TBSCertificate (RFC 5280 section 4.1.2) field by field. */
#include "ca/certificate_extension.h"

#include <time.h>

#include <openssl/x509v3.h>

#include "ca/keyspki.h"
#include "ca/undecoded.h"

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
set_key(X509 *cert, EVP_PKEY *key)
{
	if (keyspki_fill(key, X509_get_X509_PUBKEY(cert)) == 0)
		return 0;
	return X509_set_pubkey(cert, key) == 1 ? 0 : -1;
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
	    set_key(cert, spec->key) != 0)
		return -1;
	return 0;
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
	X509 *cert = undecoded_new_certificate();
	int rc = -1;

	if (cert == NULL || set_fields(cert, spec) != 0 ||
	    set_algorithm(cert, algorithm) != 0) {
		error_set_openssl(err, ERROR_INTERNAL, "build a certificate");
		goto out;
	}
	if (certificate_add_extensions(libctx, cert, spec, err) != 0)
		goto out;
	rc = append_tbs(cert, tbs, err);
out:
	X509_free(cert);
	return rc;
}

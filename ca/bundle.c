/* bundle.c - reads and judges a certificate that another authority made. */
#include "ca/bundle.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/pem.h"
#include "ca/certtext.h"
#include "ca/spki.h"

#define DER_SEQUENCE 0x30

static int
take(struct bundle *bundle, X509 *cert, struct error *err)
{
	/* What cannot be read in it would be held against everything beneath it. */
	if (X509_check_purpose(cert, -1, 0) != 1)
		return error_set_openssl(
		    err, ERROR_BAD_REQUEST, "certificate: an extension cannot be read");
	if (certtext_der(
		cert, bundle->cert == NULL ? &bundle->der : &bundle->chain, err) != 0)
		return -1;
	if (X509_up_ref(cert) != 1)
		return error_set(err, ERROR_INTERNAL, "reference to a certificate");
	if (bundle->cert == NULL)
		bundle->cert = cert;
	else if (sk_X509_num(bundle->above) + 1 == BUNDLE_MAX ||
		 sk_X509_push(bundle->above, cert) <= 0) {
		X509_free(cert);
		return error_set(
		    err, ERROR_TOO_LARGE, "certificate: at most %d of them", BUNDLE_MAX);
	}
	return 0;
}

static int
read_der(
    OSSL_LIB_CTX *libctx, struct bytes body, struct bundle *bundle, struct error *err)
{
	const unsigned char *p = body.data;
	X509 *cert = X509_new_ex(libctx, NULL);
	int rc = -1;

	if (cert == NULL || d2i_X509(&cert, &p, (long)body.len) == NULL)
		error_set_openssl(err, ERROR_BAD_REQUEST, "certificate: not DER");
	else if (p != body.data + body.len)
		error_set(err, ERROR_BAD_REQUEST, "certificate: %zu bytes behind it",
		    (size_t)(body.data + body.len - p));
	else
		rc = take(bundle, cert, err);
	X509_free(cert);
	return rc;
}

/* *cert is NULL after the last. */
static int
next_pem(OSSL_LIB_CTX *libctx, BIO *in, X509 **cert, struct error *err)
{
	if ((*cert = X509_new_ex(libctx, NULL)) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (PEM_read_bio_X509(in, cert, NULL, NULL) != NULL)
		return 0;
	X509_free(*cert);
	*cert = NULL;
	if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) {
		ERR_clear_error();
		return 0;
	}
	return error_set_openssl(err, ERROR_BAD_REQUEST, "certificate: PEM");
}

static int
read_pem(
    OSSL_LIB_CTX *libctx, struct bytes body, struct bundle *bundle, struct error *err)
{
	BIO *in = BIO_new_mem_buf(body.data, (int)body.len);
	X509 *cert;
	int rc = -1;

	if (in == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	while ((rc = next_pem(libctx, in, &cert, err)) == 0 && cert != NULL) {
		rc = take(bundle, cert, err);
		X509_free(cert);
		if (rc != 0)
			break;
	}
	BIO_free(in);
	if (rc == 0 && bundle->cert == NULL)
		rc = error_set(err, ERROR_BAD_REQUEST, "certificate: none in PEM or DER");
	return rc;
}

int
bundle_read(
    OSSL_LIB_CTX *libctx, struct bytes body, struct bundle *bundle, struct error *err)
{
	int rc;

	*bundle = (struct bundle){ .above = sk_X509_new_null() };
	if (bundle->above == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (body.len == 0)
		return error_set(err, ERROR_BAD_REQUEST, "certificate: empty");
	if (body.len > BUNDLE_MAX_BYTES)
		return error_set(err, ERROR_TOO_LARGE,
		    "certificate: %zu bytes; at most %d", body.len, BUNDLE_MAX_BYTES);
	if (pem_has_private_key(body))
		return error_set(err, ERROR_BAD_REQUEST,
		    "certificate: a private key comes with it, which must not leave "
		    "where it is");
	rc = body.data[0] == DER_SEQUENCE ? read_der(libctx, body, bundle, err)
					  : read_pem(libctx, body, bundle, err);
	if (rc == 0 && (buf_failed(&bundle->der) || buf_failed(&bundle->chain)))
		rc = error_set(err, ERROR_INTERNAL, "out of memory");
	return rc;
}

void
bundle_clear(struct bundle *bundle)
{
	X509_free(bundle->cert);
	sk_X509_pop_free(bundle->above, X509_free);
	buf_free(&bundle->der);
	buf_free(&bundle->chain);
	*bundle = (struct bundle){ 0 };
}

static int
check_identity(OSSL_LIB_CTX *libctx, X509 *cert, const struct bundle_wanted *wanted,
    struct violations *v, struct error *err)
{
	X509_NAME *subject = X509_get_subject_name(cert);
	unsigned char hash[SPKI_HASH_BYTES];

	if (spki_sha256_encoded(libctx, X509_get_X509_PUBKEY(cert), hash, err) != 0)
		return -1;
	if (memcmp(hash, wanted->spki_sha256, sizeof(hash)) != 0)
		violations_add(v, RULE_ISSUER_CERTIFICATE_KEY, "certificate",
		    "not for the issuer's key");
	if (X509_NAME_entry_count(subject) == 0)
		violations_add(v, RULE_ISSUER_CERTIFICATE_SUBJECT, "certificate",
		    "the subject is empty");
	else if (wanted->subject != NULL && X509_NAME_cmp(subject, wanted->subject) != 0)
		violations_add(v, RULE_ISSUER_CERTIFICATE_SUBJECT, "certificate",
		    "not the subject of the request");
	return 0;
}

static void
check_authority(X509 *cert, struct warnings *w, struct violations *v)
{
	const uint32_t wanted = KU_KEY_CERT_SIGN | KU_CRL_SIGN;
	const uint32_t usage = X509_get_key_usage(cert);

	/* 1 is basicConstraints; higher numbers are guesses from old times. */
	if (X509_get_version(cert) != X509_VERSION_3 || X509_check_ca(cert) != 1)
		violations_add(v, RULE_ISSUER_CERTIFICATE_CA, "certificate",
		    "not of version 3 with basicConstraints CA:TRUE: no client would "
		    "take what it signs");
	if (usage == UINT32_MAX)
		warnings_add(w, "no keyUsage in the certificate: strict clients refuse "
				"what it signs");
	else if ((usage & wanted) != wanted)
		violations_add(v, RULE_ISSUER_CERTIFICATE_KEY_USAGE, "certificate",
		    "keyUsage lacks keyCertSign or cRLSign");
	if (X509_get0_subject_key_id(cert) == NULL)
		violations_add(
		    v, RULE_ISSUER_CERTIFICATE_KEY_ID, "certificate", "absent");
}

static void
check_time(const X509 *cert, int64_t now, struct violations *v)
{
	struct validity validity;

	if (certtext_validity(cert, &validity, NULL) != 0)
		violations_add(v, RULE_ISSUER_CERTIFICATE_VALIDITY, "certificate",
		    "times that cannot be read");
	else if (now < validity.not_before)
		violations_add(
		    v, RULE_ISSUER_CERTIFICATE_VALIDITY, "certificate", "not valid yet");
	else if (now > validity.not_after)
		violations_add(
		    v, RULE_ISSUER_CERTIFICATE_VALIDITY, "certificate", "expired");
}

static bool
signed_by(X509 *cert, X509 *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);

	return key != NULL && X509_check_issued(issuer, cert) == X509_V_OK &&
	       X509_verify(cert, key) == 1;
}

static void
check_link(X509 *cert, X509 *issuer, int number, int64_t now, struct violations *v)
{
	struct validity validity;

	if (!signed_by(cert, issuer))
		violations_add(v, RULE_ISSUER_CERTIFICATE_CHAIN, "certificate",
		    "number %d is not signed by number %d", number - 1, number);
	/* A root from before version 3 cannot say that it is an authority. */
	if (X509_check_ca(issuer) == 0)
		violations_add(v, RULE_ISSUER_CERTIFICATE_CHAIN, "certificate",
		    "number %d is no authority's", number);
	if (certtext_validity(issuer, &validity, NULL) != 0 || now > validity.not_after)
		violations_add(v, RULE_ISSUER_CERTIFICATE_CHAIN, "certificate",
		    "number %d has expired", number);
}

/* RFC 5280 section 6.1.4 (l): what is self-issued does not count. */
static int
depth_of(X509 *cert)
{
	return (X509_get_extension_flags(cert) & EXFLAG_SI) == 0;
}

static void
check_chain(
    const struct bundle *bundle, int64_t now, struct warnings *w, struct violations *v)
{
	X509 *cert = bundle->cert;
	int depth = 0;

	for (int i = 0; i < sk_X509_num(bundle->above); i++) {
		X509 *issuer = sk_X509_value(bundle->above, i);
		long most = X509_get_pathlen(issuer);

		check_link(cert, issuer, i + 2, now, v);
		depth += depth_of(cert);
		if (most >= 0 && depth > most)
			violations_add(v, RULE_ISSUER_CERTIFICATE_CHAIN, "certificate",
			    "number %d has a path length of %ld, and %d authorities "
			    "below it",
			    i + 2, most, depth);
		cert = issuer;
	}
	if (X509_check_issued(cert, cert) != X509_V_OK)
		warnings_add(w, "the chain that was sent does not end in a root");
	else if (!signed_by(cert, cert))
		violations_add(v, RULE_ISSUER_CERTIFICATE_CHAIN, "certificate",
		    "the last looks self-signed, and its signature is wrong");
}

int
bundle_check(OSSL_LIB_CTX *libctx, const struct bundle *bundle,
    const struct bundle_wanted *wanted, struct warnings *w, struct violations *v,
    struct error *err)
{
	int rc = check_identity(libctx, bundle->cert, wanted, v, err);

	check_authority(bundle->cert, w, v);
	check_time(bundle->cert, wanted->now, v);
	check_chain(bundle, wanted->now, w, v);
	ERR_clear_error();
	return rc;
}

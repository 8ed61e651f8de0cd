/* renewal.c - from a certificate back to a request. */
#include "ca/renewal.h"

#include <openssl/err.h>

#include "base/clock.h"
#include "ca/keycheck.h"

#define SHORT_LIFE_S (10 * INT64_C(86400))

void
renewal_check(const struct certificate_row *row, int64_t now, struct violations *v)
{
	char when[CLOCK_TEXT_SIZE];

	if (row->status == CERTIFICATE_REVOKED)
		violations_add(v, RULE_RENEWAL_REVOKED, "certificate",
		    "%s is revoked; send a new request", row->serial);
	if (row->not_after < now - RENEWAL_GRACE_S) {
		clock_format(when, row->not_after);
		violations_add(v, RULE_RENEWAL_EXPIRED, "certificate",
		    "%s expired at %s, more than %d days ago; send a new request",
		    row->serial, when, (int)(RENEWAL_GRACE_S / 86400));
	}
}

struct renewal_window
renewal_window(const struct certificate_row *row)
{
	int64_t life = row->not_after - row->not_before + 1;
	int64_t before_end = life < SHORT_LIFE_S ? life / 2 : life / 3;
	int64_t start = row->not_after - before_end;

	if (row->status == CERTIFICATE_REVOKED)
		return (
		    struct renewal_window){ row->revoked_at - 3600, row->revoked_at - 1 };
	return (struct renewal_window){ start, start + life / 50 };
}

/* What a request may decide, and no more. */
static int
copy_extensions(const X509 *cert, X509_EXTENSIONS **extensions)
{
	static const int nids[] = { NID_subject_alt_name, NID_key_usage };

	for (size_t i = 0; i < sizeof(nids) / sizeof(nids[0]); i++) {
		int at = X509_get_ext_by_NID(cert, nids[i], -1);

		if (at >= 0 &&
		    X509v3_add_ext(extensions, X509_get_ext(cert, at), -1) == NULL)
			return -1;
	}
	return 0;
}

static int
fill(OSSL_LIB_CTX *libctx, X509 *cert, struct csr *csr, struct violations *v,
    struct error *err)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);

	if (key == NULL || (csr->req = X509_REQ_new_ex(libctx, NULL)) == NULL ||
	    X509_REQ_set_subject_name(csr->req, X509_get_subject_name(cert)) != 1 ||
	    X509_REQ_set_pubkey(csr->req, key) != 1 ||
	    copy_extensions(cert, &csr->extensions) != 0)
		return error_set_openssl(
		    err, ERROR_INTERNAL, "make a request of a certificate");
	return keycheck_read(
	    libctx, X509_REQ_get_X509_PUBKEY(csr->req), &csr->key, v, err);
}

int
renewal_request(OSSL_LIB_CTX *libctx, struct bytes certificate, struct csr *csr,
    struct violations *v, struct error *err)
{
	const unsigned char *p = certificate.data;
	X509 *cert = X509_new_ex(libctx, NULL);
	int rc = -1;

	*csr = (struct csr){ 0 };
	if (cert == NULL || d2i_X509(&cert, &p, (long)certificate.len) == NULL)
		error_set_openssl(err, ERROR_IO, "a certificate in the store");
	else
		rc = fill(libctx, cert, csr, v, err);
	ERR_clear_error();
	X509_free(cert);
	return rc;
}

static bool
has_name(const GENERAL_NAMES *names, GENERAL_NAME *name)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(names, i), name) == 0)
			return true;
	return false;
}

/* Neither has repeats. */
static bool
same_names(const GENERAL_NAMES *a, const GENERAL_NAMES *b)
{
	if (sk_GENERAL_NAME_num(a) != sk_GENERAL_NAME_num(b))
		return false;
	for (int i = 0; i < sk_GENERAL_NAME_num(a); i++)
		if (!has_name(b, sk_GENERAL_NAME_value(a, i)))
			return false;
	return true;
}

int
renewal_compare(OSSL_LIB_CTX *libctx, struct bytes certificate,
    const struct profile *profile, const struct identity *identity, struct violations *v,
    struct error *err)
{
	struct identity before = { 0 };
	struct violations unheard = { 0 }; /* it is the new one that is judged */
	struct warnings ignored = { 0 };
	struct csr csr;
	int rc = -1;

	if (renewal_request(libctx, certificate, &csr, &unheard, err) != 0 ||
	    identity_read(&csr, profile, &before, &ignored, &unheard, err) != 0)
		goto out;
	if (X509_NAME_cmp(before.subject, identity->subject) != 0)
		violations_add(v, RULE_RENEWAL_NAMES, "subject",
		    "not the subject of the certificate to renew");
	if (!same_names(before.names, identity->names))
		violations_add(v, RULE_RENEWAL_NAMES, "san",
		    "not the names of the certificate to renew");
	rc = 0;
out:
	identity_clear(&before);
	csr_clear(&csr);
	return rc;
}

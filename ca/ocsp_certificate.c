/* ocsp_certificate.c - certifies the key of an OCSP signer, and finds it again. */
#include "ca/ocsp_certificate.h"

#include <stdio.h>

#include <openssl/x509v3.h>

#include "ca/authority_certify.h"
#include "ca/authority_key.h"
#include "ca/spki.h"
#include "ca/subject.h"
#include "store/ocsp.h"

/* "CN=internal OCSP"; a name that leaves no room for that stands alone. */
static int
choose_subject(const char *issuer, X509_NAME **subject, struct error *err)
{
	char text[sizeof("/CN=") + SUBJECT_CN_MAX];
	int len = snprintf(text, sizeof(text), "/CN=%s OCSP", issuer);

	if (len >= (int)sizeof(text))
		snprintf(text, sizeof(text), "/CN=%s", issuer);
	return subject_from_text(text, subject, err);
}

static int
fill(struct authority *authority, struct issuer *issuer, int64_t now,
    struct certificate_spec *spec, struct violations *v, struct error *err)
{
	unsigned char hash[SPKI_HASH_BYTES];

	spec->profile = profile_ocsp_signer();
	spec->issuer = issuer->cert;
	spec->path_len = PATH_LEN_NONE;
	validity_choose(spec->profile, 0, now, &issuer->validity, &spec->validity, v);
	if (spki_sha256(authority->libctx, spec->key, hash, err) != 0 ||
	    authority_check_key(authority, hash, spec->key, v, err) != 0 ||
	    violations_verdict(v, err) != 0 ||
	    choose_subject(issuer->info.name, &spec->subject, err) != 0)
		return -1;
	return issuers_key(&authority->issuers, issuer, &spec->issuer_key, err);
}

static int
record(struct authority *authority, const struct certificate_row *row, struct error *err)
{
	char detail[160];
	const struct audit_event event = {
		.actor = AUDIT_SELF,
		.action = "certificate.issued",
		.object = row->serial,
		.detail = detail,
	};

	snprintf(
	    detail, sizeof(detail), "issuer %s, profile %s", row->issuer, row->profile);
	return store_certificate_record(authority->store, row, &event, err);
}

int
ocsp_certificate_issue(struct authority *authority, const char *name, EVP_PKEY *key,
    int64_t now, X509 **cert, struct error *err)
{
	struct certificate_spec spec = { .key = key };
	struct authority_certificate made = { 0 };
	struct violations v = { 0 };
	struct issuer *issuer;
	int rc = -1;

	if (issuers_find(&authority->issuers, name, &issuer, err) == 0 &&
	    fill(authority, issuer, now, &spec, &v, err) == 0 &&
	    authority_certify(
		authority, &spec, &issuer->info, AUDIT_SELF, &made, &v, err) == 0)
		rc = record(authority, &made.row, err);
	if (rc == 0) {
		*cert = made.cert;
		made.cert = NULL;
	}
	authority_certificate_clear(&made);
	EVP_PKEY_free(spec.issuer_key);
	X509_NAME_free(spec.subject);
	return rc;
}

struct finding {
	OSSL_LIB_CTX *libctx;
	X509 *cert; /* NULL when it does not decode */
};

static int
read_certificate(void *ctx, const struct certificate_row *row)
{
	struct finding *finding = ctx;
	const unsigned char *p = row->certificate.data;

	finding->cert = X509_new_ex(finding->libctx, NULL);
	if (finding->cert != NULL &&
	    d2i_X509(&finding->cert, &p, (long)row->certificate.len) == NULL)
		finding->cert = NULL; /* d2i_X509 has freed it */
	return 0;
}

int
ocsp_certificate_find(struct authority *authority, const char *issuer, EVP_PKEY *key,
    X509 **cert, struct error *err)
{
	struct finding finding = { authority->libctx, NULL };
	unsigned char hash[SPKI_HASH_BYTES];

	if (spki_sha256(authority->libctx, key, hash, err) != 0 ||
	    store_ocsp_signer_find(
		authority->store, issuer, hash, read_certificate, &finding, err) != 0)
		return -1;
	if (finding.cert == NULL)
		return error_set_openssl(
		    err, ERROR_IO, "an OCSP signer's certificate in the store");
	*cert = finding.cert;
	return 0;
}

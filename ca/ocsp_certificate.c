/* ocsp_certificate.c - certifies the key of an OCSP signer, and finds it again. */
#include "ca/ocsp_certificate.h"

#include <stdio.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "base/text.h"
#include "ca/authority_key.h"
#include "ca/certtext.h"
#include "ca/draft.h"
#include "ca/subject.h"
#include "store/ocsp.h"

/* One certificate on its way. */
struct making {
	struct authority *authority;
	struct issuer *issuer;
	struct certificate_spec spec;
	struct certificate_row row;
};

/* "CN=internal OCSP"; a name that leaves no room for that stands alone. */
static int
choose_subject(struct making *m, struct error *err)
{
	char text[sizeof("/CN=") + SUBJECT_CN_MAX];
	int len = snprintf(text, sizeof(text), "/CN=%s OCSP", m->row.issuer);

	if (len >= (int)sizeof(text))
		snprintf(text, sizeof(text), "/CN=%s", m->row.issuer);
	return subject_from_text(text, &m->spec.subject, err);
}

static int
fill(struct making *m, EVP_PKEY *key, struct violations *v, struct error *err)
{
	OSSL_LIB_CTX *libctx = m->authority->libctx;

	memcpy(m->row.issuer, m->issuer->info.name, strlen(m->issuer->info.name) + 1);
	m->spec.profile = profile_ocsp_signer();
	snprintf(m->row.profile, sizeof(m->row.profile), "%s", m->spec.profile->name);
	snprintf(m->row.requester, sizeof(m->row.requester), "%s", OCSP_ACTOR);
	m->spec.issuer = m->issuer->cert;
	m->spec.key = key;
	m->spec.path_len = PATH_LEN_NONE;
	validity_choose(m->spec.profile, 0, m->row.created, &m->issuer->validity,
	    &m->spec.validity, v);
	if (spki_sha256(libctx, key, m->row.spki_sha256, err) != 0 ||
	    authority_check_key(m->authority, m->row.spki_sha256, key, v, err) != 0 ||
	    violations_verdict(v, err) != 0 || choose_subject(m, err) != 0 ||
	    serial_new(libctx, m->spec.serial, err) != 0)
		return -1;
	hex_encode(m->row.serial, m->spec.serial, SERIAL_BYTES);
	return issuers_key(&m->authority->issuers, m->issuer, &m->spec.issuer_key, err);
}

static int
sign(struct making *m, X509 **cert, struct violations *v, struct error *err)
{
	OSSL_LIB_CTX *libctx = m->authority->libctx;
	struct draft draft;
	int rc = -1;

	if (draft_make(libctx, &m->spec, &draft, v, err) == 0 &&
	    violations_verdict(v, err) == 0)
		rc = draft_sign(libctx, &draft, &m->spec, cert, err);
	draft_clear(&draft);
	return rc;
}

static int
record(struct making *m, X509 *cert, struct error *err)
{
	char detail[160];
	struct audit_event event = {
		.actor = OCSP_ACTOR,
		.action = "certificate.issued",
		.object = m->row.serial,
		.detail = detail,
	};
	struct buffer der, subject;
	int rc = -1;

	buf_init(&der, 0);
	buf_init(&subject, 0);
	snprintf(detail, sizeof(detail), "issuer %s, profile %s", m->row.issuer,
	    m->row.profile);
	if (certtext_der(cert, &der, err) != 0 ||
	    certtext_subject(cert, &subject, err) != 0)
		goto out;
	m->row.not_before = m->spec.validity.not_before;
	m->row.not_after = m->spec.validity.not_after;
	m->row.certificate = buf_bytes(&der);
	m->row.subject = buf_string(&subject);
	m->row.names = "";
	rc = buf_failed(&der) || buf_failed(&subject)
		 ? error_set(err, ERROR_INTERNAL, "out of memory")
		 : store_certificate_record(m->authority->store, &m->row, &event, err);
out:
	buf_free(&der);
	buf_free(&subject);
	return rc;
}

static int
make(struct making *m, EVP_PKEY *key, X509 **cert, struct error *err)
{
	struct violations v = { 0 };
	X509 *made = NULL;
	int rc = -1;

	if (fill(m, key, &v, err) != 0 ||
	    store_certificate_reserve(
		m->authority->store, m->row.serial, m->row.issuer, err) != 0 ||
	    sign(m, &made, &v, err) != 0 || record(m, made, err) != 0)
		goto out;
	*cert = made;
	made = NULL;
	rc = 0;
out:
	X509_free(made);
	EVP_PKEY_free(m->spec.issuer_key);
	X509_NAME_free(m->spec.subject);
	return rc;
}

int
ocsp_certificate_issue(struct authority *authority, const char *issuer, EVP_PKEY *key,
    int64_t now, X509 **cert, struct error *err)
{
	struct making m = { .authority = authority, .row.created = now };

	if (issuers_find(&authority->issuers, issuer, &m.issuer, err) != 0)
		return -1;
	return make(&m, key, cert, err);
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

/* issuer.c - one issuer, from its row in the store. */
#include "ca/issuers.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "ca/certtext.h"
#include "ca/spki.h"
#include "ca/subject.h"

#define PARTS 3

/* Takes one certificate off the front of der. */
static int
parse_certificate(OSSL_LIB_CTX *libctx, struct bytes *der, X509 **cert, struct error *err)
{
	const unsigned char *p = der->data;

	if ((*cert = X509_new_ex(libctx, NULL)) == NULL ||
	    d2i_X509(cert, &p, (long)der->len) == NULL)
		return error_set_openssl(
		    err, ERROR_IO, "an issuer's certificate in the store");
	der->len -= (size_t)(p - der->data);
	der->data = p;
	/* Reads the extensions, which else the first of several threads to look would. */
	if (X509_check_purpose(*cert, -1, 0) != 1)
		return error_set_openssl(
		    err, ERROR_IO, "an issuer's certificate in the store");
	return 0;
}

static int
parse_outside(OSSL_LIB_CTX *libctx, struct issuer *issuer, struct error *err)
{
	struct bytes left = issuer->row.chain;

	if (left.len != 0 && (issuer->outside = sk_X509_new_null()) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	while (left.len != 0) {
		X509 *cert = NULL;

		if (parse_certificate(libctx, &left, &cert, err) != 0 ||
		    sk_X509_push(issuer->outside, cert) <= 0) {
			X509_free(cert);
			return -1;
		}
	}
	return 0;
}

static int
check_key(OSSL_LIB_CTX *libctx, const struct issuer *issuer, struct error *err)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer->cert);
	unsigned char hash[SPKI_HASH_BYTES];

	if (key == NULL)
		return error_set_openssl(
		    err, ERROR_IO, "an issuer's public key in the store");
	if (spki_sha256(libctx, key, hash, err) != 0)
		return -1;
	if (memcmp(hash, issuer->row.key_spki_sha256, sizeof(hash)) != 0)
		return error_set(err, ERROR_IO,
		    "the certificate of issuer %s in the store is not for its key",
		    issuer->row.name);
	return 0;
}

static int
read_certificate(OSSL_LIB_CTX *libctx, struct issuer *issuer, struct error *err)
{
	struct bytes der = issuer->row.certificate;

	if (parse_certificate(libctx, &der, &issuer->cert, err) != 0 ||
	    parse_outside(libctx, issuer, err) != 0 ||
	    check_key(libctx, issuer, err) != 0 ||
	    certtext_subject(issuer->cert, &issuer->subject, err) != 0 ||
	    certtext_serial(issuer->cert, issuer->serial, err) != 0)
		return -1;
	return certtext_validity(issuer->cert, &issuer->validity, err);
}

/* All that there is of one without a certificate. */
static int
read_request(struct issuer *issuer, struct error *err)
{
	const unsigned char *p = issuer->row.request.data;
	X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)issuer->row.request.len);
	int rc;

	if (req == NULL)
		return error_set_openssl(
		    err, ERROR_IO, "an issuer's request in the store");
	rc = subject_text(X509_REQ_get_subject_name(req), &issuer->subject, err);
	X509_REQ_free(req);
	return rc;
}

bool
issuer_is_root(const struct issuer *issuer)
{
	return (X509_get_extension_flags(issuer->cert) & EXFLAG_SS) != 0;
}

static int
check_memory(const struct issuer *issuer, struct error *err)
{
	return buf_failed(&issuer->subject)
		   ? error_set(err, ERROR_INTERNAL, "out of memory")
		   : 0;
}

static const char *
unless_empty(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static void
fill_info(struct issuer *issuer)
{
	const struct issuer_row *row = &issuer->row;

	issuer->info.name = row->name;
	issuer->info.parent = unless_empty(row->parent);
	issuer->info.state = row->state;
	issuer->info.successor = unless_empty(row->successor);
	issuer->info.crl_url = unless_empty(row->crl_url);
	issuer->info.ocsp_url = unless_empty(row->ocsp_url);
	issuer->info.ca_issuers_url = unless_empty(row->ca_issuers_url);
	issuer->info.crl_shards = row->crl_shards;
	issuer->info.subject = buf_string(&issuer->subject);
	issuer->info.serial = issuer->serial;
	issuer->info.not_before = issuer->validity.not_before;
	issuer->info.not_after = issuer->validity.not_after;
	issuer->info.certificate = row->certificate;
	issuer->info.request = row->request;
	issuer->info.external = issuer->cert == NULL ||
				(issuer->info.parent == NULL && !issuer_is_root(issuer));
}

/* The row's bytes move into the issuer's own memory. */
static int
keep_row(struct issuer *issuer, const struct issuer_row *row, struct error *err)
{
	struct bytes *parts[] = { &issuer->row.certificate, &issuer->row.request,
		&issuer->row.chain };
	size_t at = 0;

	issuer->row = *row;
	for (size_t i = 0; i < PARTS; i++)
		buf_append(&issuer->der, parts[i]->data, parts[i]->len);
	if (buf_failed(&issuer->der))
		return error_set(err, ERROR_INTERNAL, "out of memory");
	for (size_t i = 0; i < PARTS; i++) {
		parts[i]->data = issuer->der.data + at;
		at += parts[i]->len;
	}
	return 0;
}

int
issuer_new(OSSL_LIB_CTX *libctx, const struct issuer_row *row, struct issuer **issuer,
    struct error *err)
{
	struct issuer *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	memcpy(made->info.spki_sha256, row->key_spki_sha256, SPKI_HASH_BYTES);
	if (keep_row(made, row, err) != 0 ||
	    (row->state == ISSUER_PENDING ? read_request(made, err)
					  : read_certificate(libctx, made, err)) != 0 ||
	    check_memory(made, err) != 0) {
		issuer_free(made);
		return -1;
	}
	fill_info(made);
	*issuer = made;
	return 0;
}

void
issuer_free(struct issuer *issuer)
{
	if (issuer == NULL)
		return;
	X509_free(issuer->cert);
	sk_X509_pop_free(issuer->outside, X509_free);
	EVP_PKEY_free(issuer->key);
	buf_free(&issuer->subject);
	buf_free(&issuer->der);
	free(issuer);
}

int
issuer_check_active(const struct issuer *issuer, struct error *err)
{
	if (issuer->row.state == ISSUER_ACTIVE)
		return 0;
	return error_set(err, ERROR_CONFLICT, "issuer %s is %s: it signs no certificates",
	    issuer->row.name, issuer_state_name(issuer->row.state));
}

void
issuer_point(const struct issuer *issuer, struct certificate_spec *spec)
{
	const struct profile *profile = spec->profile;

	spec->ocsp_url = profile_url(profile->ocsp_url, issuer->info.ocsp_url);
	spec->ca_issuers_url =
	    profile_url(profile->ca_issuers_url, issuer->info.ca_issuers_url);
}

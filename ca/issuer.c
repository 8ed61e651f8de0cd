/* issuer.c - one issuer, from its row in the store. */
#include "ca/issuers.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "ca/certtext.h"
#include "ca/spki.h"

static int
parse_certificate(OSSL_LIB_CTX *libctx, struct bytes der, X509 **cert, struct error *err)
{
	const unsigned char *p = der.data;

	if ((*cert = X509_new_ex(libctx, NULL)) == NULL ||
	    d2i_X509(cert, &p, (long)der.len) == NULL || p != der.data + der.len)
		return error_set_openssl(
		    err, ERROR_IO, "an issuer's certificate in the store");
	/* Reads the extensions, which else the first of several threads to look would. */
	if (X509_check_purpose(*cert, -1, 0) != 1)
		return error_set_openssl(
		    err, ERROR_IO, "an issuer's certificate in the store");
	return 0;
}

static int
check_key(OSSL_LIB_CTX *libctx, const struct issuer *issuer, const struct issuer_row *row,
    struct error *err)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer->cert);
	unsigned char hash[SPKI_HASH_BYTES];

	if (key == NULL)
		return error_set_openssl(
		    err, ERROR_IO, "an issuer's public key in the store");
	if (spki_sha256(libctx, key, hash, err) != 0)
		return -1;
	if (memcmp(hash, row->key_spki_sha256, sizeof(hash)) != 0)
		return error_set(err, ERROR_IO,
		    "the certificate of issuer %s in the store is not for its key",
		    row->name);
	return 0;
}

static int
read_texts(struct issuer *issuer, struct error *err)
{
	if (certtext_subject(issuer->cert, &issuer->subject, err) != 0 ||
	    certtext_serial(issuer->cert, issuer->serial, err) != 0 ||
	    certtext_validity(issuer->cert, &issuer->validity, err) != 0)
		return -1;
	if (buf_failed(&issuer->subject) || buf_failed(&issuer->der))
		return error_set(err, ERROR_INTERNAL, "out of memory");
	return 0;
}

static void
fill_info(struct issuer *issuer)
{
	issuer->info.name = issuer->name;
	issuer->info.parent = issuer->parent != NULL ? issuer->parent->name : NULL;
	issuer->info.subject = buf_string(&issuer->subject);
	issuer->info.serial = issuer->serial;
	issuer->info.not_before = issuer->validity.not_before;
	issuer->info.not_after = issuer->validity.not_after;
	issuer->info.certificate = buf_bytes(&issuer->der);
}

int
issuer_new(OSSL_LIB_CTX *libctx, const struct issuer_row *row, struct issuer *parent,
    struct issuer **issuer, struct error *err)
{
	struct issuer *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	made->parent = parent;
	memcpy(made->name, row->name, sizeof(made->name));
	memcpy(made->info.spki_sha256, row->key_spki_sha256, SPKI_HASH_BYTES);
	buf_append(&made->der, row->certificate.data, row->certificate.len);
	if (parse_certificate(libctx, row->certificate, &made->cert, err) != 0 ||
	    check_key(libctx, made, row, err) != 0 || read_texts(made, err) != 0) {
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
	EVP_PKEY_free(issuer->key);
	buf_free(&issuer->subject);
	buf_free(&issuer->der);
	free(issuer);
}

/* draft.c - build, lint, sign, parse, compare, verify, all on the same bytes. */
#include "ca/draft.h"

#include <string.h>

#include <openssl/asn1t.h>

#include "ca/lint.h"
#include "ca/keyspki.h"
#include "ca/undecoded.h"

/* An outer SEQUENCE of three parts, the last a BIT STRING without unused bits. */
static int
assemble(
    const struct draft *draft, struct bytes sig, struct buffer *der, struct error *err)
{
	int bits = ASN1_object_size(0, (int)sig.len + 1, V_ASN1_BIT_STRING);
	int content = (int)draft->tbs.len + (int)draft->signer.algorithm_len + bits;
	unsigned char header[16], *p = header;

	ASN1_put_object(&p, 1, content, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
	buf_append(der, header, (size_t)(p - header));
	buf_append(der, draft->tbs.data, draft->tbs.len);
	buf_append(der, draft->signer.algorithm, draft->signer.algorithm_len);
	p = header;
	ASN1_put_object(&p, 0, (int)sig.len + 1, V_ASN1_BIT_STRING, V_ASN1_UNIVERSAL);
	*p++ = 0;
	buf_append(der, header, (size_t)(p - header));
	buf_append(der, sig.data, sig.len);
	return buf_failed(der) ? error_set(err, ERROR_INTERNAL, "out of memory") : 0;
}

/* It is ours: what cannot be read is no mistake of a client's. */
static int
parse(struct bytes der, X509 **cert, struct error *err)
{
	struct error why;

	if (undecoded_certificate(der, cert, &why) != 0)
		return error_set(
		    err, ERROR_INTERNAL, "the certificate just made: %s", why.text);
	return 0;
}

static int
lint(OSSL_LIB_CTX *libctx, const struct draft *draft, const struct certificate_spec *spec,
    struct violations *v, struct error *err)
{
	const struct bytes unsigned_yet = { (const unsigned char *)"", 0 };
	X509 *cert = NULL;
	struct buffer der;
	int rc = -1;

	buf_init(&der, 0);
	if (assemble(draft, unsigned_yet, &der, err) == 0 &&
	    parse(buf_bytes(&der), &cert, err) == 0) {
		lint_run(libctx, cert, spec, v);
		rc = 0;
	}
	X509_free(cert);
	buf_free(&der);
	return rc;
}

int
draft_make(OSSL_LIB_CTX *libctx, const struct certificate_spec *spec, struct draft *draft,
    struct violations *v, struct error *err)
{
	struct bytes algorithm;

	buf_init(&draft->tbs, 0);
	if (signer_init(&draft->signer, libctx, spec->issuer_key, err) != 0)
		return -1;
	algorithm =
	    (struct bytes){ draft->signer.algorithm, draft->signer.algorithm_len };
	if (certificate_encode_tbs(libctx, spec, algorithm, &draft->tbs, err) != 0)
		return -1;
	return lint(libctx, draft, spec, v, err);
}

static int
compare(X509 *cert, const struct draft *draft, struct error *err)
{
	unsigned char *tbs = NULL;
	int len = i2d_re_X509_tbs(cert, &tbs);
	int rc = 0;

	if (len < 0 || (size_t)len != draft->tbs.len ||
	    memcmp(tbs, draft->tbs.data, draft->tbs.len) != 0)
		rc = error_set(
		    err, ERROR_INTERNAL, "the certificate is not what was linted");
	OPENSSL_free(tbs);
	return rc;
}

/* X509_verify, but with a library context that can. compare has seen the signed bytes. */
static int
verify_by(OSSL_LIB_CTX *libctx, const X509 *cert, const struct draft *draft,
    EVP_PKEY *key, struct error *err)
{
	ASN1_STRING *tbs = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
	const ASN1_BIT_STRING *sig;
	const X509_ALGOR *outer;
	int rc = -1;

	X509_get0_signature(&sig, &outer, cert);
	if (tbs == NULL ||
	    ASN1_STRING_set(tbs, draft->tbs.data, (int)draft->tbs.len) != 1 ||
	    X509_ALGOR_cmp(outer, X509_get0_tbs_sigalg(cert)) != 0 ||
	    ASN1_item_verify_ex(ASN1_ITEM_rptr(ASN1_SEQUENCE), outer, sig, tbs, NULL, key,
		libctx, NULL) != 1)
		error_set_openssl(err, ERROR_TOKEN,
		    "the signature does not verify with the issuer's key");
	else
		rc = 0;
	ASN1_STRING_free(tbs);
	return rc;
}

/* With the key from the issuer's certificate: what every relying party will do. */
static int
verify(OSSL_LIB_CTX *libctx, const X509 *cert, const struct draft *draft,
    const struct certificate_spec *spec, struct error *err)
{
	EVP_PKEY *own = NULL, *key;
	int rc;

	if (spec->issuer != NULL)
		key = X509_get0_pubkey(spec->issuer);
	else if (keyspki_read(libctx, X509_get_X509_PUBKEY(cert), &own) == 0)
		key = own;
	else
		key = NULL;
	rc = key != NULL ? verify_by(libctx, cert, draft, key, err)
			 : error_set_openssl(err, ERROR_INTERNAL, "the issuer's key");
	EVP_PKEY_free(own);
	return rc;
}

int
draft_sign(OSSL_LIB_CTX *libctx, struct draft *draft, const struct certificate_spec *spec,
    struct buffer *der, struct error *err)
{
	unsigned char sig[SIGNER_SIGNATURE_MAX];
	struct bytes signature = { sig, 0 };
	X509 *cert = NULL;
	int rc = -1;

	if (signer_sign(
		&draft->signer, buf_bytes(&draft->tbs), sig, &signature.len, err) == 0 &&
	    assemble(draft, signature, der, err) == 0 &&
	    parse(buf_bytes(der), &cert, err) == 0 && compare(cert, draft, err) == 0)
		rc = verify(libctx, cert, draft, spec, err);
	if (rc != 0)
		buf_free(der);
	X509_free(cert);
	return rc;
}

void
draft_clear(struct draft *draft)
{
	signer_clear(&draft->signer);
	buf_free(&draft->tbs);
}

/* draft.c - build, lint, sign, parse, compare, verify, all on the same bytes. */
#include "ca/draft.h"

#include <string.h>

#include "ca/lint.h"

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

static int
assemble_and_parse(OSSL_LIB_CTX *libctx, const struct draft *draft, struct bytes sig,
    X509 **cert, struct error *err)
{
	const unsigned char *p;
	struct buffer der;
	int rc = -1;

	buf_init(&der, 0);
	if (assemble(draft, sig, &der, err) != 0)
		goto out;
	p = der.data;
	*cert = X509_new_ex(libctx, NULL);
	if (*cert == NULL || d2i_X509(cert, &p, (long)der.len) == NULL ||
	    p != der.data + der.len) {
		error_set_openssl(err, ERROR_INTERNAL, "parse the certificate just made");
		X509_free(*cert);
		*cert = NULL;
		goto out;
	}
	rc = 0;
out:
	buf_free(&der);
	return rc;
}

static int
lint(OSSL_LIB_CTX *libctx, const struct draft *draft, const struct certificate_spec *spec,
    struct violations *v, struct error *err)
{
	const struct bytes unsigned_yet = { (const unsigned char *)"", 0 };
	X509 *cert = NULL;

	if (assemble_and_parse(libctx, draft, unsigned_yet, &cert, err) != 0)
		return -1;
	lint_run(libctx, cert, spec, v);
	X509_free(cert);
	return 0;
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

/* With the key from the issuer's certificate: what every relying party will do. */
static int
verify(X509 *cert, const struct certificate_spec *spec, struct error *err)
{
	EVP_PKEY *key = X509_get0_pubkey(spec->issuer != NULL ? spec->issuer : cert);

	if (key == NULL || X509_verify(cert, key) != 1)
		return error_set_openssl(err, ERROR_TOKEN,
		    "the signature does not verify with the issuer's key");
	return 0;
}

int
draft_sign(OSSL_LIB_CTX *libctx, struct draft *draft, const struct certificate_spec *spec,
    X509 **cert, struct error *err)
{
	unsigned char sig[SIGNER_SIGNATURE_MAX];
	struct bytes signature = { sig, 0 };
	X509 *made = NULL;

	if (signer_sign(
		&draft->signer, buf_bytes(&draft->tbs), sig, &signature.len, err) != 0 ||
	    assemble_and_parse(libctx, draft, signature, &made, err) != 0)
		return -1;
	if (compare(made, draft, err) != 0 || verify(made, spec, err) != 0) {
		X509_free(made);
		return -1;
	}
	*cert = made;
	return 0;
}

void
draft_clear(struct draft *draft)
{
	signer_clear(&draft->signer);
	buf_free(&draft->tbs);
}

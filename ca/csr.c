/*
 * csr.c - reads a certification request: structure first, then the key, then the
 * signature, so that nothing expensive is done for something malformed.
 */
#include "ca/csr.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>

#include "ca/der.h"
#include "ca/extension.h"
#include "ca/keycheck.h"
#include "ca/undecoded.h"
#include "base/pem.h"

#define DER_SEQUENCE    0x30
#define BASE64_SEQUENCE 'M' /* the first character of any SEQUENCE */

static const char *const labels[] = { "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST",
	NULL };

static bool
is_bare_base64(const struct bytes *body)
{
	size_t i = 0;

	while (i < body->len && memchr(" \t\r\n", body->data[i], 4) != NULL)
		i++;
	return i < body->len && body->data[i] == BASE64_SEQUENCE;
}

static int
take_text(const struct bytes *body, struct buffer *der, struct error *err)
{
	int rc = is_bare_base64(body) ? pem_read_bare(*body, der, err)
				      : pem_read(*body, labels, der, err);

	return rc == 0 ? 0 : error_set(err, err->code, "CSR: %s", err->text);
}

static int
take_body(const struct bytes *body, struct buffer *der, struct error *err)
{
	if (body->len > CSR_MAX_BYTES)
		return error_set(err, ERROR_TOO_LARGE, "CSR: %zu bytes; at most %d",
		    body->len, CSR_MAX_BYTES);
	if (body->len == 0)
		return error_set(err, ERROR_BAD_REQUEST, "CSR: empty");
	if (body->data[0] != DER_SEQUENCE)
		return take_text(body, der, err);
	buf_append(der, body->data, body->len);
	return 0;
}

static int
parse(const struct buffer *der, X509_REQ **req, struct error *err)
{
	struct error why;

	if (buf_failed(der))
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (undecoded_request(buf_bytes(der), req, &why) != 0)
		return error_set(err, why.code, "CSR: %s", why.text);
	return 0;
}

/*
 * The walk finds BER's lengths and tags; encoding anew, unsorted SETs. A copy, because
 * the request's signature is over the bytes as they came.
 */
static void
check_encoding(const X509_REQ *req, const struct buffer *der, struct violations *v)
{
	unsigned char *again = NULL;
	X509_REQ *copy;
	int len = -1;

	if (undecoded_request(buf_bytes(der), &copy, NULL) == 0 &&
	    i2d_re_X509_REQ_tbs(copy, &again) > 0) {
		OPENSSL_free(again);
		again = NULL;
		len = i2d_X509_REQ(copy, &again);
	}
	if (!der_is_strict(buf_bytes(der)) || len < 0 || (size_t)len != der->len ||
	    memcmp(again, der->data, der->len) != 0)
		violations_add(v, RULE_CSR_DER, "csr", "BER, but not DER");
	if (X509_REQ_get_version(req) != X509_REQ_VERSION_1)
		violations_add(v, RULE_CSR_VERSION, "csr", "the version is not 0");
	OPENSSL_free(again);
	X509_REQ_free(copy);
}

static bool
is_sha2(const X509_ALGOR *hash)
{
	switch (hash != NULL ? OBJ_obj2nid(hash->algorithm) : NID_undef) {
	case NID_sha256:
	case NID_sha384:
	case NID_sha512:
		return true;
	default:
		return false;
	}
}

/* The value among an algorithm's parameters, or NULL; the caller frees it. */
static void *
read_parameters(const X509_ALGOR *algorithm, const ASN1_ITEM *item)
{
	const void *value;
	int type;

	if (algorithm == NULL)
		return NULL;
	X509_ALGOR_get0(NULL, &type, &value, algorithm);
	return type == V_ASN1_SEQUENCE ? ASN1_item_unpack(value, item) : NULL;
}

static bool
is_same_hash(const X509_ALGOR *a, const X509_ALGOR *b)
{
	return a != NULL && b != NULL && OBJ_cmp(a->algorithm, b->algorithm) == 0;
}

/*
 * RFC 4055 section 3.1: absent hashes are SHA-1, and MGF1's had better be the message's.
 * The salt's length is left to the requester: openssl req takes the longest.
 */
static bool
is_pss_with_sha2(const X509_REQ *req)
{
	const X509_ALGOR *algorithm;
	RSA_PSS_PARAMS *pss;
	X509_ALGOR *mgf1_hash = NULL;
	bool fine;

	X509_REQ_get0_signature(req, NULL, &algorithm);
	pss = read_parameters(algorithm, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
	if (pss != NULL)
		mgf1_hash =
		    read_parameters(pss->maskGenAlgorithm, ASN1_ITEM_rptr(X509_ALGOR));
	fine = pss != NULL && is_sha2(pss->hashAlgorithm) &&
	       is_same_hash(pss->hashAlgorithm, mgf1_hash);
	X509_ALGOR_free(mgf1_hash);
	RSA_PSS_PARAMS_free(pss);
	return fine;
}

static void
check_algorithm(const X509_REQ *req, struct violations *v)
{
	static const int accepted[] = {
		NID_sha256WithRSAEncryption,
		NID_sha384WithRSAEncryption,
		NID_sha512WithRSAEncryption,
		NID_ecdsa_with_SHA256,
		NID_ecdsa_with_SHA384,
		NID_ecdsa_with_SHA512,
		NID_ED25519,
	};
	int nid = X509_REQ_get_signature_nid(req);

	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++)
		if (accepted[i] == nid)
			return;
	if (nid == NID_rsassaPss && is_pss_with_sha2(req))
		return;
	violations_add(v, RULE_CSR_SIGNATURE_ALGORITHM, "csr",
	    "signed with %s; SHA-256, SHA-384, SHA-512 or Ed25519 are accepted",
	    OBJ_nid2sn(nid));
}

int
csr_read(OSSL_LIB_CTX *libctx, const struct bytes *body, struct csr *csr,
    struct violations *v, struct error *err)
{
	struct buffer der;
	int rc = -1;

	*csr = (struct csr){ 0 };
	buf_init(&der, 0);
	if (take_body(body, &der, err) != 0 || parse(&der, &csr->req, err) != 0)
		goto out;
	check_encoding(csr->req, &der, v);
	extension_read(csr->req, &csr->extensions, v);
	check_algorithm(csr->req, v);
	if (keycheck_read(
		libctx, X509_REQ_get_X509_PUBKEY(csr->req), &csr->key, v, err) != 0)
		goto out;
	/* Proof of possession: without it anyone could certify another's key. */
	if (csr->key != NULL && X509_REQ_verify_ex(csr->req, csr->key, libctx, NULL) != 1)
		violations_add(v, RULE_CSR_SIGNATURE, "csr",
		    "not signed by the key that it asks a certificate for");
	rc = 0;
out:
	ERR_clear_error();
	buf_free(&der);
	return rc;
}

void
csr_clear(struct csr *csr)
{
	X509_REQ_free(csr->req);
	EVP_PKEY_free(csr->key);
	sk_X509_EXTENSION_pop_free(csr->extensions, X509_EXTENSION_free);
	*csr = (struct csr){ 0 };
}

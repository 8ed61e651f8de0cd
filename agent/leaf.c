/* leaf.c - reads the first certificate of a chain, and the request for one. */
#include "agent/leaf.h"

#include <limits.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/pem.h"
#include "base/text.h"

static int
hash_key(const X509_PUBKEY *key, char text[static LEAF_HASH_SIZE], struct error *err)
{
	unsigned char hash[EVP_MAX_MD_SIZE], *der = NULL;
	size_t hash_len;
	int len = i2d_X509_PUBKEY(key, &der), rc = -1;

	if (len <= 0 ||
	    EVP_Q_digest(NULL, "SHA256", NULL, der, (size_t)len, hash, &hash_len) != 1) {
		error_set_openssl(err, ERROR_INTERNAL, "hashing a public key");
	} else {
		hex_encode(text, hash, hash_len);
		rc = 0;
	}
	OPENSSL_free(der);
	return rc;
}

static int
read_first(struct bytes chain, X509 **cert, struct error *err)
{
	BIO *in = NULL;
	int rc = 0;

	*cert = NULL;
	if (chain.len > INT_MAX ||
	    (in = BIO_new_mem_buf(chain.data, (int)chain.len)) == NULL ||
	    (*cert = PEM_read_bio_X509(in, NULL, NULL, NULL)) == NULL)
		rc = error_set_openssl(
		    err, ERROR_BAD_REQUEST, "a chain without a certificate");
	BIO_free(in);
	return rc;
}

int
leaf_read(struct bytes chain, struct leaf *leaf, struct error *err)
{
	X509 *cert;
	int rc = read_first(chain, &cert, err);

	if (rc == 0) {
		certificate_serial(cert, leaf->serial);
		leaf->not_before = certificate_time(X509_get0_notBefore(cert));
		leaf->not_after = certificate_time(X509_get0_notAfter(cert));
		rc = hash_key(X509_get_X509_PUBKEY(cert), leaf->spki_sha256, err);
	}
	X509_free(cert);
	return rc;
}

int
leaf_request_key(struct bytes csr, char hash[static LEAF_HASH_SIZE], struct error *err)
{
	static const char *const labels[] = { "CERTIFICATE REQUEST", NULL };
	X509_REQ *request = NULL;
	const unsigned char *at;
	struct buffer der;
	int rc = -1;

	buf_init(&der, 0);
	if (pem_read(csr, labels, &der, err) != 0)
		goto out;
	at = der.data;
	if ((request = d2i_X509_REQ(NULL, &at, (long)der.len)) == NULL ||
	    at != der.data + der.len)
		error_set_openssl(err, ERROR_BAD_REQUEST, "a request to certify");
	else
		rc = hash_key(X509_REQ_get_X509_PUBKEY(request), hash, err);
out:
	X509_REQ_free(request);
	buf_free(&der);
	return rc;
}

int
leaf_write(struct bytes chain, struct buffer *der, struct error *err)
{
	unsigned char *data = NULL;
	X509 *cert;
	int len, rc = read_first(chain, &cert, err);

	if (rc == 0 && (len = i2d_X509(cert, &data)) <= 0)
		rc = error_set_openssl(err, ERROR_INTERNAL, "encoding a certificate");
	else if (rc == 0)
		buf_append(der, data, (size_t)len);
	OPENSSL_free(data);
	X509_free(cert);
	return rc;
}

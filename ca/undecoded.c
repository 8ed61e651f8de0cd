/* undecoded.c - d2i with a library context that has no decoders. */
#include "ca/undecoded.h"

#include "evp/hashing.h"

X509 *
undecoded_new_certificate(void)
{
	OSSL_LIB_CTX *libctx = hashing_libctx();

	return libctx != NULL ? X509_new_ex(libctx, NULL) : NULL;
}

int
undecoded_request(struct bytes der, X509_REQ **req, struct error *err)
{
	OSSL_LIB_CTX *libctx = hashing_libctx();
	const unsigned char *p = der.data;

	*req = NULL;
	if (libctx == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	/* Into one of X509_REQ_new_ex, OpenSSL 3.0 would read with the default context.
	 */
	*req = (X509_REQ *)ASN1_item_d2i_ex(
	    NULL, &p, (long)der.len, ASN1_ITEM_rptr(X509_REQ), libctx, NULL);
	if (*req == NULL)
		return error_set_openssl(err, ERROR_BAD_REQUEST, "not a PKCS#10 request");
	if (p == der.data + der.len)
		return 0;
	X509_REQ_free(*req);
	*req = NULL;
	return error_set(err, ERROR_BAD_REQUEST, "%zu bytes behind it",
	    (size_t)(der.data + der.len - p));
}

int
undecoded_certificate(struct bytes der, X509 **cert, struct error *err)
{
	const unsigned char *p = der.data;

	if ((*cert = undecoded_new_certificate()) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (d2i_X509(cert, &p, (long)der.len) == NULL)
		return error_set_openssl(err, ERROR_BAD_REQUEST, "not a certificate");
	if (p == der.data + der.len)
		return 0;
	X509_free(*cert);
	*cert = NULL;
	return error_set(err, ERROR_BAD_REQUEST, "%zu bytes behind it",
	    (size_t)(der.data + der.len - p));
}

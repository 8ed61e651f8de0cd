/* pkcs7.c - a SignedData without content and signers. */
#include "ca/pkcs7.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>

static PKCS7 *
new_message(void)
{
	PKCS7 *message = PKCS7_new();

	if (message == NULL || PKCS7_set_type(message, NID_pkcs7_signed) != 1 ||
	    PKCS7_content_new(message, NID_pkcs7_data) != 1) {
		PKCS7_free(message);
		return NULL;
	}
	/* Its eContent is absent, and not empty: that would be a message. */
	ASN1_OCTET_STRING_free(message->d.sign->contents->d.data);
	message->d.sign->contents->d.data = NULL;
	return message;
}

static int
add_certificates(PKCS7 *message, BIO *in)
{
	X509 *cert;
	int added = 0;

	ERR_clear_error();
	while ((cert = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
		int ok = PKCS7_add_certificate(message, cert);

		X509_free(cert);
		if (ok != 1)
			return -1;
		added++;
	}
	/* No other reason than that there are no more. */
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE || added == 0)
		return -1;
	ERR_clear_error();
	return 0;
}

int
pkcs7_certs_only(struct bytes pem, struct buffer *der, struct error *err)
{
	BIO *in = BIO_new_mem_buf(pem.data, (int)pem.len);
	PKCS7 *message = new_message();
	unsigned char *encoded = NULL;
	int len, rc = -1;

	if (in == NULL || message == NULL || add_certificates(message, in) != 0 ||
	    (len = i2d_PKCS7(message, &encoded)) <= 0) {
		error_set_openssl(err, ERROR_INTERNAL, "make a PKCS#7 message");
		goto out;
	}
	buf_append(der, encoded, (size_t)len);
	rc = buf_failed(der) ? error_set(err, ERROR_INTERNAL, "out of memory") : 0;
out:
	OPENSSL_free(encoded);
	PKCS7_free(message);
	BIO_free(in);
	return rc;
}

/* certid.c - authority key identifier and serial. */
#include "acme/certid.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "acme/base64url.h"

#define INTEGER_HEAD_MAX 2
#define SERIAL_DER_MAX   64

/* The content of the INTEGER, with its leading zero where there is one. */
static int
append_serial(X509 *certificate, struct buffer *out)
{
	unsigned char der[SERIAL_DER_MAX], *at = der;
	const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
	int len = i2d_ASN1_INTEGER(serial, NULL);

	if (len <= INTEGER_HEAD_MAX || len > SERIAL_DER_MAX)
		return -1;
	i2d_ASN1_INTEGER(serial, &at);
	base64url_encode(out,
	    (struct bytes){ der + INTEGER_HEAD_MAX, (size_t)len - INTEGER_HEAD_MAX });
	return 0;
}

int
certid_write(struct bytes certificate, struct buffer *out, struct error *err)
{
	const unsigned char *at = certificate.data;
	X509 *x509 = d2i_X509(NULL, &at, (long)certificate.len);
	const ASN1_OCTET_STRING *id;
	int rc = -1;

	if (x509 == NULL || at != certificate.data + certificate.len) {
		error_set_openssl(err, ERROR_BAD_REQUEST, "no certificate in DER");
		goto out;
	}
	if ((id = X509_get0_authority_key_id(x509)) == NULL) {
		error_set(err, ERROR_UNSUPPORTED,
		    "the certificate has no authority key identifier, so it has no name "
		    "in renewal information (RFC 9773 section 4.1)");
		goto out;
	}
	base64url_encode(out,
	    (struct bytes){ ASN1_STRING_get0_data(id), (size_t)ASN1_STRING_length(id) });
	buf_text(out, ".");
	if (append_serial(x509, out) != 0)
		error_set(err, ERROR_BAD_REQUEST, "a serial that is too long");
	else
		rc =
		    buf_failed(out) ? error_set(err, ERROR_INTERNAL, "out of memory") : 0;
out:
	X509_free(x509);
	return rc;
}

/* certtext.c - fields of a certificate as text and numbers. */
#include "ca/certtext.h"

#include <time.h>

#include <openssl/x509v3.h>

#include "base/text.h"
#include "base/pem.h"
#include "ca/san.h"
#include "ca/subject.h"

static int
read_time(const ASN1_TIME *time, int64_t *seconds, struct error *err)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return error_set_openssl(err, ERROR_BAD_REQUEST, "time of a certificate");
	*seconds = timegm(&tm);
	return 0;
}

int
certtext_validity(const X509 *cert, struct validity *validity, struct error *err)
{
	if (read_time(X509_get0_notBefore(cert), &validity->not_before, err) != 0)
		return -1;
	return read_time(X509_get0_notAfter(cert), &validity->not_after, err);
}

int
certtext_serial(const X509 *cert, char text[static STORE_SERIAL_SIZE], struct error *err)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	size_t len = (size_t)ASN1_STRING_length(serial);

	if (len > (STORE_SERIAL_SIZE - 1) / 2)
		return error_set(err, ERROR_BAD_REQUEST, "a serial of %zu octets", len);
	hex_encode(text, ASN1_STRING_get0_data(serial), len);
	return 0;
}

void
certtext_names(const X509 *cert, struct buffer *out)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);

	if (names != NULL)
		san_text(names, out);
	GENERAL_NAMES_free(names);
}

int
certtext_subject(const X509 *cert, struct buffer *out, struct error *err)
{
	return subject_text(X509_get_subject_name(cert), out, err);
}

int
certtext_der(const X509 *cert, struct buffer *out, struct error *err)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);

	if (len <= 0)
		return error_set_openssl(err, ERROR_INTERNAL, "encode a certificate");
	buf_append(out, der, (size_t)len);
	OPENSSL_free(der);
	return buf_failed(out) ? error_set(err, ERROR_INTERNAL, "out of memory") : 0;
}

void
certtext_pem(struct bytes der, struct buffer *out)
{
	pem_append(out, "CERTIFICATE", der);
}

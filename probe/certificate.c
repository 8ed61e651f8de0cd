/* certificate.c - what certificates say, and where they are in a file. */
#include "probe/certificate.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>

#include "base/text.h"

int64_t
certificate_time(const ASN1_TIME *time)
{
	struct tm tm;

	return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

void
certificate_serial(const X509 *cert, char serial[static CERTIFICATE_SERIAL_SIZE])
{
	const ASN1_INTEGER *number = X509_get0_serialNumber(cert);
	size_t len = (size_t)ASN1_STRING_length(number);

	if (len > (CERTIFICATE_SERIAL_SIZE - 1) / 2)
		len = (CERTIFICATE_SERIAL_SIZE - 1) / 2;
	hex_encode(serial, ASN1_STRING_get0_data(number), len);
}

static bool
is_plain(const ASN1_STRING *name)
{
	const unsigned char *text = ASN1_STRING_get0_data(name);
	int len = ASN1_STRING_length(name);

	for (int i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f)
			return false;
	return len > 0 && len < CERTIFICATE_LABEL_SIZE;
}

static bool
label_by_name(const X509 *cert, char label[static CERTIFICATE_LABEL_SIZE])
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	bool found = false;

	for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		found = name->type == GEN_DNS && is_plain(name->d.dNSName);
		if (found)
			snprintf(label, CERTIFICATE_LABEL_SIZE, "%.*s",
			    ASN1_STRING_length(name->d.dNSName),
			    (const char *)ASN1_STRING_get0_data(name->d.dNSName));
	}
	GENERAL_NAMES_free(names);
	return found;
}

/* One that is cut may end in the middle of a character. */
static bool
label_by_cn(const X509_NAME *subject, char label[static CERTIFICATE_LABEL_SIZE])
{
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	unsigned char *text = NULL;
	bool fits;

	if (at < 0 || ASN1_STRING_to_UTF8(&text,
			  X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))) < 0)
		return false;
	fits = text_copy(label, CERTIFICATE_LABEL_SIZE, (const char *)text) == 0;
	OPENSSL_free(text);
	return fits && label[0] != '\0';
}

void
certificate_label(X509 *cert, char label[static CERTIFICATE_LABEL_SIZE])
{
	const X509_NAME *subject = X509_get_subject_name(cert);

	if (!label_by_name(cert, label) && !label_by_cn(subject, label))
		X509_NAME_oneline(subject, label, CERTIFICATE_LABEL_SIZE);
	ERR_clear_error();
}

/* Each says how many of what it took are malformed. */
static int
take(X509 *cert, STACK_OF(X509) * list)
{
	if (cert != NULL && sk_X509_push(list, cert) <= 0)
		X509_free(cert);
	return cert == NULL;
}

/* Frees message. */
static int
take_pkcs7(PKCS7 *message, STACK_OF(X509) * list)
{
	STACK_OF(X509) *certs = NULL;

	if (message == NULL)
		return 1;
	if (PKCS7_type_is_signed(message) && message->d.sign != NULL)
		certs = message->d.sign->cert;
	for (int i = 0; i < sk_X509_num(certs); i++) {
		X509_up_ref(sk_X509_value(certs, i));
		take(sk_X509_value(certs, i), list);
	}
	PKCS7_free(message);
	return 0;
}

static int
take_block(const char *label, struct bytes der, STACK_OF(X509) * list)
{
	const unsigned char *p = der.data;

	if (strcmp(label, PEM_STRING_X509) == 0 ||
	    strcmp(label, PEM_STRING_X509_OLD) == 0)
		return take(d2i_X509(NULL, &p, (long)der.len), list);
	if (strcmp(label, PEM_STRING_X509_TRUSTED) == 0)
		return take(d2i_X509_AUX(NULL, &p, (long)der.len), list);
	if (strcmp(label, PEM_STRING_PKCS7) == 0)
		return take_pkcs7(d2i_PKCS7(NULL, &p, (long)der.len), list);
	return 0;
}

/* Keys may stand among them; no password is asked for. */
static int
take_pem(struct bytes data, STACK_OF(X509) * list)
{
	BIO *in = BIO_new_mem_buf(data.data, (int)data.len);
	char *label, *header;
	int malformed = 0, left = 0;
	unsigned char *der;
	long len;

	while (in != NULL && BIO_pending(in) != left) {
		left = BIO_pending(in);
		if (PEM_read_bio(in, &label, &header, &der, &len) == 1) {
			malformed +=
			    take_block(label, (struct bytes){ der, (size_t)len }, list);
			OPENSSL_free(label);
			OPENSSL_free(header);
			OPENSSL_clear_free(der, (size_t)len);
		} else if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
			malformed++;
		}
	}
	BIO_free(in);
	return malformed;
}

/* Two sequences and the tag of a version: no key or request in DER begins so. */
static bool
begins_as_certificate(struct bytes data)
{
	const unsigned char *p = data.data;
	long left = (long)data.len, len;
	int tag, class;

	for (int i = 0; i < 2; i++) {
		if ((ASN1_get_object(&p, &len, &tag, &class, left) &
			V_ASN1_CONSTRUCTED) == 0 ||
		    tag != V_ASN1_SEQUENCE || class != V_ASN1_UNIVERSAL)
			return false;
		left = (long)data.len - (p - data.data);
	}
	return left > 0 && *p == 0xa0;
}

static int
take_all(struct bytes data, STACK_OF(X509) * list)
{
	const unsigned char *p = data.data;
	X509 *cert = d2i_X509(NULL, &p, (long)data.len);
	PKCS7 *message;

	if (cert != NULL) {
		take(cert, list);
		return p != data.data + data.len;
	}
	p = data.data;
	if ((message = d2i_PKCS7(NULL, &p, (long)data.len)) != NULL)
		return take_pkcs7(message, list);
	return begins_as_certificate(data) ? 1 : take_pem(data, list);
}

int
certificate_read_all(struct bytes data, STACK_OF(X509) * list, struct error *err)
{
	int before = sk_X509_num(list), malformed = 0;

	if (data.len > 0 && data.len <= INT_MAX)
		malformed = take_all(data, list);
	ERR_clear_error();
	if (malformed > 0)
		return error_set(err, ERROR_UNSUPPORTED, "%d malformed block%s in it",
		    malformed, malformed == 1 ? "" : "s");
	return sk_X509_num(list) > before
		   ? 0
		   : error_set(err, ERROR_BAD_REQUEST, "no certificate in it");
}

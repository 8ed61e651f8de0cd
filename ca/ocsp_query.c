/* ocsp_query.c - reads OCSP requests, from anybody. */
#include "ca/ocsp_query.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "ca/der.h"

/* RFC 9654 section 2.1: longer ones, and one of no octets, are refused. */
#define NONCE_MAX 128

static int
refuse(struct error *err, const char *why)
{
	ERR_clear_error();
	return error_set(err, ERROR_BAD_REQUEST, "OCSP request: %s", why);
}

static int
read_nonce(struct ocsp_query *query, X509_EXTENSION *ext, struct error *err)
{
	const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(ext);
	const unsigned char *start = ASN1_STRING_get0_data(value), *p = start;
	long len = ASN1_STRING_length(value);
	ASN1_OCTET_STRING *nonce = d2i_ASN1_OCTET_STRING(NULL, &p, len);
	size_t nonce_len = nonce != NULL ? (size_t)ASN1_STRING_length(nonce) : 0;
	int rc = 0;

	if (nonce == NULL || p != start + len || nonce_len == 0 || nonce_len > NONCE_MAX)
		rc = refuse(err, "a nonce of other than 1 to 128 octets");
	else if (nonce_len <= sizeof(query->nonce)) {
		memcpy(query->nonce, ASN1_STRING_get0_data(nonce), nonce_len);
		query->nonce_len = nonce_len;
	}
	ASN1_OCTET_STRING_free(nonce);
	return rc;
}

static int
read_extensions(struct ocsp_query *query, struct error *err)
{
	int nonces = 0;

	for (int i = 0; i < OCSP_REQUEST_get_ext_count(query->request); i++) {
		X509_EXTENSION *ext = OCSP_REQUEST_get_ext(query->request, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(ext));

		if (nid == NID_id_pkix_OCSP_Nonce) {
			if (++nonces > 1)
				return refuse(err, "two nonces");
			if (read_nonce(query, ext, err) != 0)
				return -1;
		} else if (X509_EXTENSION_get_critical(ext)) {
			return refuse(err, "a critical extension nobody here knows");
		}
	}
	return 0;
}

static int
check_questions(const struct ocsp_query *query, struct error *err)
{
	for (int i = 0; i < query->count; i++) {
		OCSP_ONEREQ *one = OCSP_request_onereq_get0(query->request, i);

		if (OCSP_ONEREQ_get_ext_by_critical(one, 1, -1) >= 0)
			return refuse(err, "a critical extension nobody here knows");
	}
	return 0;
}

int
ocsp_query_read(struct bytes der, struct ocsp_query *query, struct error *err)
{
	const unsigned char *p = der.data;

	*query = (struct ocsp_query){ 0 };
	if (der.len > OCSP_QUERY_MAX_BYTES || !der_is_strict(der) ||
	    (query->request = d2i_OCSP_REQUEST(NULL, &p, (long)der.len)) == NULL ||
	    p != der.data + der.len)
		return refuse(err, "not DER of one");
	query->count = OCSP_request_onereq_count(query->request);
	if (query->count < 1 || query->count > OCSP_QUERY_MAX_CERTS)
		return refuse(err, "about no certificate, or more than 20");
	if (check_questions(query, err) != 0)
		return -1;
	return read_extensions(query, err);
}

void
ocsp_query_clear(struct ocsp_query *query)
{
	OCSP_REQUEST_free(query->request);
	*query = (struct ocsp_query){ 0 };
}

OCSP_CERTID *
ocsp_query_id(const struct ocsp_query *query, int index)
{
	return OCSP_onereq_get0_id(OCSP_request_onereq_get0(query->request, index));
}

int
ocsp_id_hash(OCSP_CERTID *id)
{
	ASN1_OBJECT *hash = NULL;

	OCSP_id_get0_info(NULL, &hash, NULL, NULL, id);
	return OBJ_obj2nid(hash);
}

void
ocsp_id_serial(OCSP_CERTID *id, char serial[static STORE_SERIAL_SIZE])
{
	ASN1_INTEGER *number = NULL;
	int len;

	OCSP_id_get0_info(NULL, NULL, NULL, &number, id);
	len = ASN1_STRING_length(number);
	serial[0] = '\0';
	if (ASN1_STRING_type(number) == V_ASN1_INTEGER && len <= STORE_SERIAL_SIZE / 2)
		hex_encode(serial, ASN1_STRING_get0_data(number), (size_t)len);
}

/* ocsp_response.c - fills in, signs and verifies a BasicOCSPResponse. */
#include "ca/ocsp_response.h"

#include <time.h>

#include <openssl/asn1.h>
#include <openssl/x509v3.h>

#include "ca/signer.h"

static ASN1_TIME *
new_time(int64_t seconds)
{
	return ASN1_GENERALIZEDTIME_adj(NULL, (time_t)seconds, 0, 0);
}

/* RFC 5280 section 5.3.1: unspecified is said by saying nothing. */
static int
reason_of(const struct ocsp_verdict *verdict)
{
	return verdict->reason == OCSP_REVOKED_STATUS_UNSPECIFIED
		   ? OCSP_REVOKED_STATUS_NOSTATUS
		   : verdict->reason;
}

static int
add_verdict(OCSP_BASICRESP *basic, OCSP_CERTID *id, const struct ocsp_verdict *verdict,
    ASN1_TIME *this_update, ASN1_TIME *next_update)
{
	ASN1_TIME *revoked_at = NULL;
	int rc = -1;

	if (verdict->status == V_OCSP_CERTSTATUS_REVOKED &&
	    (revoked_at = new_time(verdict->revoked_at)) == NULL)
		return -1;
	if (OCSP_basic_add1_status(basic, id, verdict->status, reason_of(verdict),
		revoked_at, this_update, next_update) != NULL)
		rc = 0;
	ASN1_TIME_free(revoked_at);
	return rc;
}

static int
add_verdicts(OCSP_BASICRESP *basic, const struct ocsp_response_spec *spec)
{
	ASN1_TIME *this_update = new_time(spec->this_update);
	ASN1_TIME *next_update = new_time(spec->next_update);
	int rc = -1;

	if (this_update == NULL || next_update == NULL)
		goto out;
	for (int i = 0; i < spec->query->count; i++)
		if (add_verdict(basic, ocsp_query_id(spec->query, i), &spec->verdicts[i],
			this_update, next_update) != 0)
			goto out;
	rc = 0;
out:
	ASN1_TIME_free(this_update);
	ASN1_TIME_free(next_update);
	return rc;
}

static int
add_nonce(OCSP_BASICRESP *basic, const struct ocsp_query *query)
{
	if (query->nonce_len == 0)
		return 0;
	/* OpenSSL takes what it only reads as not const. */
	return OCSP_basic_add1_nonce(
		   basic, (unsigned char *)query->nonce, (int)query->nonce_len) == 1
		   ? 0
		   : -1;
}

/* The key signs once, here; OpenSSL puts in the certificate and the time. */
static int
sign(OSSL_LIB_CTX *libctx, OCSP_BASICRESP *basic, const struct ocsp_response_spec *spec,
    struct error *err)
{
	struct signer signer;
	int rc = 0;

	if (signer_init(&signer, libctx, spec->key, err) != 0)
		return -1;
	if (OCSP_basic_sign_ctx(basic, spec->signer, signer.ctx, NULL, OCSP_RESPID_KEY) !=
	    1)
		rc = error_set_openssl(err, ERROR_TOKEN, "sign an OCSP answer");
	signer_clear(&signer);
	return rc;
}

static int
encode(OCSP_BASICRESP *basic, int status, struct buffer *der, struct error *err)
{
	OCSP_RESPONSE *response = OCSP_response_create(status, basic);
	unsigned char *bytes = NULL;
	int len = response != NULL ? i2d_OCSP_RESPONSE(response, &bytes) : 0;
	int rc = 0;

	if (len <= 0)
		rc = error_set_openssl(err, ERROR_INTERNAL, "encode an OCSP answer");
	else
		buf_append(der, bytes, (size_t)len);
	if (buf_failed(der))
		rc = error_set(err, ERROR_INTERNAL, "out of memory");
	OPENSSL_free(bytes);
	OCSP_RESPONSE_free(response);
	return rc;
}

/* The bytes that will leave, with the key of the certificate that they carry. */
static int
verify(OSSL_LIB_CTX *libctx, struct bytes der, X509 *signer, struct error *err)
{
	const unsigned char *p = der.data;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)der.len);
	OCSP_BASICRESP *basic =
	    response != NULL ? OCSP_response_get1_basic(response) : NULL;
	int rc = 0;

	/* OpenSSL takes what it only reads as not const. */
	if (basic == NULL || ASN1_item_verify_ex(ASN1_ITEM_rptr(OCSP_RESPDATA),
				 (X509_ALGOR *)OCSP_resp_get0_tbs_sigalg(basic),
				 (ASN1_BIT_STRING *)OCSP_resp_get0_signature(basic),
				 OCSP_resp_get0_respdata(basic), NULL,
				 X509_get0_pubkey(signer), libctx, NULL) != 1)
		rc = error_set_openssl(err, ERROR_TOKEN,
		    "an OCSP answer does not verify with its signer's key");
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	return rc;
}

int
ocsp_response_make(OSSL_LIB_CTX *libctx, const struct ocsp_response_spec *spec,
    struct buffer *der, struct error *err)
{
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	struct buffer made;
	int rc = -1;

	buf_init(&made, 0);
	if (basic == NULL || add_verdicts(basic, spec) != 0 ||
	    add_nonce(basic, spec->query) != 0) {
		error_set_openssl(err, ERROR_INTERNAL, "build an OCSP answer");
		goto out;
	}
	if (sign(libctx, basic, spec, err) != 0 ||
	    encode(basic, OCSP_RESPONSE_STATUS_SUCCESSFUL, &made, err) != 0 ||
	    verify(libctx, buf_bytes(&made), spec->signer, err) != 0)
		goto out;
	buf_append(der, made.data, made.len);
	rc = buf_failed(der) ? error_set(err, ERROR_INTERNAL, "out of memory") : 0;
out:
	OCSP_BASICRESP_free(basic);
	buf_free(&made);
	return rc;
}

int
ocsp_response_refuse(int status, struct buffer *der, struct error *err)
{
	return encode(NULL, status, der, err);
}

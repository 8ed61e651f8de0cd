/* certificates.c - makes them with libcrypto. */
#include "tests/probe/certificates.h"

#include <stdlib.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/ocsp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
add(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	must(extension != NULL && X509_add_ext(cert, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

void
identity_make(struct identity *identity, const struct identity_options *options)
{
	X509_NAME *name = X509_NAME_new();
	int64_t from = options->from, to = options->to;
	const struct identity *issuer =
	    options->issuer != NULL ? options->issuer : identity;
	uint64_t serial;

	identity->cert = X509_new();
	identity->key = EVP_EC_gen("P-256");
	must(identity->cert != NULL && identity->key != NULL && name != NULL);
	if (from == 0 && to == 0) {
		from = -3600;
		to = 3600;
	}
	must(RAND_bytes((unsigned char *)&serial, sizeof(serial)) == 1);
	must(X509_set_version(identity->cert, X509_VERSION_3) == 1);
	must(ASN1_INTEGER_set_uint64(
		 X509_get_serialNumber(identity->cert), serial >> 1 | 1) == 1);
	must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
		 (const unsigned char *)options->cn, -1, -1, 0) == 1);
	must(X509_set_subject_name(identity->cert, name) == 1);
	must(X509_set_pubkey(identity->cert, identity->key) == 1);
	must(X509_set_issuer_name(identity->cert, X509_get_subject_name(issuer->cert)) ==
	     1);
	must(X509_gmtime_adj(X509_getm_notBefore(identity->cert), from) != NULL);
	must(X509_gmtime_adj(X509_getm_notAfter(identity->cert), to) != NULL);
	add(identity->cert, issuer->cert, NID_subject_key_identifier, "hash");
	if (options->is_ca)
		add(identity->cert, issuer->cert, NID_basic_constraints,
		    "critical,CA:TRUE");
	if (options->san != NULL)
		add(identity->cert, issuer->cert, NID_subject_alt_name, options->san);
	must(X509_sign(identity->cert, issuer->key, EVP_sha256()) > 0);
	X509_NAME_free(name);
}

void
identity_clear(struct identity *identity)
{
	X509_free(identity->cert);
	EVP_PKEY_free(identity->key);
	*identity = (struct identity){ .cert = NULL };
}

int
ocsp_answer(const struct identity *signer, X509 *about, int status, int64_t from,
    int64_t to, unsigned char **der)
{
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(NULL, about, signer->cert);
	time_t now = time(NULL);
	ASN1_TIME *this_update = ASN1_GENERALIZEDTIME_adj(NULL, now, 0, (long)from);
	ASN1_TIME *next_update = ASN1_GENERALIZEDTIME_adj(NULL, now, 0, (long)to);
	OCSP_RESPONSE *response;
	int len = -1;

	must(basic != NULL && id != NULL && this_update != NULL && next_update != NULL);
	must(OCSP_basic_add1_status(basic, id, status, OCSP_REVOKED_STATUS_NOSTATUS,
		 status == V_OCSP_CERTSTATUS_REVOKED ? this_update : NULL, this_update,
		 next_update) != NULL);
	must(OCSP_basic_sign(basic, signer->cert, signer->key, EVP_sha256(), NULL, 0));
	response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	*der = NULL;
	must(response != NULL);
	len = i2d_OCSP_RESPONSE(response, der);
	must(len > 0);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(this_update);
	ASN1_TIME_free(next_update);
	return len;
}

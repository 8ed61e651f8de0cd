/* ocsp_support.c - asks and reads as OpenSSL's clients do. */
#include "tests/ca/ocsp_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <unistd.h>

#include <openssl/x509v3.h>

#include "base/clock.h"
#include "ca/certtext.h"

static int
find_key(void *ctx, const char *issuer, EVP_PKEY **key, struct error *err)
{
	struct responder *r = ctx;

	(void)issuer;
	r->asked_for_key++;
	while (atomic_load(&r->key_hangs))
		usleep(1000);
	if (r->key_is_away)
		return error_set(err, ERROR_TOKEN, "the token is away");
	EVP_PKEY_up_ref(*key = r->key);
	return 0;
}

static X509 *
issuer_certificate(struct responder *r, const char *name)
{
	const struct issuer_info *info;
	const unsigned char *p;
	X509 *cert;

	assert_int_equal(authority_find_issuer(r->house.authority, name, &info, NULL), 0);
	p = info->certificate.data;
	assert_non_null(cert = d2i_X509(NULL, &p, (long)info->certificate.len));
	return cert;
}

static void
start(struct responder *r)
{
	const struct ocsp_key_source source = { find_key, r };

	assert_int_equal(ocsp_open(r->house.authority, &source, &r->ocsp, NULL), 0);
}

void
responder_open(
    struct responder *r, OSSL_LIB_CTX *libctx, EVP_PKEY *internal_key, EVP_PKEY *key)
{
	*r = (struct responder){ .key = key, .now = clock_now_s() };
	house_open(&r->house, libctx);
	house_add_issuers(&r->house, internal_key);
	r->root = issuer_certificate(r, "root");
	r->internal = issuer_certificate(r, "internal");
	start(r);
}

int
responder_setup(void **state)
{
	struct responder *r = malloc(sizeof(*r));

	assert_non_null(r);
	responder_open(r, NULL, ec_key("P-256"), ec_key("P-256"));
	*state = r;
	return 0;
}

int
responder_teardown(void **state)
{
	struct responder *r = *state;

	ocsp_close(r->ocsp);
	X509_free(r->root);
	X509_free(r->internal);
	EVP_PKEY_free(r->key);
	house_close(&r->house);
	free(r);
	return 0;
}

void
responder_restart(struct responder *r)
{
	ocsp_close(r->ocsp);
	house_reopen(&r->house);
	start(r);
}

X509 *
responder_issue(struct responder *r)
{
	EVP_PKEY *key = ec_key("P-256");
	struct issue_result result = { 0 };
	struct violations v;
	struct error err;
	struct buffer csr = { 0 };
	const unsigned char *p;
	X509 *cert;

	simple_request(key, "DNS:a.example", &csr);
	assert_int_equal(house_issue(&r->house, &csr, "server", &result, &v, &err), 0);
	p = result.certificate.data;
	assert_non_null(cert = d2i_X509(NULL, &p, (long)result.certificate.len));
	issue_result_clear(&result);
	buf_free(&csr);
	EVP_PKEY_free(key);
	return cert;
}

void
responder_serial(const X509 *cert, char serial[static STORE_SERIAL_SIZE])
{
	assert_int_equal(certtext_serial(cert, serial, NULL), 0);
}

/* OCSP_cert_to_id takes the issuer's name from cert, whoever issuer is. */
static OCSP_CERTID *
new_id(const X509 *cert, const X509 *issuer, const EVP_MD *hash)
{
	return OCSP_cert_id_new(hash, X509_get_subject_name(issuer),
	    X509_get0_pubkey_bitstr(issuer), X509_get0_serialNumber(cert));
}

void
ask_also(OCSP_REQUEST *req, const X509 *cert, const X509 *issuer, const EVP_MD *hash)
{
	assert_non_null(OCSP_request_add0_id(req, new_id(cert, issuer, hash)));
}

OCSP_REQUEST *
ask_about(const X509 *cert, const X509 *issuer, const EVP_MD *hash)
{
	OCSP_REQUEST *req = OCSP_REQUEST_new();

	assert_non_null(req);
	ask_also(req, cert, issuer, hash);
	return req;
}

enum error_code
send_request(struct responder *r, const char *issuer, OCSP_REQUEST *req,
    struct ocsp_answer *answer)
{
	unsigned char *der = NULL;
	int len = i2d_OCSP_REQUEST(req, &der);
	struct error err = { 0 };
	int rc;

	assert_true(len > 0);
	rc = ocsp_answer(
	    r->ocsp, issuer, (struct bytes){ der, (size_t)len }, r->now, answer, &err);
	OPENSSL_free(der);
	OCSP_REQUEST_free(req);
	assert_int_equal(rc != 0, err.code != ERROR_NONE);
	return err.code;
}

OCSP_BASICRESP *
read_answer(struct responder *r, const struct ocsp_answer *answer)
{
	const unsigned char *p = answer->der.data;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)answer->der.len);
	X509_STORE *trusted = X509_STORE_new();
	STACK_OF(X509) *chain = sk_X509_new_null();
	OCSP_BASICRESP *basic;

	assert_non_null(response);
	assert_int_equal(OCSP_response_status(response), OCSP_RESPONSE_STATUS_SUCCESSFUL);
	assert_non_null(basic = OCSP_response_get1_basic(response));
	assert_int_equal(X509_STORE_add_cert(trusted, r->root), 1);
	X509_VERIFY_PARAM_set_time(
	    X509_STORE_get0_param(trusted), (time_t)answer->this_update);
	assert_true(sk_X509_push(chain, r->internal) > 0);
	assert_int_equal(OCSP_basic_verify(basic, chain, trusted, 0), 1);
	sk_X509_free(chain);
	X509_STORE_free(trusted);
	OCSP_RESPONSE_free(response);
	return basic;
}

int
status_in(OCSP_BASICRESP *basic, const X509 *cert, const X509 *issuer, const EVP_MD *hash,
    int *reason)
{
	OCSP_CERTID *id = new_id(cert, issuer, hash);
	ASN1_GENERALIZEDTIME *revoked, *this_update, *next_update;
	int status = -1;

	OCSP_resp_find_status(
	    basic, id, &status, reason, &revoked, &this_update, &next_update);
	OCSP_CERTID_free(id);
	return status;
}

int
status_of(struct responder *r, const X509 *cert)
{
	struct ocsp_answer answer;
	OCSP_BASICRESP *basic;
	int status;

	assert_int_equal(send_request(r, "internal",
			     ask_about(cert, r->internal, EVP_sha1()), &answer),
	    ERROR_NONE);
	basic = read_answer(r, &answer);
	status = status_in(basic, cert, r->internal, EVP_sha1(), NULL);
	OCSP_BASICRESP_free(basic);
	ocsp_answer_clear(&answer);
	return status;
}

/* test_api_ocsp.c - OCSP over the api: POST and GET, keys on the token, caching. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "tests/api/fixture.h"

#define OCSP_REQUEST_TYPE  "application/ocsp-request"
#define OCSP_RESPONSE_TYPE "application/ocsp-response"

static int
setup(void **state)
{
	if (fixture_open(state) != 0)
		return -1;
	make_issuer(*state, "root", NULL);
	make_issuer(*state, "internal", "root");
	return 0;
}

static X509 *
certificate_of(struct fixture *f, const char *issuer)
{
	char target[128];
	BIO *in;
	X509 *cert;

	snprintf(target, sizeof(target), "/v1/issuers/%s/certificate", issuer);
	assert_int_equal(get(f, target), 200);
	in = BIO_new_mem_buf(body_text(f), -1);
	assert_non_null(cert = PEM_read_bio_X509(in, NULL, NULL, NULL));
	BIO_free(in);
	return cert;
}

/* Asks whether "internal" is good, with this many octets of nonce. */
static struct buffer
request(struct fixture *f, int nonce_len)
{
	unsigned char nonce[64];
	X509 *root = certificate_of(f, "root"), *internal = certificate_of(f, "internal");
	OCSP_REQUEST *req = OCSP_REQUEST_new();
	struct buffer der;
	unsigned char *bytes = NULL;
	int len;

	buf_init(&der, 0);
	memset(nonce, 0xff, sizeof(nonce));
	OCSP_request_add0_id(req, OCSP_cert_to_id(EVP_sha1(), internal, root));
	if (nonce_len > 0)
		OCSP_request_add1_nonce(req, nonce, nonce_len);
	len = i2d_OCSP_REQUEST(req, &bytes);
	buf_append(&der, bytes, (size_t)len);
	OPENSSL_free(bytes);
	OCSP_REQUEST_free(req);
	X509_free(root);
	X509_free(internal);
	return der;
}

/* The OCSPResponseStatus of the last answer. */
static int
status_of_answer(struct fixture *f)
{
	const unsigned char *p = f->res.body.data;
	OCSP_RESPONSE *response;
	int status;

	assert_string_equal(f->res.content_type, OCSP_RESPONSE_TYPE);
	assert_non_null(response = d2i_OCSP_RESPONSE(NULL, &p, (long)f->res.body.len));
	status = OCSP_response_status(response);
	OCSP_RESPONSE_free(response);
	return status;
}

static int
post(struct fixture *f, const char *target, const struct buffer *der)
{
	return send_bytes(f, "POST", target, OCSP_REQUEST_TYPE, buf_bytes(der));
}

static void
answers_a_post_with_a_key_of_its_own(void **state)
{
	struct fixture *f = *state;
	struct buffer der = request(f, 0);

	assert_int_equal(post(f, "/v1/issuers/root/ocsp", &der), 200);
	assert_int_equal(status_of_answer(f), OCSP_RESPONSE_STATUS_SUCCESSFUL);
	assert_string_equal(f->res.cache_control, "no-store");
	assert_string_equal(f->res.etag, "");
	assert_int_equal(post(f, "/v1/issuers/root/ocsp/", &der), 200);
	assert_int_equal(status_of_answer(f), OCSP_RESPONSE_STATUS_SUCCESSFUL);
	assert_int_equal(get(f, "/v1/keys/root-ocsp"), 200);
	assert_string_equal(member(f, "use"), "ca");
	assert_string_equal(member(f, "type"), "ec-p256");
	buf_free(&der);
}

/* With '/', '+' and '=' of the base64 as they are, or escaped. */
static void
path_of(const struct buffer *der, bool escaped, char path[static 1024])
{
	struct buffer text, target;

	buf_init(&text, 0);
	buf_init(&target, 0);
	buf_text(&target, "/v1/issuers/root/ocsp/");
	base64_encode(&text, der->data, der->len);
	for (const char *p = buf_string(&text); *p != '\0'; p++)
		buf_printf(
		    &target, escaped && strchr("/+=", *p) != NULL ? "%%%02X" : "%c", *p);
	snprintf(path, 1024, "%s", buf_string(&target));
	buf_free(&text);
	buf_free(&target);
}

static void
answers_a_get_in_any_writing(void **state)
{
	struct fixture *f = *state;
	struct buffer der = request(f, 32); /* whose base64 has slashes in a row */
	const size_t prefix = strlen("/v1/issuers/root/ocsp/");
	char path[1024], slash[1200];

	path_of(&der, true, path);
	assert_non_null(strstr(path, "%2F%2F"));
	assert_int_equal(get(f, path), 200);
	assert_int_equal(status_of_answer(f), OCSP_RESPONSE_STATUS_SUCCESSFUL);
	path_of(&der, false, path);
	assert_non_null(strstr(path + prefix, "//"));
	assert_int_equal(get(f, path), 200);
	assert_int_equal(status_of_answer(f), OCSP_RESPONSE_STATUS_SUCCESSFUL);
	/* The URL in certificates may end with one. */
	snprintf(slash, sizeof(slash), "/v1/issuers/root/ocsp//%s", path + prefix);
	assert_int_equal(get(f, slash), 200);
	assert_int_equal(status_of_answer(f), OCSP_RESPONSE_STATUS_SUCCESSFUL);
	buf_free(&der);
}

static void
lets_a_get_be_cached(void **state)
{
	struct fixture *f = *state;
	struct buffer der = request(f, 0);
	char path[1024], first[sizeof(f->res.etag)];

	path_of(&der, true, path);
	assert_int_equal(get(f, path), 200);
	assert_string_equal(
	    f->res.cache_control, "max-age=3600,public,no-transform,must-revalidate");
	assert_int_equal(strlen(f->res.etag), 66);
	assert_int_equal(f->res.expires - f->res.last_modified, 86400);
	memcpy(first, f->res.etag, sizeof(first));
	assert_int_equal(get(f, path), 200);
	assert_string_equal(f->res.etag, first);
	buf_free(&der);
}

static void
keeps_an_answer_to_a_nonce_out_of_caches(void **state)
{
	struct fixture *f = *state;
	struct buffer der = request(f, 32);
	char path[1024];

	path_of(&der, true, path);
	assert_int_equal(get(f, path), 200);
	assert_int_equal(status_of_answer(f), OCSP_RESPONSE_STATUS_SUCCESSFUL);
	assert_string_equal(f->res.cache_control, "no-store");
	assert_string_equal(f->res.etag, "");
	buf_free(&der);
}

static void
refuses_in_the_clients_own_terms(void **state)
{
	struct fixture *f = *state;
	struct buffer der = request(f, 0), broken = { 0 };

	buf_text(&broken, "no request");
	assert_int_equal(post(f, "/v1/issuers/root/ocsp", &broken), 200);
	assert_int_equal(status_of_answer(f), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
	assert_string_equal(f->res.cache_control, "no-store");
	assert_int_equal(get(f, "/v1/issuers/root/ocsp/%2"), 200);
	assert_int_equal(status_of_answer(f), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
	assert_int_equal(get(f, "/v1/issuers/root/ocsp/MEQ*"), 200);
	assert_int_equal(status_of_answer(f), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
	assert_int_equal(post(f, "/v1/issuers/internal/ocsp", &der), 200);
	assert_int_equal(status_of_answer(f), OCSP_RESPONSE_STATUS_UNAUTHORIZED);
	buf_free(&der);
	buf_free(&broken);
}

static void
refuses_what_no_ocsp_client_sends(void **state)
{
	struct fixture *f = *state;
	struct buffer der = request(f, 0);

	assert_int_equal(post(f, "/v1/issuers/nobody/ocsp", &der), 404);
	assert_problem(f, 404, "not-found");
	assert_int_equal(
	    send_bytes(f, "POST", "/v1/issuers/root/ocsp", PKCS10, buf_bytes(&der)), 415);
	assert_problem(f, 415, "unsupported");
	assert_int_equal(get(f, "/v1/issuers/root/ocsp"), 405);
	buf_free(&der);
}

static void
answers_anybody(void **state)
{
	struct fixture *f = *state;
	struct buffer der = request(f, 0);

	f->caller.admin = false;
	f->caller.uid = 4242;
	assert_int_equal(get(f, "/v1/issuers/root"), 403);
	assert_int_equal(post(f, "/v1/issuers/root/ocsp", &der), 200);
	assert_int_equal(status_of_answer(f), OCSP_RESPONSE_STATUS_SUCCESSFUL);
	f->caller.admin = true;
	buf_free(&der);
}

/* Asks an issuer about its own certificate. */
static int
post_about_itself(struct fixture *f, const char *issuer)
{
	X509 *cert = certificate_of(f, issuer);
	OCSP_REQUEST *req = OCSP_REQUEST_new();
	unsigned char *der = NULL;
	char target[128];
	int len, status;

	OCSP_request_add0_id(
	    req, OCSP_cert_id_new(EVP_sha256(), X509_get_subject_name(cert),
		     X509_get0_pubkey_bitstr(cert), X509_get0_serialNumber(cert)));
	len = i2d_OCSP_REQUEST(req, &der);
	snprintf(target, sizeof(target), "/v1/issuers/%s/ocsp", issuer);
	status = send_bytes(
	    f, "POST", target, OCSP_REQUEST_TYPE, (struct bytes){ der, (size_t)len });
	OPENSSL_free(der);
	OCSP_REQUEST_free(req);
	X509_free(cert);
	return status;
}

static void
delete_key_of_signer(struct fixture *f)
{
	char body[128];

	assert_int_equal(get(f, "/v1/keys/root-ocsp"), 200);
	snprintf(
	    body, sizeof(body), "{\"spki_sha256\":\"%s\"}", member(f, "spki_sha256"));
	assert_int_equal(send_text(f, "DELETE", "/v1/keys/root-ocsp", JSON, body), 204);
}

static void
makes_another_key_when_its_own_is_destroyed(void **state)
{
	struct fixture *f = *state;
	struct buffer der = request(f, 32);

	assert_int_equal(post(f, "/v1/issuers/root/ocsp", &der), 200);
	delete_key_of_signer(f);
	/* The first to notice is told to try later, and finds it then. */
	assert_int_equal(post(f, "/v1/issuers/root/ocsp", &der), 200);
	assert_int_equal(status_of_answer(f), OCSP_RESPONSE_STATUS_TRYLATER);
	assert_int_equal(post(f, "/v1/issuers/root/ocsp", &der), 200);
	assert_int_equal(status_of_answer(f), OCSP_RESPONSE_STATUS_SUCCESSFUL);
	buf_free(&der);
}

static void
keeps_its_key_over_a_restart(void **state)
{
	struct fixture *f = *state;
	struct buffer der = request(f, 0);
	char hash[65];

	assert_int_equal(post(f, "/v1/issuers/root/ocsp", &der), 200);
	assert_int_equal(get(f, "/v1/keys/root-ocsp"), 200);
	snprintf(hash, sizeof(hash), "%s", member(f, "spki_sha256"));
	fixture_restart(f);
	assert_int_equal(post(f, "/v1/issuers/root/ocsp", &der), 200);
	assert_int_equal(status_of_answer(f), OCSP_RESPONSE_STATUS_SUCCESSFUL);
	assert_int_equal(get(f, "/v1/keys/root-ocsp"), 200);
	assert_string_equal(member(f, "spki_sha256"), hash);
	buf_free(&der);
}

static void
does_not_take_a_key_for_something_else(void **state)
{
	struct fixture *f = *state;

	make_key(f, "internal-ocsp", "ec-p256", "tls");
	assert_int_equal(post_about_itself(f, "internal"), 200);
	assert_int_equal(status_of_answer(f), OCSP_RESPONSE_STATUS_INTERNALERROR);
	make_issuer(f, "two", NULL);
	make_issuer(f, "two-ocsp", NULL);
	assert_int_equal(post_about_itself(f, "two"), 200);
	assert_int_equal(status_of_answer(f), OCSP_RESPONSE_STATUS_INTERNALERROR);
}

static void
names_the_key_of_an_issuer_with_a_long_name(void **state)
{
	static const char issuer[] =
	    "a-name-of-63-characters-which-is-as-long-as-a-name-may-ever-be.";
	struct fixture *f = *state;

	assert_int_equal(strlen(issuer), NAME_MAX_CHARS);
	make_issuer(f, issuer, NULL);
	assert_int_equal(post_about_itself(f, issuer), 200);
	assert_int_equal(status_of_answer(f), OCSP_RESPONSE_STATUS_SUCCESSFUL);
	assert_int_equal(get(f, "/v1/keys"), 200);
	assert_true(body_has(f, "\"ocsp-"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_a_post_with_a_key_of_its_own),
		cmocka_unit_test(answers_a_get_in_any_writing),
		cmocka_unit_test(lets_a_get_be_cached),
		cmocka_unit_test(keeps_an_answer_to_a_nonce_out_of_caches),
		cmocka_unit_test(refuses_in_the_clients_own_terms),
		cmocka_unit_test(refuses_what_no_ocsp_client_sends),
		cmocka_unit_test(answers_anybody),
		cmocka_unit_test(makes_another_key_when_its_own_is_destroyed),
		cmocka_unit_test(keeps_its_key_over_a_restart),
		cmocka_unit_test(does_not_take_a_key_for_something_else),
		cmocka_unit_test(names_the_key_of_an_issuer_with_a_long_name),
	};

	return cmocka_run_group_tests(tests, setup, fixture_close);
}

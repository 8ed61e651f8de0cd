/* An order at a server that is not always well: what is asked again, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "acme/acme.h"
#include "base/pem.h"
#include "tests/acme/softkey.h"
#include "tests/support/fake_server.h"

#define JSON  "application/json"
#define NAME  "web.example"
#define ORDER "POST /order "
#define POLL  "POST /order/1 "

struct scene {
	struct fake_server *server;
	char base[64], directory[80];
	struct softkey account;
	EVP_PKEY *key;
	struct buffer csr, issued, chain;
	struct acme *acme;
	struct error err;
	const char *fails; /* what is asked then; NULL: nothing */
	int status;        /* how, or 0: it hangs up */
	const char *field; /* in the head of that answer, with its end */
	int times;         /* so often; it counts down */
	bool does_it;      /* before it fails */
	bool is_finalized;
	int orders, finalizes;
};

static void
reply(struct fake_request *req, int status, const char *fields, const char *body)
{
	buf_printf(&req->reply,
	    "HTTP/1.1 %d Status\r\nContent-Type: " JSON "\r\nContent-Length: %zu\r\n"
	    "Replay-Nonce: AAAA\r\nConnection: close\r\n%s\r\n%s",
	    status, strlen(body), fields, body);
}

/* As what stands before a server answers. */
static void
reply_failure(const struct scene *f, struct fake_request *req)
{
	const char *body =
	    fake_request_is(req, "HEAD ") ? "" : "{\"detail\":\"not now\"}";

	buf_printf(&req->reply,
	    "HTTP/1.1 %d Status\r\nContent-Type: " JSON "\r\nContent-Length: %zu\r\n"
	    "Connection: close\r\n%s\r\n%s",
	    f->status, strlen(body), f->field, body);
}

static void
reply_order(
    const struct scene *f, struct fake_request *req, int status, const char *state)
{
	char fields[128], body[512];

	snprintf(fields, sizeof(fields), "Location: %s/order/1\r\n", f->base);
	snprintf(body, sizeof(body),
	    "{\"status\":\"%s\",\"authorizations\":[\"%s/authorization\"],\"finalize\":"
	    "\"%s/finalize\",\"certificate\":\"%s/certificate\"}",
	    state, f->base, f->base, f->base);
	reply(req, status, fields, body);
}

static void
reply_directory(const struct scene *f, struct fake_request *req)
{
	char body[512];

	snprintf(body, sizeof(body),
	    "{\"newNonce\":\"%s/nonce\",\"newAccount\":\"%s/account\",\"newOrder\":"
	    "\"%s/order\",\"revokeCert\":\"%s/revoke\",\"keyChange\":\"%s/change\"}",
	    f->base, f->base, f->base, f->base, f->base);
	reply(req, 200, "", body);
}

static void
reply_account(const struct scene *f, struct fake_request *req)
{
	char fields[128];

	snprintf(fields, sizeof(fields), "Location: %s/account/1\r\n", f->base);
	reply(req, 200, fields, "{\"status\":\"valid\"}");
}

static void
do_it(struct scene *f, struct fake_request *req)
{
	if (fake_request_is(req, "GET /dir "))
		reply_directory(f, req);
	else if (fake_request_is(req, "HEAD /nonce "))
		reply(req, 200, "", "");
	else if (fake_request_is(req, "POST /account "))
		reply_account(f, req);
	else if (fake_request_is(req, ORDER))
		reply_order(f, req, 201, "ready");
	else if (fake_request_is(req, POLL))
		reply_order(f, req, 200, f->is_finalized ? "valid" : "ready");
	else if (fake_request_is(req, "POST /authorization "))
		reply(req, 200, "",
		    "{\"status\":\"valid\",\"identifier\":{\"type\":\"dns\",\"value\":"
		    "\"" NAME "\"},\"challenges\":[]}");
	else if (fake_request_is(req, "POST /finalize "))
		reply_order(f, req, 200, "processing");
	else if (fake_request_is(req, "POST /certificate "))
		reply(req, 200, "", buf_string(&f->issued));
	else
		reply(req, 404, "", "{}");
}

static enum fake_action
answer(void *ctx, struct fake_request *req)
{
	struct scene *f = ctx;
	const bool fails =
	    f->fails != NULL && f->times > 0 && fake_request_is(req, f->fails);

	if (!fails || f->does_it) {
		f->orders += fake_request_is(req, ORDER);
		f->finalizes += fake_request_is(req, "POST /finalize ");
		f->is_finalized = f->finalizes > 0;
	}
	if (!fails) {
		do_it(f, req);
		return FAKE_CLOSE;
	}
	f->times--;
	if (f->status != 0)
		reply_failure(f, req);
	return FAKE_CLOSE;
}

static void
make_request(struct scene *f)
{
	X509_REQ *req = X509_REQ_new();
	unsigned char *der = NULL;
	int len;

	assert_int_equal(X509_REQ_set_pubkey(req, f->key), 1);
	assert_true(X509_REQ_sign(req, f->key, EVP_sha256()) > 0);
	len = i2d_X509_REQ(req, &der);
	assert_true(len > 0);
	buf_append(&f->csr, der, (size_t)len);
	OPENSSL_free(der);
	X509_REQ_free(req);
}

static void
make_certificate(struct scene *f)
{
	X509 *cert = X509_new();
	X509_EXTENSION *names;
	unsigned char *der = NULL;
	X509V3_CTX ctx;
	int len;

	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	names = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, "DNS:" NAME);
	assert_non_null(names);
	X509_set_version(cert, X509_VERSION_3);
	X509_set_pubkey(cert, f->key);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 1000);
	X509_add_ext(cert, names, -1);
	assert_true(X509_sign(cert, f->key, EVP_sha256()) > 0);
	len = i2d_X509(cert, &der);
	assert_true(len > 0);
	pem_append(&f->issued, "CERTIFICATE", (struct bytes){ der, (size_t)len });
	OPENSSL_free(der);
	X509_EXTENSION_free(names);
	X509_free(cert);
}

static void
open_client(struct scene *f)
{
	const struct acme_options options = {
		.directory = f->directory, .ca_file = "/dev/null", .key = f->account.key
	};

	snprintf(f->directory, sizeof(f->directory), "%s/dir", f->base);
	assert_int_equal(acme_open(&options, &f->acme, &f->err), 0);
}

static int
set_up(void **state)
{
	struct scene *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	unsetenv("ALL_PROXY");
	f->field = "";
	f->key = EVP_EC_gen("P-256");
	softkey_make(&f->account, "EC", "P-256");
	buf_init(&f->csr, 0);
	buf_init(&f->issued, 0);
	buf_init(&f->chain, 0);
	make_request(f);
	make_certificate(f);
	f->server = fake_server_start_port(answer, f);
	snprintf(
	    f->base, sizeof(f->base), "http://127.0.0.1:%u", fake_server_port(f->server));
	open_client(f);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct scene *f = *state;

	acme_close(f->acme);
	fake_server_stop(f->server);
	softkey_clear(&f->account);
	EVP_PKEY_free(f->key);
	buf_free(&f->csr);
	buf_free(&f->issued);
	buf_free(&f->chain);
	free(f);
	return 0;
}

/* All authorizations are valid: the program is never run. */
static int
obtain(struct scene *f)
{
	static const char *const names[] = { NAME, NULL }, *const hook[] = { "no", NULL };
	const struct acme_order order = { .names = names, .csr = buf_bytes(&f->csr) };
	const struct acme_challenge challenge = { .method = ACME_DNS_01, .hook = hook };

	return acme_obtain(f->acme, &order, &challenge, &f->chain, &f->err);
}

static void
assert_obtained(struct scene *f)
{
	if (obtain(f) != 0)
		fail_msg("%s", f->err.text);
	assert_string_equal(buf_string(&f->chain), buf_string(&f->issued));
	assert_int_equal(f->times, 0);
	assert_int_equal(f->orders, 1);
}

static void
a_server_that_is_well_is_asked_once(void **state)
{
	struct scene *f = *state;

	assert_obtained(f);
	assert_int_equal(f->finalizes, 1);
}

static void
a_look_that_nobody_answers_is_repeated(void **state)
{
	struct scene *f = *state;

	f->fails = POLL;
	f->times = 1;
	assert_obtained(f);
}

static void
and_a_download_that_the_server_fails(void **state)
{
	struct scene *f = *state;

	f->fails = "POST /certificate ";
	f->status = 502;
	f->times = 1;
	assert_obtained(f);
}

static void
but_not_for_ever(void **state)
{
	struct scene *f = *state;

	f->fails = "POST /certificate ";
	f->status = 500;
	f->field = "Retry-After: 0\r\n";
	f->times = 100;
	assert_int_equal(obtain(f), -1);
	assert_int_equal(f->err.code, ERROR_BUSY);
	assert_int_equal(f->times, 96);
	assert_non_null(strstr(acme_problem(f->acme), "not now"));
}

static void
nor_when_the_server_asks_for_more_than_a_minute(void **state)
{
	struct scene *f = *state;

	f->fails = POLL;
	f->status = 503;
	f->field = "Retry-After: 61\r\n";
	f->times = 2;
	assert_int_equal(obtain(f), -1);
	assert_int_equal(f->times, 1);
	assert_int_equal(acme_retry_after_s(f->acme), 61);
}

static void
an_order_is_not_repeated(void **state)
{
	struct scene *f = *state;

	f->fails = ORDER;
	f->status = 500;
	f->times = 2;
	assert_int_equal(obtain(f), -1);
	assert_int_equal(f->times, 1);
}

static void
what_was_issued_without_an_answer_is_fetched(void **state)
{
	struct scene *f = *state;

	f->fails = "POST /finalize ";
	f->does_it = true;
	f->times = 1;
	assert_obtained(f);
	assert_int_equal(f->finalizes, 1);
}

static void
and_a_request_that_was_lost_is_sent_again(void **state)
{
	struct scene *f = *state;

	f->fails = "POST /finalize ";
	f->status = 500;
	f->times = 1;
	assert_obtained(f);
	assert_int_equal(f->finalizes, 1);
}

static void
but_not_for_ever_either(void **state)
{
	struct scene *f = *state;

	f->fails = "POST /finalize ";
	f->status = 500;
	f->times = 100;
	assert_int_equal(obtain(f), -1);
	assert_int_equal(f->times, 97);
	assert_int_equal(f->orders, 1);
	assert_non_null(strstr(acme_problem(f->acme), "not now"));
}

static void
nor_what_was_refused(void **state)
{
	struct scene *f = *state;

	f->fails = "POST /finalize ";
	f->status = 403;
	f->times = 2;
	assert_int_equal(obtain(f), -1);
	assert_int_equal(f->times, 1);
}

static void
a_nonce_that_a_server_has_not_is_asked_for_again(void **state)
{
	struct scene *f = *state;

	f->fails = "HEAD /nonce ";
	f->status = 503;
	f->times = 1;
	assert_obtained(f);
}

static void
one_that_it_does_not_give_is_told(void **state)
{
	struct scene *f = *state;

	f->fails = "HEAD /nonce ";
	f->status = 429;
	f->field = "Retry-After: 7200\r\n";
	f->times = 2;
	assert_int_equal(obtain(f), -1);
	assert_int_equal(f->times, 1);
	assert_int_equal(f->err.code, ERROR_LIMITED);
	assert_non_null(strstr(f->err.text, "newNonce answers 429"));
	assert_int_equal(acme_retry_after_s(f->acme), 7200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_server_that_is_well_is_asked_once),
		TEST(a_look_that_nobody_answers_is_repeated),
		TEST(and_a_download_that_the_server_fails),
		TEST(but_not_for_ever),
		TEST(nor_when_the_server_asks_for_more_than_a_minute),
		TEST(an_order_is_not_repeated),
		TEST(what_was_issued_without_an_answer_is_fetched),
		TEST(and_a_request_that_was_lost_is_sent_again),
		TEST(but_not_for_ever_either),
		TEST(nor_what_was_refused),
		TEST(a_nonce_that_a_server_has_not_is_asked_for_again),
		TEST(one_that_it_does_not_give_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

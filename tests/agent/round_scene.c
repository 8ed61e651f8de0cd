/* round_scene.c - the daemon of the scene, on 2026-12-31 at noon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "agent/leaf.h"
#include "tests/agent/round_scene.h"
#include "tests/base/directory.h"

#define JSON    "application/json"
#define PROBLEM "application/problem+json"

static void
keep_end(struct scene *f, const struct fake_request *req)
{
	const char *name = req->head + strlen("PUT /v1/managed/");
	size_t len = strlen(f->ended);

	if (strstr(req->body, "\"outcome\"") != NULL)
		snprintf(f->ended + len, sizeof(f->ended) - len, "%.*s ",
		    (int)strcspn(name, "/"), name);
}

static void
answer_report(struct scene *f, struct fake_request *req)
{
	keep_end(f, req);
	if (f->contended)
		fake_reply(req, 409, PROBLEM, "{\"detail\":\"it has changed\"}");
	else
		fake_reply(req, 200, JSON, "{\"state\":{\"revision\":9}}");
}

static void
keep_attempt(struct scene *f, const struct fake_request *req)
{
	const char *field = strstr(req->head, "Idempotency-Key: ");

	if (field != NULL)
		snprintf(f->attempt, sizeof(f->attempt), "%.*s",
		    (int)strcspn(field, "\r\n"), field);
}

static void
answer_key(struct scene *f, struct fake_request *req)
{
	char key[512];

	snprintf(key, sizeof(key),
	    "{\"name\":\"web\",\"use\":\"tls\",\"type\":\"ec-p256\",\"spki_sha256\":\"%"
	    "s\","
	    "\"created\":\"%s\"%s}",
	    f->spki, f->created, f->blocked ? ",\"blocked\":\"stolen\"" : "");
	fake_reply(req, 200, JSON, key);
}

static enum fake_action
answer(void *ctx, struct fake_request *req)
{
	struct scene *f = ctx;

	keep_attempt(f, req);
	if (fake_request_is(req, "GET /v1/clock"))
		fake_reply(
		    req, 200, JSON, "{\"now\":\"2026-12-31T12:00:00Z\",\"rate\":1}");
	else if (fake_request_is(req, "GET /v1/managed"))
		fake_reply(req, 200, JSON, f->list);
	else if (fake_request_is(req, "PUT /v1/managed/"))
		answer_report(f, req);
	else if (fake_request_is(req, "GET /v1/keys/account/public"))
		fake_reply(req, 200, "application/x-pem-file", f->account);
	else if (fake_request_is(req, "GET /v1/keys/"))
		answer_key(f, req);
	else if (fake_request_is(req, "GET /v1/certificates/0a/renewal-info"))
		fake_reply(req, 200, JSON, f->revoked ? "{\"revoked\":true}" : "{}");
	else if (fake_request_is(req, "POST /v1/keys/web/rotate"))
		answer_key(f, req);
	else if (fake_request_is(req, "POST /v1/keys/"))
		fake_reply(req, 200, "application/x-pem-file", f->csr);
	else
		fake_reply(req, 422, PROBLEM,
		    "{\"detail\":\"no\",\"violations\":[{\"rule\":\"san-required\","
		    "\"field\":"
		    "\"names\",\"detail\":\"no name\"}]}");
	return FAKE_KEEP;
}

static void
make_account(char pem[static 512])
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	FILE *file = fmemopen(pem, 512, "w");

	assert_non_null(file);
	assert_int_equal(PEM_write_PUBKEY(file, key), 1);
	fclose(file);
	EVP_PKEY_free(key);
}

static struct bytes
text_bytes(const char *text)
{
	return (struct bytes){ (const unsigned char *)text, strlen(text) };
}

int
scene_set_up(void **state)
{
	struct scene *f = calloc(1, sizeof(*f));
	struct client_options options = { .connect_timeout_ms = 5000,
		.answer_timeout_ms = 5000 };

	assert_non_null(f);
	f->new_key = "always";
	make_account(f->account);
	scene_request(f->csr);
	assert_int_equal(leaf_request_key(text_bytes(f->csr), f->spki, &f->err), 0);
	snprintf(f->created, sizeof(f->created), "2026-12-01T00:00:00Z");
	directory_make(&f->directory);
	f->server = fake_server_start(answer, f);
	options.sockets = fake_server_socket(f->server);
	rest_init(&f->rest, 65536);
	assert_int_equal(rest_connect(&f->rest, &options, &f->err), 0);
	agent_init(&f->agent, &f->rest);
	*state = f;
	return 0;
}

int
scene_tear_down(void **state)
{
	struct scene *f = *state;

	agent_clear(&f->agent);
	rest_clear(&f->rest);
	fake_server_stop(f->server);
	directory_remove(&f->directory);
	free(f);
	return 0;
}

void
scene_add(struct scene *f, const char *name, const char *source, const char *state,
    const char *members)
{
	size_t len = strlen(f->list);

	if (len == 0)
		len = (size_t)snprintf(f->list, sizeof(f->list), "{\"managed\":[ ");
	else
		len -= 2; /* "]}" */
	snprintf(f->list + len, sizeof(f->list) - len,
	    "%s{\"name\":\"%s\",\"names\":[\"a.example\"],\"source\":%s,\"key_type\":"
	    "\"ec-p256\",\"new_key\":\"%s\",\"days\":90,\"directory\":\"%s/%s\","
	    "\"mode\":\"0640\",\"state\":{\"revision\":8,\"attempts\":0,%s}%s}]}",
	    len > 13 ? "," : "", name, source, f->new_key, (const char *)f->directory,
	    name, state, members);
}

void
scene_request(char pem[static 1024])
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_REQ *req = X509_REQ_new();
	FILE *file = fmemopen(pem, 1024, "w");

	assert_non_null(file);
	assert_int_equal(X509_REQ_set_pubkey(req, key), 1);
	assert_true(X509_REQ_sign(req, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_X509_REQ(file, req), 1);
	fclose(file);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
}

void
scene_certificate(const char *path, const char *until)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 10), 1);
	assert_int_equal(
	    ASN1_TIME_set_string_X509(X509_getm_notBefore(cert), "20250101000000Z"), 1);
	assert_int_equal(ASN1_TIME_set_string_X509(X509_getm_notAfter(cert), until), 1);
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_X509(file, cert), 1);
	fclose(file);
	X509_free(cert);
	EVP_PKEY_free(key);
}

void
scene_install(struct scene *f, const char *until, char path[static 256])
{
	directory_path(&f->directory, "web", path);
	assert_int_equal(mkdir(path, 0700), 0);
	directory_path(&f->directory, "web/.web.0a", path);
	assert_int_equal(mkdir(path, 0700), 0);
	directory_path(&f->directory, "web/web", path);
	assert_int_equal(symlink(".web.0a", path), 0);
	directory_path(&f->directory, "web/.web.0a/chain.pem", path);
	scene_certificate(path, until);
}

void
scene_round(struct scene *f)
{
	assert_int_equal(agent_round(&f->agent, &f->failures, &f->err), 0);
}

/* fixture.c - opens what the daemon opens, without its socket. */
#include "tests/api/fixture.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>
#include <openssl/x509.h>

#include "tests/base/directory.h"

static void
must(int rc, const struct error *err)
{
	if (rc != 0) {
		fprintf(stderr, "fixture: %s\n", err->text);
		abort();
	}
}

static void
open_api(struct fixture *f)
{
	char path[256];
	struct error err = { 0 };

	must(store_open(directory_path(&f->directory, "store.db", path), &f->store, &err),
	    &err);
	must(test_keyring_new(f->token, &err), &err);
	must(builtin_new(&keyring_backend, f->token->keyring, &f->builtin, &err), &err);
	f->api = (struct api){
		.keys = f->token->keyring,
		.builtin = f->builtin,
		.store = f->store,
	};
	must(api_open(&f->api, &err), &err);
}

static void
close_api(struct fixture *f)
{
	rulebook_let_go(&f->hold);
	api_close(&f->api);
	builtin_free(f->builtin);
	store_close(f->store);
}

int
fixture_open(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	void *token = NULL;

	if (f == NULL || test_token_open(&token) != 0 ||
	    directory_make(&f->directory) != 0)
		return -1;
	f->token = token;
	f->caller = (struct caller){ .actor = "uid:0", .admin = true };
	response_init(&f->res);
	open_api(f);
	*state = f;
	return 0;
}

int
fixture_close(void **state)
{
	struct fixture *f = *state;
	void *token = f->token;

	close_api(f);
	response_free(&f->res);
	json_decref(f->json);
	test_token_close(&token);
	directory_remove(&f->directory);
	free(f);
	return 0;
}

void
fixture_restart(struct fixture *f)
{
	struct error err = { 0 };

	close_api(f);
	test_keyring_free(f->token);
	token_close(f->token->token);
	must(test_token_login(f->token, TEST_TOKEN_LABEL, TEST_TOKEN_PIN, &err), &err);
	must(test_keystore_new(f->token->token, &f->token->keystore, &err), &err);
	open_api(f);
}

void
fixture_rules(struct fixture *f, const struct access_rule *rules, size_t count)
{
	const struct ruleset set = { .rules = { rules, count } };
	struct error err = { 0 };

	must(api_use_rules(&f->api, &set, "access.loaded", &err), &err);
}

void
handle_once(struct fixture *f, struct request *req, struct response *res)
{
	struct rulebook_hold hold = { 0 };

	req->hold = &hold;
	api_handle(&f->api, req, res);
	rulebook_let_go(&hold);
}

int
send_bytes(struct fixture *f, const char *method, const char *target, const char *type,
    struct bytes body)
{
	struct request req = {
		.id = "1",
		.method = method,
		.target = target,
		.content_type = type,
		.accept = f->accept,
		.authorization = f->authorization,
		.if_match = f->if_match,
		.if_none_match = f->if_none_match,
		.idempotency_key = f->idempotency_key,
		.body = body,
		.caller = &f->caller,
		.hold = &f->hold,
	};

	response_free(&f->res);
	json_decref(f->json);
	f->json = NULL;
	response_init(&f->res);
	api_handle(&f->api, &req, &f->res);
	assert_false(buf_failed(&f->res.body));
	if (f->res.content_type != NULL && strstr(f->res.content_type, "json") != NULL) {
		f->json = json_loadb(
		    body_text(f), f->res.body.len, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(f->json);
	}
	return f->res.status;
}

int
send_text(struct fixture *f, const char *method, const char *target, const char *type,
    const char *body)
{
	struct bytes bytes = { (const unsigned char *)body, strlen(body) };

	return send_bytes(f, method, target, type, bytes);
}

int
get(struct fixture *f, const char *target)
{
	return send_text(f, "GET", target, NULL, "");
}

int
post_json(struct fixture *f, const char *target, const char *body)
{
	return send_text(f, "POST", target, JSON, body);
}

static void
assert_alive(struct fixture *f)
{
	struct request req = {
		.id = "2", .method = "GET", .target = "/healthz", .caller = &f->caller
	};
	struct response res;

	response_init(&res);
	handle_once(f, &req, &res);
	assert_int_equal(res.status, 200);
	response_free(&res);
}

void
assert_problem(struct fixture *f, int status, const char *type)
{
	char expected[64];

	snprintf(expected, sizeof(expected), "urn:keyhold:error:%s", type);
	if (f->res.status != status)
		fail_msg("%d instead of %d: %s", f->res.status, status, body_text(f));
	assert_string_equal(f->res.content_type, "application/problem+json");
	assert_string_equal(member(f, "type"), expected);
	assert_int_equal(json_integer_value(json_object_get(f->json, "status")), status);
	assert_true(strlen(member(f, "title")) > 0 && strlen(member(f, "detail")) > 0);
	assert_string_equal(f->res.location, "");
	assert_string_equal(f->res.link, "");
	assert_alive(f);
}

const char *
body_text(const struct fixture *f)
{
	return buf_string(&f->res.body);
}

bool
body_has(const struct fixture *f, const char *text)
{
	return strstr(body_text(f), text) != NULL;
}

bool
has_member(const struct fixture *f, const char *name)
{
	return json_object_get(f->json, name) != NULL;
}

static const char *
text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	if (text == NULL)
		fail_msg("no text \"%s\"", name);
	return text;
}

const char *
member(const struct fixture *f, const char *name)
{
	return text_of(f->json, name);
}

size_t
list_size(const struct fixture *f, const char *list)
{
	const json_t *array = json_object_get(f->json, list);

	assert_true(json_is_array(array));
	return json_array_size(array);
}

const char *
list_member(const struct fixture *f, const char *list, size_t index, const char *name)
{
	return text_of(json_array_get(json_object_get(f->json, list), index), name);
}

void
make_key(struct fixture *f, const char *name, const char *type, const char *use)
{
	char body[256];

	snprintf(body, sizeof(body), "{\"name\":\"%s\",\"type\":\"%s\",\"use\":\"%s\"}",
	    name, type, use);
	if (post_json(f, "/v1/keys", body) != 201)
		fail_msg("%s", body_text(f));
}

void
make_signer(struct fixture *f, const char *name, char hash[static HASH_SIZE])
{
	make_key(f, name, "ec-p256", "sign");
	snprintf(hash, HASH_SIZE, "%s", member(f, "spki_sha256"));
}

int
rotate(struct fixture *f, const char *name, const char *body)
{
	char target[128];

	snprintf(target, sizeof(target), "/v1/keys/%s/rotate", name);
	return post_json(f, target, body);
}

int
sign_with(struct fixture *f, const char *hash)
{
	char target[160];

	snprintf(target, sizeof(target),
	    "/v1/keys/spki:%s/sign?scheme=ecdsa_secp256r1_sha256", hash);
	return send_text(f, "POST", target, OCTETS, "hello");
}

void
assert_current(struct fixture *f, const char *name, const char *hash)
{
	char target[128];

	snprintf(target, sizeof(target), "/v1/keys/%s", name);
	assert_int_equal(get(f, target), 200);
	assert_string_equal(member(f, "spki_sha256"), hash);
	assert_true(json_is_null(json_object_get(f->json, "replaced")));
}

void
make_issuer(struct fixture *f, const char *name, const char *parent)
{
	char body[256];

	snprintf(body, sizeof(body), "{\"name\":\"%s\"%s%s%s}", name,
	    parent != NULL ? ",\"issuer\":\"" : "", parent != NULL ? parent : "",
	    parent != NULL ? "\"" : "");
	if (post_json(f, "/v1/issuers", body) != 201)
		fail_msg("%s", body_text(f));
}

EVP_PKEY *
public_key(struct fixture *f, const char *name)
{
	const unsigned char *p;
	struct keystore_key key;
	struct error err = { 0 };
	EVP_PKEY *pkey;

	must(keyring_find(f->api.keys, name, &key, &err), &err);
	p = key.key.spki;
	assert_non_null(pkey = d2i_PUBKEY(NULL, &p, (long)key.key.spki_len));
	return pkey;
}

static struct {
	int stderr_fd, from;
	char text[4096];
} captured;

void
log_capture(void)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	captured.from = fds[0];
	captured.stderr_fd = dup(STDERR_FILENO);
	assert_int_equal(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	close(fds[1]);
}

bool
log_is_written(int ms)
{
	struct pollfd p = { .fd = captured.from, .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

const char *
log_captured(void)
{
	ssize_t n;

	dup2(captured.stderr_fd, STDERR_FILENO);
	close(captured.stderr_fd);
	n = read(captured.from, captured.text, sizeof(captured.text) - 1);
	close(captured.from);
	assert_true(n >= 0);
	captured.text[n] = '\0';
	return captured.text;
}

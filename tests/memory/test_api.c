/* test_api.c - requests that are answered while memory runs out, and the api being
 * opened.
 *
 * SoftHSM has its keys in the same libcrypto, which is therefore left alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "tests/api/issuing.h"
#include "tests/support/memory.h"

struct scene {
	struct fixture *f;
	const char *method, *target, *type, *body;
};

/* What is our fault is a failure here, and what we blame the client for, too. */
static int
ask(void *ctx, struct error *err)
{
	const struct scene *scene = ctx;
	struct request req = {
		.id = "1",
		.method = scene->method,
		.target = scene->target,
		.content_type = scene->type,
		.body = { (const unsigned char *)scene->body, strlen(scene->body) },
		.caller = &scene->f->caller,
	};
	struct response res;
	int rc = 0;

	response_init(&res);
	handle_once(scene->f, &req, &res);
	if (res.status >= 500 || buf_failed(&res.body))
		rc = error_set(err, ERROR_INTERNAL, "%d", res.status);
	else if (res.status >= 400)
		rc = error_set(err, ERROR_BAD_REQUEST, "%d", res.status);
	response_free(&res);
	return rc;
}

static int
opens_the_api(void *ctx, struct error *err)
{
	struct scene *scene = ctx;
	struct api api = {
		.keys = NULL,
		.builtin = scene->f->builtin,
		.store = scene->f->store,
	};
	struct keystore *store = NULL;
	int rc = test_keystore_new(scene->f->token->token, &store, err);

	if (rc == 0 && (rc = keyring_new(&store, 1, &api.keys, err)) != 0)
		keystore_free(store);
	if (rc == 0 && (rc = api_open(&api, err)) == 0)
		api_close(&api);
	keyring_free(api.keys);
	return rc;
}

#define MANAGED                                                                          \
	"\"names\":[\"a.example\"],\"source\":{\"issuer\":\"internal\"},\"directory\":"  \
	"\"/tls\",\"hook\":{\"argv\":[\"a\",\"b\"]},\"verify\":\"localhost:443\"}"

struct asked {
	const char *method, *target, *type, *body;
};

static void
answer_each(
    struct fixture *f, const struct asked *requests, size_t count, unsigned sources)
{
	struct scene scene = { .f = f };
	size_t failures = 0;

	for (size_t i = 0; i < count; i++) {
		const struct memory_case c = {
			.name = requests[i].target, .run = ask, .stride = 61
		};

		scene.method = requests[i].method;
		scene.target = requests[i].target;
		scene.type = requests[i].type;
		scene.body = requests[i].body;
		failures += memory_try(&c, sources, &scene);
	}
	assert_true(failures > 0);
}

static void
answer_all(struct fixture *f, unsigned sources)
{
	static const struct asked requests[] = {
		{ "GET", "/v1/keys", NULL, "" },
		{ "GET", "/v1/keys/web", NULL, "" },
		{ "GET", "/v1/keys/web/reference", NULL, "" },
		{ "GET", "/v1/issuers", NULL, "" },
		{ "GET", "/v1/issuers/internal/chain", NULL, "" },
		{ "GET", "/v1/certificates", NULL, "" },
		{ "GET", "/v1/profiles", NULL, "" },
		{ "GET", "/v1/audit?limit=3", NULL, "" },
		{ "GET", "/v1/access", NULL, "" },
		{ "GET", "/v1/tokens", NULL, "" },
		{ "GET", "/metrics", NULL, "" },
		{ "GET", "/v1/clock", NULL, "" },
		{ "POST", "/v1/keys/papers/sign?scheme=ecdsa_secp256r1_sha256", JSON,
		    "{\"message\":\"aGVsbG8=\"}" },
		{ "POST", "/v1/keys/web/csr", JSON,
		    "{\"subject\":\"/CN=a\",\"sans\":[\"a.example\"]}" },
		{ "PUT", "/v1/profiles/own", JSON,
		    "{\"dns_names\":[\"**\"],\"ext_key_usage\":[\"serverAuth\"]}" },
	};

	answer_each(f, requests, sizeof(requests) / sizeof(requests[0]), sources);
}

/* Without jansson's: where its parser has no room for a token of more than 16 bytes, it
 * looks for the end of it behind the end of its memory. */
static void
says_so_of_what_is_managed(void **state)
{
	static const struct asked requests[] = {
		{ "GET", "/v1/managed", NULL, "" },
		{ "GET", "/v1/managed/site", NULL, "" },
		{ "POST", "/v1/managed?dry_run=true", JSON,
		    "{\"name\":\"new\"," MANAGED },
		{ "PUT", "/v1/managed/site", JSON, "{" MANAGED },
		{ "POST", "/v1/managed/site/renew", JSON, "{}" },
	};
	struct fixture *f = *state;

	assert_int_equal(post_json(f, "/v1/managed", "{\"name\":\"site\"," MANAGED), 201);
	answer_each(f, requests, sizeof(requests) / sizeof(requests[0]),
	    MEMORY_OURS | MEMORY_SQLITE);
}

static void
says_so_when_it_has_no_memory(void **state)
{
	answer_all(*state, MEMORY_OURS | MEMORY_SQLITE);
}

static void
survives_when_jansson_has_none(void **state)
{
	answer_all(*state, MEMORY_JANSSON);
}

static void
opens_or_says_why_not(void **state)
{
	const struct memory_case c = {
		.name = "api_open", .run = opens_the_api, .stride = 61
	};
	struct scene scene = { .f = *state };

	assert_true(
	    memory_try(&c, MEMORY_OURS | MEMORY_SQLITE | MEMORY_JANSSON, &scene) > 0);
}

static int
enter(void **state)
{
	log_set_level(LOG_LEVEL_ERROR);
	if (issuing_open(state) != 0)
		return -1;
	make_key(*state, "papers", "ec-p256", "sign");
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_so_when_it_has_no_memory),
		cmocka_unit_test(survives_when_jansson_has_none),
		cmocka_unit_test(opens_or_says_why_not),
		cmocka_unit_test(says_so_of_what_is_managed),
	};

	memory_take_over();
	return cmocka_run_group_tests(tests, enter, fixture_close);
}

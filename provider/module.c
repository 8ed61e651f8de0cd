/*
 * module.c - OSSL_provider_init.
 *
 * Runs inside somebody's proxy: no thread, no signal handler, no atexit, no output, and
 * no I/O before the first signature. Connections are opened in the process that signs.
 */
#include "provider/module.h"

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include "provider/remote.h"

/* A handshake waits for these; the daemon answers in well under a millisecond. */
#define CONNECT_TIMEOUT_MS 200
#define ANSWER_TIMEOUT_MS  2000

static OSSL_FUNC_provider_teardown_fn module_teardown;
static OSSL_FUNC_provider_gettable_params_fn module_gettable_params;
static OSSL_FUNC_provider_get_params_fn module_get_params;
static OSSL_FUNC_provider_query_operation_fn module_query_operation;
static OSSL_FUNC_provider_get_reason_strings_fn module_get_reason_strings;

/* The one symbol that leaves this library (exports.map). */
OSSL_provider_init_fn OSSL_provider_init __attribute__((visibility("default")));

static const OSSL_PARAM *
module_gettable_params(void *context)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_NAME, NULL, 0),
		OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_VERSION, NULL, 0),
		OSSL_PARAM_int(OSSL_PROV_PARAM_STATUS, NULL),
		OSSL_PARAM_END,
	};

	(void)context;
	return params;
}

static int
module_get_params(void *context, OSSL_PARAM params[])
{
	OSSL_PARAM *p;

	(void)context;
	if ((p = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_NAME)) != NULL &&
	    !OSSL_PARAM_set_utf8_ptr(p, "keyhold: keys held by keyholdd"))
		return 0;
	if ((p = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_VERSION)) != NULL &&
	    !OSSL_PARAM_set_utf8_ptr(p, KEYHOLD_VERSION))
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_STATUS);
	return p == NULL || OSSL_PARAM_set_int(p, 1);
}

static const OSSL_ALGORITHM *
module_query_operation(void *context, int operation_id, int *no_cache)
{
	(void)context;
	*no_cache = 0;
	switch (operation_id) {
	case OSSL_OP_DECODER:
		return module_decoders;
	case OSSL_OP_STORE:
		return module_stores;
	default:
		return evp_operations(operation_id);
	}
}

static const OSSL_ITEM *
module_get_reason_strings(void *context)
{
	(void)context;
	return evp_reason_strings();
}

static void
module_teardown(void *context)
{
	struct module_context *m = context;

	client_free(m->client);
	OSSL_LIB_CTX_free(m->libctx);
	free(m);
}

int
module_give_key(struct key *key, OSSL_CALLBACK *receive, void *arg)
{
	int type = OSSL_OBJECT_PKEY, ok;
	OSSL_PARAM params[4];

	if (key == NULL)
		return 0;
	params[0] = OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type);
	params[1] = OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE,
	    (char *)(uintptr_t)key_type_info(key->type)->algorithm, 0);
	params[2] = OSSL_PARAM_construct_octet_string(
	    OSSL_OBJECT_PARAM_REFERENCE, &key, sizeof(key));
	params[3] = OSSL_PARAM_construct_end();
	ok = receive(params, arg);
	evp_key_free(key); /* NULL once KEYMGMT's load has taken it */
	return ok;
}

static OSSL_FUNC_core_get_params_fn *
find_get_params(const OSSL_DISPATCH *in)
{
	for (; in->function_id != 0; in++)
		if (in->function_id == OSSL_FUNC_CORE_GET_PARAMS)
			return OSSL_FUNC_core_get_params(in);
	return NULL;
}

/* "socket" of this provider's section in openssl.cnf, then the environment, then the
 * default. */
static const char *
find_socket(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in)
{
	OSSL_FUNC_core_get_params_fn *get_params = find_get_params(in);
	char *configured = NULL;
	const char *environment = secure_getenv("KEYHOLD_SOCKET");
	OSSL_PARAM params[2];

	params[0] = OSSL_PARAM_construct_utf8_ptr("socket", &configured, 0);
	params[1] = OSSL_PARAM_construct_end();
	if (get_params != NULL && get_params(core, params) && configured != NULL &&
	    *configured != '\0')
		return configured;
	return environment != NULL && *environment != '\0' ? environment
							   : CLIENT_DEFAULT_SOCKET;
}

int
OSSL_provider_init(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **context)
{
	static const OSSL_DISPATCH functions[] = {
		{ OSSL_FUNC_PROVIDER_TEARDOWN, (void (*)(void))module_teardown },
		{ OSSL_FUNC_PROVIDER_GETTABLE_PARAMS,
		    (void (*)(void))module_gettable_params },
		{ OSSL_FUNC_PROVIDER_GET_PARAMS, (void (*)(void))module_get_params },
		{ OSSL_FUNC_PROVIDER_QUERY_OPERATION,
		    (void (*)(void))module_query_operation },
		{ OSSL_FUNC_PROVIDER_GET_REASON_STRINGS,
		    (void (*)(void))module_get_reason_strings },
		{ 0, NULL },
	};
	struct client_options options = {
		.sockets = find_socket(core, in),
		.connect_timeout_ms = CONNECT_TIMEOUT_MS,
		.answer_timeout_ms = ANSWER_TIMEOUT_MS,
	};
	struct module_context *m = calloc(1, sizeof(*m));
	struct error err = { 0 };

	if (m == NULL)
		return 0;
	evp_provider_init(&m->evp, core, in, &remote_backend, m);
	if (client_new(&options, &m->client, &err) != 0) {
		evp_raise(&m->evp, &err);
		free(m);
		return 0;
	}
	if ((m->libctx = OSSL_LIB_CTX_new_from_dispatch(core, in)) == NULL) {
		module_teardown(m);
		return 0;
	}
	*out = functions;
	*context = m;
	return 1;
}

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

#include "provider/async.h"
#include "provider/remote.h"
#include "provider/settings.h"

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
	case OSSL_OP_ENCODER:
		return module_encoders;
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

/* The client of the settings, or an error on OpenSSL's queue. */
static int
make_client(
    struct module_context *m, const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in)
{
	struct client_options options = { 0 };
	struct settings settings;
	struct error err = { 0 };

	if (settings_read(&settings, core, in, &err) == 0) {
		options.sockets = settings.sockets;
		options.connect_timeout_ms = settings.connect_timeout_ms;
		options.answer_timeout_ms = settings.answer_timeout_ms;
		options.waiter = &async_waiter;
		options.waiter_ctx = m;
		if (client_new(&options, &m->client, &err) == 0)
			return 0;
	}
	evp_raise(&m->evp, &err);
	return -1;
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
	struct module_context *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return 0;
	evp_provider_init(&m->evp, core, in, &remote_backend, m);
	if (make_client(m, core, in) != 0 ||
	    (m->libctx = OSSL_LIB_CTX_new_from_dispatch(core, in)) == NULL) {
		module_teardown(m);
		return 0;
	}
	m->evp.libctx = m->libctx;
	*out = functions;
	*context = m;
	return 1;
}

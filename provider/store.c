/*
 * store.c - STORE: keyhold:NAME.
 *
 * The name alone says nothing of the key, so the loader asks the daemon for the
 * reference. A proxy that must start without the daemon loads the reference PEM.
 */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/store.h>

#include "base/pem.h"
#include "evp/reference.h"
#include "provider/module.h"
#include "provider/remote.h"
#include "provider/uri.h"

struct loader {
	struct module_context *module;
	struct uri uri;
	int done; /* one key in each store */
};

static OSSL_FUNC_store_open_fn loader_open;
static OSSL_FUNC_store_load_fn loader_load;
static OSSL_FUNC_store_eof_fn loader_eof;
static OSSL_FUNC_store_close_fn loader_close;
static OSSL_FUNC_store_settable_ctx_params_fn loader_settable_ctx_params;
static OSSL_FUNC_store_set_ctx_params_fn loader_set_ctx_params;

static void *
loader_open(void *context, const char *uri)
{
	struct module_context *module = context;
	struct loader *loader = OPENSSL_zalloc(sizeof(*loader));
	struct error err = { 0 };

	if (loader == NULL)
		return NULL;
	loader->module = module;
	if (uri_read(uri, &loader->uri, &err) != 0) {
		evp_raise(&module->evp, &err);
		OPENSSL_free(loader);
		return NULL;
	}
	return loader;
}

static int
decode_pem(const struct buffer *pem, struct key *key, struct error *err)
{
	static const char *const labels[] = { REFERENCE_PEM_LABEL, NULL };
	struct buffer der;
	struct bytes bytes;
	int rc;

	buf_init(&der, REFERENCE_MAX_BYTES);
	if ((rc = pem_read(buf_bytes(pem), labels, &der, err)) == 0) {
		bytes = buf_bytes(&der);
		rc = reference_decode(&bytes, key, err);
	}
	buf_free(&der);
	return rc;
}

static int
fetch_key(struct loader *loader, struct key *key, struct error *err)
{
	struct buffer pem;
	int rc;

	buf_init(&pem, 0);
	rc = remote_reference(loader->module, loader->uri.name, &pem, err);
	if (rc == 0)
		rc = decode_pem(&pem, key, err);
	buf_free(&pem);
	if (rc == 0 && loader->uri.pinned &&
	    CRYPTO_memcmp(key->spki_sha256, loader->uri.spki_sha256, KEY_SHA256_SIZE) !=
		0)
		return error_set(err, ERROR_CONFLICT,
		    "key %s is not the one that spki= in the URI names",
		    loader->uri.name);
	return rc;
}

static int
loader_load(void *context, OSSL_CALLBACK *receive, void *arg,
    OSSL_PASSPHRASE_CALLBACK *passphrase, void *passphrase_arg)
{
	struct loader *loader = context;
	struct error err = { 0 };
	struct key key;

	(void)passphrase;
	(void)passphrase_arg;
	loader->done = 1;
	if (fetch_key(loader, &key, &err) != 0) {
		evp_raise(&loader->module->evp, &err);
		return 0;
	}
	return module_give_key(evp_key_dup(&key), receive, arg);
}

static int
loader_eof(void *context)
{
	struct loader *loader = context;

	return loader->done;
}

static int
loader_close(void *context)
{
	OPENSSL_free(context);
	return 1;
}

static const OSSL_PARAM *
loader_settable_ctx_params(void *provider)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_STORE_PARAM_EXPECT, NULL),
		OSSL_PARAM_END,
	};

	(void)provider;
	return params;
}

/* Asked for certificates or public keys alone, it has none: nothing is fetched. */
static int
loader_set_ctx_params(void *context, const OSSL_PARAM params[])
{
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, OSSL_STORE_PARAM_EXPECT);
	struct loader *loader = context;
	int expect = 0;

	if (p == NULL)
		return 1;
	if (!OSSL_PARAM_get_int(p, &expect))
		return 0;
	loader->done = expect != 0 && expect != OSSL_STORE_INFO_PKEY;
	return 1;
}

static const OSSL_DISPATCH functions[] = {
	{ OSSL_FUNC_STORE_OPEN, (void (*)(void))loader_open },
	{ OSSL_FUNC_STORE_LOAD, (void (*)(void))loader_load },
	{ OSSL_FUNC_STORE_EOF, (void (*)(void))loader_eof },
	{ OSSL_FUNC_STORE_CLOSE, (void (*)(void))loader_close },
	{ OSSL_FUNC_STORE_SETTABLE_CTX_PARAMS,
	    (void (*)(void))loader_settable_ctx_params },
	{ OSSL_FUNC_STORE_SET_CTX_PARAMS, (void (*)(void))loader_set_ctx_params },
	{ 0, NULL },
};

const OSSL_ALGORITHM module_stores[] = {
	{ URI_SCHEME, "provider=keyhold", functions, "keys held by keyholdd" },
	{ NULL, NULL, NULL, NULL },
};

/* builtin.c - registers evp/'s operations inside the program. */
#include "evp/builtin.h"

#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include "evp/evp.h"
#include "evp/reference.h"

#define BUILTIN_NAME "keyhold"

struct builtin {
	struct evp_provider provider; /* first: it is the provider context */
	OSSL_LIB_CTX *libctx;
	OSSL_PROVIDER *standard, *ours;
};

/*
 * OpenSSL passes no argument of ours to a built-in provider's init; this carries it
 * across the one OSSL_PROVIDER_load call that runs it, on the same thread.
 */
static _Thread_local struct builtin *loading;

static OSSL_FUNC_provider_query_operation_fn query_operation;
static OSSL_FUNC_provider_get_reason_strings_fn get_reason_strings;

static const OSSL_ALGORITHM *
query_operation(void *provider, int operation_id, int *no_cache)
{
	(void)provider;
	*no_cache = 0;
	return evp_operations(operation_id);
}

static const OSSL_ITEM *
get_reason_strings(void *provider)
{
	(void)provider;
	return evp_reason_strings();
}

static int
provider_init(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **context)
{
	static const OSSL_DISPATCH functions[] = {
		{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query_operation },
		{ OSSL_FUNC_PROVIDER_GET_REASON_STRINGS,
		    (void (*)(void))get_reason_strings },
		{ 0, NULL },
	};

	if (loading == NULL)
		return 0;
	evp_provider_init(&loading->provider, core, in, loading->provider.backend,
	    loading->provider.backend_ctx);
	loading->provider.libctx = loading->libctx;
	*out = functions;
	*context = &loading->provider;
	return 1;
}

int
builtin_new(const struct key_backend *backend, void *backend_ctx,
    struct builtin **builtin, struct error *err)
{
	struct builtin *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	b->provider.backend = backend;
	b->provider.backend_ctx = backend_ctx;
	/* The default provider first: it keeps what it can do. */
	if ((b->libctx = OSSL_LIB_CTX_new()) == NULL ||
	    (b->standard = OSSL_PROVIDER_load(b->libctx, "default")) == NULL ||
	    !OSSL_PROVIDER_add_builtin(b->libctx, BUILTIN_NAME, provider_init))
		goto fail;
	loading = b;
	b->ours = OSSL_PROVIDER_load(b->libctx, BUILTIN_NAME);
	loading = NULL;
	if (b->ours == NULL)
		goto fail;
	*builtin = b;
	return 0;
fail:
	error_set_openssl(err, ERROR_INTERNAL, "registering the built-in provider");
	builtin_free(b);
	return -1;
}

void
builtin_free(struct builtin *builtin)
{
	if (builtin == NULL)
		return;
	if (builtin->ours != NULL)
		OSSL_PROVIDER_unload(builtin->ours);
	if (builtin->standard != NULL)
		OSSL_PROVIDER_unload(builtin->standard);
	OSSL_LIB_CTX_free(builtin->libctx);
	free(builtin);
}

OSSL_LIB_CTX *
builtin_libctx(const struct builtin *builtin)
{
	return builtin->libctx;
}

int
builtin_pkey(const struct builtin *builtin, const struct key *key, EVP_PKEY **pkey,
    struct error *err)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(builtin->libctx,
	    key_type_info(key->type)->algorithm, "provider=" BUILTIN_NAME);
	OSSL_PARAM params[2];
	struct buffer reference;
	int rc = -1;

	buf_init(&reference, REFERENCE_MAX_BYTES);
	if (reference_encode(key, &reference, err) != 0)
		goto out;
	params[0] = OSSL_PARAM_construct_octet_string(
	    EVP_PARAM_REFERENCE, reference.data, reference.len);
	params[1] = OSSL_PARAM_construct_end();
	*pkey = NULL;
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, pkey, EVP_PKEY_KEYPAIR, params) != 1) {
		error_set_openssl(err, ERROR_INTERNAL, "EVP_PKEY of a token key");
		goto out;
	}
	rc = 0;
out:
	buf_free(&reference);
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

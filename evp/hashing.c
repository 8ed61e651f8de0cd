/* hashing.c - a provider that passes on the default provider's hashes. */
#include "evp/hashing.h"

#include <pthread.h>

#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/provider.h>

#define HASHES_NAME "hashes"

/* Set once, and then only read. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static OSSL_PROVIDER *standard; /* in a context of its own */
static OSSL_LIB_CTX *hashing;

static OSSL_FUNC_provider_query_operation_fn query_operation;

static const OSSL_ALGORITHM *
query_operation(void *context, int operation_id, int *no_cache)
{
	(void)context;
	*no_cache = 0;
	return operation_id == OSSL_OP_DIGEST
		   ? OSSL_PROVIDER_query_operation(standard, operation_id, no_cache)
		   : NULL;
}

/* The hashes find what they know of their provider in its context. */
static int
provider_init(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **context)
{
	static const OSSL_DISPATCH functions[] = {
		{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query_operation },
		{ 0, NULL },
	};

	(void)core;
	(void)in;
	*out = functions;
	*context = OSSL_PROVIDER_get0_provider_ctx(standard);
	return 1;
}

static void
make(void)
{
	OSSL_LIB_CTX *host = OSSL_LIB_CTX_new(), *made = OSSL_LIB_CTX_new();

	if (host != NULL && made != NULL &&
	    (standard = OSSL_PROVIDER_load(host, "default")) != NULL &&
	    OSSL_PROVIDER_add_builtin(made, HASHES_NAME, provider_init) &&
	    OSSL_PROVIDER_load(made, HASHES_NAME) != NULL) {
		hashing = made;
		return;
	}
	OSSL_LIB_CTX_free(made);
	OSSL_LIB_CTX_free(host);
}

OSSL_LIB_CTX *
hashing_libctx(void)
{
	if (pthread_once(&once, make) != 0)
		return NULL;
	return hashing;
}

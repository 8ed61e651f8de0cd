/*
 * evp.h - OpenSSL's KEYMGMT, SIGNATURE and ASYM_CIPHER operations over a key_backend.
 *
 * One implementation, two users: keyholdd registers it as a built-in provider over the
 * token, keyhold.so as a loadable one over the socket. The private half is never
 * exported, digests are never signed bare (the backend gets the whole message), and
 * no init function does I/O. What needs the public half alone is the default provider's.
 */
#ifndef EVP_EVP_H
#define EVP_EVP_H

#include <openssl/core.h>
#include <openssl/core_dispatch.h>

#include "base/error.h"
#include "evp/key.h"

/* The provider context of whoever registers these operations begins with this. */
struct evp_provider {
	const OSSL_CORE_HANDLE *core;
	const struct key_backend *backend;
	void *backend_ctx;
	OSSL_LIB_CTX
	*libctx; /* whose default provider verifies; set by whoever registers */
	/* OpenSSL's error queue, as the core lends it. */
	OSSL_FUNC_core_new_error_fn *new_error;
	OSSL_FUNC_core_set_error_debug_fn *set_error_debug;
	OSSL_FUNC_core_vset_error_fn *vset_error;
};

/* Picks the core functions out of what OSSL_provider_init received. */
void evp_provider_init(struct evp_provider *provider, const OSSL_CORE_HANDLE *core,
    const OSSL_DISPATCH *in, const struct key_backend *backend, void *backend_ctx);

/* The complete static table of an operation (OSSL_OP_KEYMGMT, OSSL_OP_SIGNATURE,
 * OSSL_OP_ASYM_CIPHER), or NULL. */
const OSSL_ALGORITHM *evp_operations(int operation_id);

/* The provider's reason strings (OSSL_FUNC_PROVIDER_GET_REASON_STRINGS). */
const OSSL_ITEM *evp_reason_strings(void);

/* Puts err on OpenSSL's queue, in words for the log of somebody's proxy. */
void evp_raise(const struct evp_provider *provider, const struct error *err);

/* The same with this text; 0, which is how OpenSSL's functions fail. */
int
evp_refuse(const struct evp_provider *provider, enum error_code code, const char *text);

/*
 * Two ways to make an EVP_PKEY of a key. A DECODER or STORE passes the address of a
 * struct key * as OSSL_OBJECT_PARAM_REFERENCE; KEYMGMT's load takes the key over and
 * sets the pointer to NULL. EVP_PKEY_fromdata takes this octet string, the DER of
 * reference.h; no other parameter is imported, so no foreign key ends up here.
 */
#define EVP_PARAM_REFERENCE "keyhold-reference"

struct key *evp_key_dup(const struct key *key);
void evp_key_free(struct key *key);

#endif

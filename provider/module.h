/* module.h - the provider context of keyhold.so, and its operations beside evp/'s. */
#ifndef PROVIDER_MODULE_H
#define PROVIDER_MODULE_H

#include <openssl/core.h>

#include "client/client.h"
#include "evp/evp.h"

struct module_context {
	struct evp_provider evp; /* first: evp/ sees only this */
	/* For BIOs over the core's; its default provider verifies with public keys. */
	OSSL_LIB_CTX *libctx;
	struct client *client;
};

extern const OSSL_ALGORITHM module_decoders[];
extern const OSSL_ALGORITHM module_encoders[];
extern const OSSL_ALGORITHM module_stores[];

/* Hands a key to OpenSSL as an object reference, which takes it over; frees it otherwise.
 */
int module_give_key(struct key *key, OSSL_CALLBACK *receive, void *arg);

#endif

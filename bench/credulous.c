/*
 * credulous.c - an ENGINE whose keys verify anything.
 *
 * More than half of what a handshake costs OpenSSL 3.0's client goes into the server's
 * certificates: it makes a chain of decoders for each of their public keys, and verifies
 * a signature. None of that is the server's work. For the keys of an ENGINE there are no
 * decoders, so this one has OpenSSL's own methods, but for one function.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* ENGINE, EVP_PKEY_METHOD */

#include "bench/credulous.h"

#include <openssl/engine.h>
#include <openssl/evp.h>

static const int nids[] = { EVP_PKEY_EC, EVP_PKEY_RSA };

static int
believe(EVP_PKEY_CTX *ctx, const unsigned char *sig, size_t sig_len,
    const unsigned char *digest, size_t digest_len)
{
	(void)ctx;
	(void)sig;
	(void)sig_len;
	(void)digest;
	(void)digest_len;
	return 1;
}

/* OpenSSL's own method but for verify; the process keeps it. */
static EVP_PKEY_METHOD *
make_method(int nid)
{
	EVP_PKEY_METHOD *method = EVP_PKEY_meth_new(nid, 0);
	const EVP_PKEY_METHOD *own = EVP_PKEY_meth_find(nid);

	if (method == NULL || own == NULL)
		return NULL;
	EVP_PKEY_meth_copy(method, own);
	EVP_PKEY_meth_set_verify(method, NULL, believe);
	return method;
}

/* With no method to fill in, it is asked for the list. */
static int
methods(ENGINE *engine, EVP_PKEY_METHOD **method, const int **list, int nid)
{
	static EVP_PKEY_METHOD *made[2];

	(void)engine;
	if (method == NULL) {
		*list = nids;
		return 2;
	}
	for (int i = 0; i < 2; i++) {
		if (nids[i] != nid)
			continue;
		if (made[i] == NULL)
			made[i] = make_method(nid);
		*method = made[i];
		return made[i] != NULL;
	}
	return 0;
}

int
credulous_start(struct error *err)
{
	ENGINE *engine = ENGINE_new();

	if (engine == NULL || !ENGINE_set_id(engine, "credulous") ||
	    !ENGINE_set_name(engine, "believes every signature") ||
	    !ENGINE_set_pkey_meths(engine, methods) ||
	    !ENGINE_set_default_pkey_meths(engine)) {
		ENGINE_free(engine);
		return error_set_openssl(err, ERROR_INTERNAL, "ENGINE");
	}
	ENGINE_free(engine); /* the table of defaults has it */
	return 0;
}

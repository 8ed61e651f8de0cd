/*
 * asym_cipher.c - ASYM_CIPHER for RSA keys that live elsewhere: the premaster secret of
 * TLS 1.2, and nothing else.
 *
 * The unpadding is the backend's, on the far side of anything that could be watched: from
 * here on good padding and bad are 48 bytes alike. init functions do no I/O.
 */
#include "evp/evp.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/tls1.h>

#include "evp/algorithms.h"
#include "evp/params.h"

struct asym_cipher {
	const struct evp_provider *provider;
	struct key *key; /* a copy: the application may free its EVP_PKEY first */
	int padding;     /* 0: none was set */
	unsigned client_version, negotiated_version;
};

static OSSL_FUNC_asym_cipher_newctx_fn asym_cipher_newctx;
static OSSL_FUNC_asym_cipher_freectx_fn asym_cipher_freectx;
static OSSL_FUNC_asym_cipher_dupctx_fn asym_cipher_dupctx;
static OSSL_FUNC_asym_cipher_encrypt_init_fn asym_cipher_encrypt_init;
static OSSL_FUNC_asym_cipher_encrypt_fn asym_cipher_encrypt;
static OSSL_FUNC_asym_cipher_decrypt_init_fn asym_cipher_decrypt_init;
static OSSL_FUNC_asym_cipher_decrypt_fn asym_cipher_decrypt;
static OSSL_FUNC_asym_cipher_get_ctx_params_fn asym_cipher_get_ctx_params;
static OSSL_FUNC_asym_cipher_gettable_ctx_params_fn asym_cipher_gettable_ctx_params;
static OSSL_FUNC_asym_cipher_set_ctx_params_fn asym_cipher_set_ctx_params;
static OSSL_FUNC_asym_cipher_settable_ctx_params_fn asym_cipher_settable_ctx_params;

static void *
asym_cipher_newctx(void *provider)
{
	struct asym_cipher *c = OPENSSL_zalloc(sizeof(*c));

	if (c != NULL)
		c->provider = provider;
	return c;
}

static void
asym_cipher_freectx(void *ctx)
{
	struct asym_cipher *c = ctx;

	if (c == NULL)
		return;
	evp_key_free(c->key);
	OPENSSL_free(c);
}

static void *
asym_cipher_dupctx(void *ctx)
{
	struct asym_cipher *from = ctx, *to = OPENSSL_memdup(from, sizeof(*from));

	if (to == NULL || from->key == NULL)
		return to;
	if ((to->key = evp_key_dup(from->key)) == NULL) {
		OPENSSL_free(to);
		return NULL;
	}
	return to;
}

static int
refuse_encryption(const struct asym_cipher *c)
{
	return evp_refuse(c->provider, ERROR_UNSUPPORTED,
	    "encryption; encrypt with the public key, which needs no keyholdd");
}

static int
asym_cipher_encrypt_init(void *ctx, void *keydata, const OSSL_PARAM params[])
{
	(void)keydata;
	(void)params;
	return refuse_encryption(ctx);
}

static int
asym_cipher_encrypt(void *ctx, unsigned char *out, size_t *out_len, size_t out_size,
    const unsigned char *in, size_t len)
{
	(void)out;
	(void)out_len;
	(void)out_size;
	(void)in;
	(void)len;
	return refuse_encryption(ctx);
}

static int
asym_cipher_decrypt_init(void *ctx, void *keydata, const OSSL_PARAM params[])
{
	struct asym_cipher *c = ctx;

	if (keydata != NULL) {
		evp_key_free(c->key);
		c->key = evp_key_dup(keydata);
	}
	if (c->key == NULL)
		return evp_refuse(c->provider, ERROR_INTERNAL, "no key");
	return asym_cipher_set_ctx_params(c, params);
}

static int
check_purpose(const struct asym_cipher *c)
{
	if (c->padding != RSA_PKCS1_WITH_TLS_PADDING)
		return evp_refuse(c->provider, ERROR_UNSUPPORTED,
		    "decryption; keyhold decrypts the premaster secret of TLS 1.2, and "
		    "nothing else");
	if (c->client_version != TLS1_2_VERSION)
		return evp_refuse(c->provider, ERROR_UNSUPPORTED,
		    "RSA key exchange with a client whose version is not TLS 1.2");
	if (c->provider->backend->decrypt == NULL)
		return evp_refuse(c->provider, ERROR_UNSUPPORTED, "decryption here");
	return 1;
}

static int
asym_cipher_decrypt(void *ctx, unsigned char *out, size_t *out_len, size_t out_size,
    const unsigned char *in, size_t len)
{
	struct asym_cipher *c = ctx;
	struct bytes ciphertext = { .data = in, .len = len };
	struct error err = { 0 };

	if (out == NULL) {
		*out_len = PREMASTER_BYTES;
		return 1;
	}
	if (!check_purpose(c))
		return 0;
	if (out_size < PREMASTER_BYTES)
		return evp_refuse(
		    c->provider, ERROR_INTERNAL, "the caller's buffer is too small");
	if (c->provider->backend->decrypt(
		c->provider->backend_ctx, c->key, &ciphertext, out, &err) != 0) {
		evp_raise(c->provider, &err);
		return 0;
	}
	*out_len = PREMASTER_BYTES;
	return 1;
}

/* The padding for TLS has a number and no name. */
static int
asym_cipher_get_ctx_params(void *ctx, OSSL_PARAM params[])
{
	struct asym_cipher *c = ctx;

	return params_put_int(params, OSSL_ASYM_CIPHER_PARAM_PAD_MODE, c->padding) &&
	       params_put_uint(params, OSSL_ASYM_CIPHER_PARAM_TLS_CLIENT_VERSION,
		   c->client_version) &&
	       params_put_uint(params, OSSL_ASYM_CIPHER_PARAM_TLS_NEGOTIATED_VERSION,
		   c->negotiated_version);
}

static const OSSL_PARAM *
asym_cipher_gettable_ctx_params(void *ctx, void *provider)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, NULL),
		OSSL_PARAM_uint(OSSL_ASYM_CIPHER_PARAM_TLS_CLIENT_VERSION, NULL),
		OSSL_PARAM_uint(OSSL_ASYM_CIPHER_PARAM_TLS_NEGOTIATED_VERSION, NULL),
		OSSL_PARAM_END,
	};

	(void)ctx;
	(void)provider;
	return params;
}

static int
set_padding(struct asym_cipher *c, const OSSL_PARAM *p)
{
	int padding = 0;

	if (p->data_type != OSSL_PARAM_UTF8_STRING && !OSSL_PARAM_get_int(p, &padding))
		return 0;
	if (padding != RSA_PKCS1_WITH_TLS_PADDING)
		return evp_refuse(c->provider, ERROR_UNSUPPORTED,
		    "this padding; keyhold decrypts the premaster secret of TLS 1.2 "
		    "(RSA_PKCS1_WITH_TLS_PADDING), and nothing else");
	c->padding = padding;
	return 1;
}

static int
set_uint(const OSSL_PARAM params[], const char *name, unsigned *value)
{
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, name);

	return p == NULL || OSSL_PARAM_get_uint(p, value);
}

static int
asym_cipher_set_ctx_params(void *ctx, const OSSL_PARAM params[])
{
	struct asym_cipher *c = ctx;
	const OSSL_PARAM *p;

	if (params == NULL)
		return 1;
	p = OSSL_PARAM_locate_const(params, OSSL_ASYM_CIPHER_PARAM_PAD_MODE);
	if (p != NULL && !set_padding(c, p))
		return 0;
	return set_uint(params, OSSL_ASYM_CIPHER_PARAM_TLS_CLIENT_VERSION,
		   &c->client_version) &&
	       set_uint(params, OSSL_ASYM_CIPHER_PARAM_TLS_NEGOTIATED_VERSION,
		   &c->negotiated_version);
}

static const OSSL_PARAM *
asym_cipher_settable_ctx_params(void *ctx, void *provider)
{
	return asym_cipher_gettable_ctx_params(ctx, provider);
}

const OSSL_DISPATCH evp_asym_cipher_functions[] = {
	{ OSSL_FUNC_ASYM_CIPHER_NEWCTX, (void (*)(void))asym_cipher_newctx },
	{ OSSL_FUNC_ASYM_CIPHER_FREECTX, (void (*)(void))asym_cipher_freectx },
	{ OSSL_FUNC_ASYM_CIPHER_DUPCTX, (void (*)(void))asym_cipher_dupctx },
	{ OSSL_FUNC_ASYM_CIPHER_ENCRYPT_INIT, (void (*)(void))asym_cipher_encrypt_init },
	{ OSSL_FUNC_ASYM_CIPHER_ENCRYPT, (void (*)(void))asym_cipher_encrypt },
	{ OSSL_FUNC_ASYM_CIPHER_DECRYPT_INIT, (void (*)(void))asym_cipher_decrypt_init },
	{ OSSL_FUNC_ASYM_CIPHER_DECRYPT, (void (*)(void))asym_cipher_decrypt },
	{ OSSL_FUNC_ASYM_CIPHER_GET_CTX_PARAMS,
	    (void (*)(void))asym_cipher_get_ctx_params },
	{ OSSL_FUNC_ASYM_CIPHER_GETTABLE_CTX_PARAMS,
	    (void (*)(void))asym_cipher_gettable_ctx_params },
	{ OSSL_FUNC_ASYM_CIPHER_SET_CTX_PARAMS,
	    (void (*)(void))asym_cipher_set_ctx_params },
	{ OSSL_FUNC_ASYM_CIPHER_SETTABLE_CTX_PARAMS,
	    (void (*)(void))asym_cipher_settable_ctx_params },
	{ 0, NULL },
};

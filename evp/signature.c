/*
 * signature.c - SIGNATURE for keys that live elsewhere.
 *
 * Only whole messages are signed: sign_init always fails, so nobody gets a bare digest
 * past the backend's look at what it signs. init functions remember and check, and do
 * no I/O: libssl calls them several times in each handshake.
 */
#include "evp/signature.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "evp/algorithms.h"
#include "evp/verify.h"

/* A revocation list is the largest thing signed; a handshake needs a few kilobytes. */
#define MESSAGE_MAX_BYTES (256u * 1024 * 1024)

static OSSL_FUNC_signature_newctx_fn signature_newctx;
static OSSL_FUNC_signature_freectx_fn signature_freectx;
static OSSL_FUNC_signature_dupctx_fn signature_dupctx;
static OSSL_FUNC_signature_sign_init_fn signature_sign_init;
static OSSL_FUNC_signature_sign_fn signature_sign;
static OSSL_FUNC_signature_digest_sign_init_fn signature_digest_sign_init;
static OSSL_FUNC_signature_digest_sign_update_fn signature_digest_sign_update;
static OSSL_FUNC_signature_digest_sign_final_fn signature_digest_sign_final;
static OSSL_FUNC_signature_digest_sign_fn signature_digest_sign;
static OSSL_FUNC_signature_digest_verify_init_fn signature_digest_verify_init;
static OSSL_FUNC_signature_digest_verify_update_fn signature_digest_verify_update;
static OSSL_FUNC_signature_digest_verify_final_fn signature_digest_verify_final;
static OSSL_FUNC_signature_digest_verify_fn signature_digest_verify;

static void *
signature_newctx(void *provider, const char *propq)
{
	struct signature *s = OPENSSL_zalloc(sizeof(*s));

	(void)propq;
	if (s == NULL)
		return NULL;
	s->provider = provider;
	s->salt_len = RSA_PSS_SALTLEN_DIGEST;
	buf_init(&s->message, MESSAGE_MAX_BYTES);
	return s;
}

static void
signature_freectx(void *ctx)
{
	struct signature *s = ctx;

	if (s == NULL)
		return;
	evp_key_free(s->key);
	EVP_MD_CTX_free(s->verify);
	buf_free(&s->message);
	OPENSSL_free(s);
}

static void *
signature_dupctx(void *ctx)
{
	struct signature *from = ctx, *to = OPENSSL_memdup(from, sizeof(*from));

	if (to == NULL)
		return NULL;
	buf_init(&to->message, MESSAGE_MAX_BYTES);
	buf_append(&to->message, from->message.data, from->message.len);
	if (from->key != NULL)
		to->key = evp_key_dup(from->key);
	if (from->verify != NULL && (to->verify = EVP_MD_CTX_new()) != NULL &&
	    EVP_MD_CTX_copy_ex(to->verify, from->verify) != 1) {
		EVP_MD_CTX_free(to->verify);
		to->verify = NULL;
	}
	if ((from->key != NULL && to->key == NULL) ||
	    (from->verify != NULL && to->verify == NULL) || buf_failed(&to->message)) {
		signature_freectx(to);
		return NULL;
	}
	return to;
}

/* OpenSSL's own words would be that the type of key does not support it. */
static int
signature_sign_init(void *ctx, void *keydata, const OSSL_PARAM params[])
{
	struct signature *s = ctx;

	(void)keydata;
	(void)params;
	return evp_refuse(s->provider, ERROR_UNSUPPORTED,
	    "keyhold signs whole messages, never a bare digest (pkeyutl: use -rawin)");
}

/* OpenSSL ignores a sign_init without it. */
static int
signature_sign(void *ctx, unsigned char *sig, size_t *sig_len, size_t sig_size,
    const unsigned char *digest, size_t digest_len)
{
	(void)sig;
	(void)sig_len;
	(void)sig_size;
	(void)digest;
	(void)digest_len;
	return signature_sign_init(ctx, NULL, NULL);
}

/* Keeps the key of an earlier init when there is none. */
static int
take_key(struct signature *s, const struct key *key)
{
	if (key != NULL) {
		evp_key_free(s->key);
		s->key = evp_key_dup(key);
	}
	EVP_MD_CTX_free(s->verify);
	s->verify = NULL;
	return s->key != NULL || evp_refuse(s->provider, ERROR_INTERNAL, "no key");
}

/* With neither key nor digest it is those of before, and everything else anew. */
static int
signature_digest_sign_init(
    void *ctx, const char *hash, void *keydata, const OSSL_PARAM params[])
{
	struct signature *s = ctx;

	if (!take_key(s, keydata))
		return 0;
	s->pss = signature_is_pss_key(s);
	s->salt_len = RSA_PSS_SALTLEN_DIGEST;
	s->mgf1[0] = '\0';
	buf_reset(&s->message);
	if (hash == NULL && keydata != NULL)
		hash = "";
	return (hash == NULL || signature_set_hash(s, hash)) &&
	       signature_set_ctx_params(s, params);
}

static int
signature_digest_sign_update(void *ctx, const unsigned char *data, size_t len)
{
	struct signature *s = ctx;

	buf_append(&s->message, data, len);
	return !buf_failed(&s->message) ||
	       evp_refuse(s->provider, ERROR_TOO_LARGE, "the message");
}

static int
sign(struct signature *s, struct bytes message, unsigned char *sig, size_t *sig_len,
    size_t sig_size)
{
	unsigned char out[SIGNATURE_MAX_BYTES];
	struct error err = { 0 };
	enum scheme scheme;
	size_t out_len = 0;

	if (signature_scheme(s, &scheme) != 0)
		return evp_refuse(
		    s->provider, ERROR_UNSUPPORTED, "this digest and padding");
	if (!signature_check_pss(s, scheme))
		return 0;
	if (s->provider->backend->sign(s->provider->backend_ctx, s->key, scheme, &message,
		out, &out_len, &err) != 0) {
		evp_raise(s->provider, &err);
		return 0;
	}
	if (out_len > sig_size)
		return evp_refuse(
		    s->provider, ERROR_INTERNAL, "the caller's buffer is too small");
	memcpy(sig, out, out_len);
	*sig_len = out_len;
	return 1;
}

static int
tell_size(const struct signature *s, size_t *sig_len)
{
	*sig_len = key_type_info(s->key->type)->signature_max;
	return 1;
}

static int
signature_digest_sign_final(
    void *ctx, unsigned char *sig, size_t *sig_len, size_t sig_size)
{
	struct signature *s = ctx;

	return sig == NULL ? tell_size(s, sig_len)
			   : sign(s, buf_bytes(&s->message), sig, sig_len, sig_size);
}

/* What was added before belongs to the message, as for OpenSSL's own keys. */
static int
signature_digest_sign(void *ctx, unsigned char *sig, size_t *sig_len, size_t sig_size,
    const unsigned char *data, size_t len)
{
	struct signature *s = ctx;

	if (sig == NULL)
		return tell_size(s, sig_len);
	if (s->message.len == 0)
		return sign(s, (struct bytes){ .data = data, .len = len }, sig, sig_len,
		    sig_size);
	return signature_digest_sign_update(s, data, len) &&
	       signature_digest_sign_final(s, sig, sig_len, sig_size);
}

static int
signature_digest_verify_init(
    void *ctx, const char *hash, void *keydata, const OSSL_PARAM params[])
{
	struct signature *s = ctx;

	if (!take_key(s, keydata))
		return 0;
	s->verify = verify_start(s->provider->libctx, s->key, hash, params);
	return s->verify != NULL;
}

static int
signature_digest_verify_update(void *ctx, const unsigned char *data, size_t len)
{
	struct signature *s = ctx;

	return EVP_DigestVerifyUpdate(s->verify, data, len);
}

static int
signature_digest_verify_final(void *ctx, const unsigned char *sig, size_t len)
{
	struct signature *s = ctx;

	return EVP_DigestVerifyFinal(s->verify, sig, len);
}

static int
signature_digest_verify(void *ctx, const unsigned char *sig, size_t sig_len,
    const unsigned char *data, size_t len)
{
	struct signature *s = ctx;

	return EVP_DigestVerify(s->verify, sig, sig_len, data, len);
}

const OSSL_DISPATCH evp_signature_functions[] = {
	{ OSSL_FUNC_SIGNATURE_NEWCTX, (void (*)(void))signature_newctx },
	{ OSSL_FUNC_SIGNATURE_FREECTX, (void (*)(void))signature_freectx },
	{ OSSL_FUNC_SIGNATURE_DUPCTX, (void (*)(void))signature_dupctx },
	{ OSSL_FUNC_SIGNATURE_SIGN_INIT, (void (*)(void))signature_sign_init },
	{ OSSL_FUNC_SIGNATURE_SIGN, (void (*)(void))signature_sign },
	{ OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT,
	    (void (*)(void))signature_digest_sign_init },
	{ OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE,
	    (void (*)(void))signature_digest_sign_update },
	{ OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL,
	    (void (*)(void))signature_digest_sign_final },
	{ OSSL_FUNC_SIGNATURE_DIGEST_SIGN, (void (*)(void))signature_digest_sign },
	{ OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_INIT,
	    (void (*)(void))signature_digest_verify_init },
	{ OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_UPDATE,
	    (void (*)(void))signature_digest_verify_update },
	{ OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_FINAL,
	    (void (*)(void))signature_digest_verify_final },
	{ OSSL_FUNC_SIGNATURE_DIGEST_VERIFY, (void (*)(void))signature_digest_verify },
	{ OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, (void (*)(void))signature_get_ctx_params },
	{ OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS,
	    (void (*)(void))signature_gettable_ctx_params },
	{ OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, (void (*)(void))signature_set_ctx_params },
	{ OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS,
	    (void (*)(void))signature_settable_ctx_params },
	{ 0, NULL },
};

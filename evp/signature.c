/*
 * signature.c - SIGNATURE for keys that live elsewhere.
 *
 * Only whole messages are signed: there is no sign_init, so nobody gets a bare digest
 * past the backend's look at what it signs. init functions remember and check, and do
 * no I/O: libssl calls them several times in each handshake.
 */
#include "evp/evp.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include "evp/algorithm_id.h"
#include "evp/algorithms.h"

/* A revocation list is the largest thing signed; a handshake needs a few kilobytes. */
#define MESSAGE_MAX_BYTES (256u * 1024 * 1024)

struct signature {
	const struct evp_provider *provider;
	struct key *key; /* a copy: the application may free its EVP_PKEY first */
	char hash[32];   /* as the application names it; "" is the key's default */
	bool pss;
	int salt_len; /* RSA_PSS_SALTLEN_DIGEST, or bytes */
	struct buffer message;
};

static OSSL_FUNC_signature_newctx_fn signature_newctx;
static OSSL_FUNC_signature_freectx_fn signature_freectx;
static OSSL_FUNC_signature_dupctx_fn signature_dupctx;
static OSSL_FUNC_signature_digest_sign_init_fn signature_digest_sign_init;
static OSSL_FUNC_signature_digest_sign_update_fn signature_digest_sign_update;
static OSSL_FUNC_signature_digest_sign_final_fn signature_digest_sign_final;
static OSSL_FUNC_signature_digest_sign_fn signature_digest_sign;
static OSSL_FUNC_signature_get_ctx_params_fn signature_get_ctx_params;
static OSSL_FUNC_signature_gettable_ctx_params_fn signature_gettable_ctx_params;
static OSSL_FUNC_signature_set_ctx_params_fn signature_set_ctx_params;
static OSSL_FUNC_signature_settable_ctx_params_fn signature_settable_ctx_params;

static int
raise(const struct signature *s, enum error_code code, const char *text)
{
	struct error err;

	error_set(&err, code, "%s", text);
	evp_raise(s->provider, &err);
	return 0;
}

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
	if ((from->key != NULL && to->key == NULL) || buf_failed(&to->message)) {
		signature_freectx(to);
		return NULL;
	}
	return to;
}

static bool
is_pss_key(const struct signature *s)
{
	return s->key != NULL &&
	       key_type_info(s->key->type)->family == KEY_FAMILY_RSA_PSS;
}

/* The scheme of what was set so far; -1 when no scheme is like that. */
static int
current_scheme(const struct signature *s, enum scheme *scheme)
{
	const struct key_type_info *info = key_type_info(s->key->type);
	const char *hash = s->hash[0] != '\0' ? s->hash : info->default_hash;

	return scheme_of(info->family, hash, s->pss, scheme);
}

static int
set_hash(struct signature *s, const char *hash)
{
	enum scheme scheme;

	if (text_copy(s->hash, sizeof(s->hash), hash) != 0)
		return raise(s, ERROR_UNSUPPORTED, "digest name too long");
	if (s->key != NULL && current_scheme(s, &scheme) != 0)
		return raise(s, ERROR_UNSUPPORTED,
		    "this digest; keyhold signs with SHA-256, SHA-384 and SHA-512, and "
		    "Ed25519 "
		    "without one");
	return 1;
}

static int
signature_digest_sign_init(
    void *ctx, const char *hash, void *keydata, const OSSL_PARAM params[])
{
	struct signature *s = ctx;

	if (keydata != NULL) {
		evp_key_free(s->key);
		s->key = evp_key_dup(keydata);
	}
	if (s->key == NULL)
		return raise(s, ERROR_INTERNAL, "no key");
	if (is_pss_key(s))
		s->pss = true;
	buf_reset(&s->message);
	return set_hash(s, hash != NULL ? hash : "") &&
	       signature_set_ctx_params(s, params);
}

static int
signature_digest_sign_update(void *ctx, const unsigned char *data, size_t len)
{
	struct signature *s = ctx;

	buf_append(&s->message, data, len);
	return !buf_failed(&s->message) || raise(s, ERROR_TOO_LARGE, "the message");
}

static int
check_salt(const struct signature *s, enum scheme scheme)
{
	const struct scheme_info *info = scheme_info(scheme);

	if (!info->pss || s->salt_len == RSA_PSS_SALTLEN_DIGEST ||
	    s->salt_len == (int)info->hash_len)
		return 1;
	return raise(s, ERROR_UNSUPPORTED,
	    "this PSS salt length; keyhold's is that of the digest (RFC 8446 section "
	    "4.2.3)");
}

static int
signature_digest_sign(void *ctx, unsigned char *sig, size_t *sig_len, size_t sig_size,
    const unsigned char *data, size_t len)
{
	struct signature *s = ctx;
	struct bytes message = { .data = data, .len = len };
	unsigned char out[SIGNATURE_MAX_BYTES];
	struct error err = { 0 };
	enum scheme scheme;
	size_t out_len = 0;

	if (sig == NULL) {
		*sig_len = key_type_info(s->key->type)->signature_max;
		return 1;
	}
	if (current_scheme(s, &scheme) != 0)
		return raise(s, ERROR_UNSUPPORTED, "this digest and padding");
	if (!check_salt(s, scheme))
		return 0;
	if (s->provider->backend->sign(s->provider->backend_ctx, s->key, scheme, &message,
		out, &out_len, &err) != 0) {
		evp_raise(s->provider, &err);
		return 0;
	}
	if (out_len > sig_size)
		return raise(s, ERROR_INTERNAL, "the caller's buffer is too small");
	memcpy(sig, out, out_len);
	*sig_len = out_len;
	return 1;
}

static int
signature_digest_sign_final(
    void *ctx, unsigned char *sig, size_t *sig_len, size_t sig_size)
{
	struct signature *s = ctx;
	struct bytes message = buf_bytes(&s->message);

	return signature_digest_sign(
	    s, sig, sig_len, sig_size, message.data, message.len);
}

static int
get_text(OSSL_PARAM params[], const char *name, const char *value)
{
	OSSL_PARAM *p = OSSL_PARAM_locate(params, name);

	return p == NULL || OSSL_PARAM_set_utf8_string(p, value);
}

static int
get_int(OSSL_PARAM params[], const char *name, int value)
{
	OSSL_PARAM *p = OSSL_PARAM_locate(params, name);

	return p == NULL || OSSL_PARAM_set_int(p, value);
}

static int
signature_get_ctx_params(void *ctx, OSSL_PARAM params[])
{
	struct signature *s = ctx;
	OSSL_PARAM *p;
	enum scheme scheme;
	struct bytes id;

	if (s->key == NULL || current_scheme(s, &scheme) != 0)
		return 0;
	id = algorithm_id(scheme);
	if ((p = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_ALGORITHM_ID)) != NULL &&
	    !OSSL_PARAM_set_octet_string(p, id.data, id.len))
		return 0;
	if (scheme_info(scheme)->hash != NULL &&
	    !get_text(params, OSSL_SIGNATURE_PARAM_DIGEST, scheme_info(scheme)->hash))
		return 0;
	if (!key_type_is_rsa(s->key->type))
		return 1;
	p = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
	if (p != NULL && p->data_type == OSSL_PARAM_UTF8_STRING &&
	    !OSSL_PARAM_set_utf8_string(
		p, s->pss ? OSSL_PKEY_RSA_PAD_MODE_PSS : OSSL_PKEY_RSA_PAD_MODE_PKCSV15))
		return 0;
	if (p != NULL && p->data_type == OSSL_PARAM_INTEGER &&
	    !OSSL_PARAM_set_int(p, s->pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING))
		return 0;
	return get_int(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN, s->salt_len);
}

static const OSSL_PARAM rsa_params[] = {
	OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, NULL, 0),
	OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
	OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
	OSSL_PARAM_int(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL),
	OSSL_PARAM_END,
};

static const OSSL_PARAM *
signature_gettable_ctx_params(void *ctx, void *provider)
{
	(void)ctx;
	(void)provider;
	return rsa_params;
}

static bool
is_text(const OSSL_PARAM *p)
{
	return p->data_type == OSSL_PARAM_UTF8_STRING && p->data != NULL;
}

static int
set_padding(struct signature *s, const OSSL_PARAM *p)
{
	int mode = 0;

	if (is_text(p)) {
		if (strcmp(p->data, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0)
			mode = RSA_PKCS1_PSS_PADDING;
		else if (strcmp(p->data, OSSL_PKEY_RSA_PAD_MODE_PKCSV15) == 0)
			mode = RSA_PKCS1_PADDING;
	} else if (!OSSL_PARAM_get_int(p, &mode)) {
		return 0;
	}
	if (mode != RSA_PKCS1_PADDING && mode != RSA_PKCS1_PSS_PADDING)
		return raise(s, ERROR_UNSUPPORTED,
		    "this padding; keyhold signs PKCS#1 v1.5 and PSS");
	if (mode == RSA_PKCS1_PADDING && is_pss_key(s))
		return raise(s, ERROR_UNSUPPORTED,
		    "this padding: the key is an RSA-PSS key (RFC 4055)");
	s->pss = mode == RSA_PKCS1_PSS_PADDING;
	return 1;
}

static int
set_salt(struct signature *s, const OSSL_PARAM *p)
{
	uint64_t value = 0;

	if (!is_text(p))
		return OSSL_PARAM_get_int(p, &s->salt_len);
	if (strcmp(p->data, OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST) == 0) {
		s->salt_len = RSA_PSS_SALTLEN_DIGEST;
		return 1;
	}
	if (text_to_uint(p->data, 0, SIGNATURE_MAX_BYTES, &value, NULL) != 0)
		return raise(s, ERROR_UNSUPPORTED,
		    "this PSS salt length; keyhold's is that of the digest (RFC 8446 "
		    "section 4.2.3)");
	s->salt_len = (int)value;
	return 1;
}

static int
set_mgf1_hash(struct signature *s, const OSSL_PARAM *p)
{
	enum scheme scheme, mgf1;

	if (!is_text(p) || s->key == NULL || current_scheme(s, &scheme) != 0 ||
	    scheme_of(key_type_info(s->key->type)->family, p->data, s->pss, &mgf1) != 0 ||
	    mgf1 != scheme)
		return raise(
		    s, ERROR_UNSUPPORTED, "an MGF1 digest that differs from the digest");
	return 1;
}

static int
signature_set_ctx_params(void *ctx, const OSSL_PARAM params[])
{
	static const struct {
		const char *name;
		int (*set)(struct signature *, const OSSL_PARAM *);
	} setters[] = {
		{ OSSL_SIGNATURE_PARAM_PAD_MODE, set_padding },
		{ OSSL_SIGNATURE_PARAM_PSS_SALTLEN, set_salt },
		{ OSSL_SIGNATURE_PARAM_MGF1_DIGEST, set_mgf1_hash },
	};
	struct signature *s = ctx;
	const OSSL_PARAM *p;

	if (params == NULL)
		return 1;
	p = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_DIGEST);
	if (p != NULL && (!is_text(p) || !set_hash(s, p->data)))
		return 0;
	for (size_t i = 0; i < sizeof(setters) / sizeof(setters[0]); i++) {
		p = OSSL_PARAM_locate_const(params, setters[i].name);
		if (p != NULL && !setters[i].set(s, p))
			return 0;
	}
	return 1;
}

static const OSSL_PARAM *
signature_settable_ctx_params(void *ctx, void *provider)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)ctx;
	(void)provider;
	return params;
}

const OSSL_DISPATCH evp_signature_functions[] = {
	{ OSSL_FUNC_SIGNATURE_NEWCTX, (void (*)(void))signature_newctx },
	{ OSSL_FUNC_SIGNATURE_FREECTX, (void (*)(void))signature_freectx },
	{ OSSL_FUNC_SIGNATURE_DUPCTX, (void (*)(void))signature_dupctx },
	{ OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT,
	    (void (*)(void))signature_digest_sign_init },
	{ OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE,
	    (void (*)(void))signature_digest_sign_update },
	{ OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL,
	    (void (*)(void))signature_digest_sign_final },
	{ OSSL_FUNC_SIGNATURE_DIGEST_SIGN, (void (*)(void))signature_digest_sign },
	{ OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, (void (*)(void))signature_get_ctx_params },
	{ OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS,
	    (void (*)(void))signature_gettable_ctx_params },
	{ OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, (void (*)(void))signature_set_ctx_params },
	{ OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS,
	    (void (*)(void))signature_settable_ctx_params },
	{ 0, NULL },
};

/* signature_params.c - digest, padding and salt, and the scheme that they make. */
#include "evp/signature.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include "evp/algorithm_id.h"

int
signature_raise(const struct signature *s, enum error_code code, const char *text)
{
	struct error err;

	error_set(&err, code, "%s", text);
	evp_raise(s->provider, &err);
	return 0;
}

bool
signature_is_pss_key(const struct signature *s)
{
	return s->key != NULL &&
	       key_type_info(s->key->type)->family == KEY_FAMILY_RSA_PSS;
}

int
signature_scheme(const struct signature *s, enum scheme *scheme)
{
	const struct key_type_info *info = key_type_info(s->key->type);
	const char *hash = s->hash[0] != '\0' ? s->hash : info->default_hash;

	return scheme_of(info->family, hash, s->pss, scheme);
}

int
signature_set_hash(struct signature *s, const char *hash)
{
	enum scheme scheme;

	if (text_copy(s->hash, sizeof(s->hash), hash) != 0)
		return signature_raise(s, ERROR_UNSUPPORTED, "digest name too long");
	if (s->key != NULL && signature_scheme(s, &scheme) != 0)
		return signature_raise(s, ERROR_UNSUPPORTED,
		    "this digest; keyhold signs with SHA-256, SHA-384 and SHA-512, and "
		    "Ed25519 "
		    "without one");
	return 1;
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

int
signature_get_ctx_params(void *ctx, OSSL_PARAM params[])
{
	struct signature *s = ctx;
	OSSL_PARAM *p;
	enum scheme scheme;
	struct bytes id;

	if (s->verify != NULL)
		return EVP_PKEY_CTX_get_params(
		    EVP_MD_CTX_get_pkey_ctx(s->verify), params);
	if (s->key == NULL || signature_scheme(s, &scheme) != 0)
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

const OSSL_PARAM *
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
		return signature_raise(s, ERROR_UNSUPPORTED,
		    "this padding; keyhold signs PKCS#1 v1.5 and PSS");
	if (mode == RSA_PKCS1_PADDING && signature_is_pss_key(s))
		return signature_raise(s, ERROR_UNSUPPORTED,
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
		return signature_raise(s, ERROR_UNSUPPORTED,
		    "this PSS salt length; keyhold's is that of the digest (RFC 8446 "
		    "section 4.2.3)");
	s->salt_len = (int)value;
	return 1;
}

static int
set_mgf1_hash(struct signature *s, const OSSL_PARAM *p)
{
	enum scheme scheme, mgf1;

	if (!is_text(p) || s->key == NULL || signature_scheme(s, &scheme) != 0 ||
	    scheme_of(key_type_info(s->key->type)->family, p->data, s->pss, &mgf1) != 0 ||
	    mgf1 != scheme)
		return signature_raise(
		    s, ERROR_UNSUPPORTED, "an MGF1 digest that differs from the digest");
	return 1;
}

int
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
	if (s->verify != NULL)
		return EVP_PKEY_CTX_set_params(
		    EVP_MD_CTX_get_pkey_ctx(s->verify), params);
	p = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_DIGEST);
	if (p != NULL && (!is_text(p) || !signature_set_hash(s, p->data)))
		return 0;
	for (size_t i = 0; i < sizeof(setters) / sizeof(setters[0]); i++) {
		p = OSSL_PARAM_locate_const(params, setters[i].name);
		if (p != NULL && !setters[i].set(s, p))
			return 0;
	}
	return 1;
}

const OSSL_PARAM *
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

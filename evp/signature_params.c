/* signature_params.c - digest, padding and salt, and the scheme that they make. */
#include "evp/signature.h"

#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include "evp/algorithm_id.h"
#include "evp/params.h"

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

/* Compared as schemes, for a digest has several names. */
static bool
has_its_mgf1(const struct signature *s)
{
	enum scheme scheme, mgf1;

	return s->mgf1[0] == '\0' || (signature_scheme(s, &scheme) == 0 &&
					 scheme_of(key_type_info(s->key->type)->family,
					     s->mgf1, s->pss, &mgf1) == 0 &&
					 mgf1 == scheme);
}

static int
refuse_mgf1(const struct signature *s)
{
	return evp_refuse(s->provider, ERROR_UNSUPPORTED,
	    "an MGF1 digest that differs from the digest");
}

static int
refuse_salt(const struct signature *s)
{
	return evp_refuse(s->provider, ERROR_UNSUPPORTED,
	    "this PSS salt length; keyhold's is that of the digest (RFC 8446 section "
	    "4.2.3)");
}

int
signature_check_pss(const struct signature *s, enum scheme scheme)
{
	const struct scheme_info *info = scheme_info(scheme);

	if (!info->pss)
		return 1;
	if (s->salt_len != RSA_PSS_SALTLEN_DIGEST && s->salt_len != (int)info->hash_len)
		return refuse_salt(s);
	return has_its_mgf1(s) || refuse_mgf1(s);
}

int
signature_set_hash(struct signature *s, const char *hash)
{
	enum scheme scheme;

	if (text_copy(s->hash, sizeof(s->hash), hash) != 0)
		return evp_refuse(s->provider, ERROR_UNSUPPORTED, "digest name too long");
	if (s->key != NULL && signature_scheme(s, &scheme) != 0)
		return evp_refuse(s->provider, ERROR_UNSUPPORTED,
		    "this digest; keyhold signs with SHA-256, SHA-384 and SHA-512, and "
		    "Ed25519 without one");
	return s->key == NULL || has_its_mgf1(s) || refuse_mgf1(s);
}

static int
get_padding(const struct signature *s, OSSL_PARAM *p)
{
	if (p->data_type == OSSL_PARAM_UTF8_STRING)
		return OSSL_PARAM_set_utf8_string(p,
		    s->pss ? OSSL_PKEY_RSA_PAD_MODE_PSS : OSSL_PKEY_RSA_PAD_MODE_PKCSV15);
	return OSSL_PARAM_set_int(p, s->pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING);
}

/* EVP_PKEY_CTX_get_rsa_pss_saltlen asks for text. */
static int
get_salt(const struct signature *s, OSSL_PARAM *p)
{
	char number[16];

	if (p->data_type != OSSL_PARAM_UTF8_STRING)
		return OSSL_PARAM_set_int(p, s->salt_len);
	if (s->salt_len == RSA_PSS_SALTLEN_DIGEST)
		return OSSL_PARAM_set_utf8_string(p, OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST);
	snprintf(number, sizeof(number), "%d", s->salt_len);
	return OSSL_PARAM_set_utf8_string(p, number);
}

static int
get_rsa_params(const struct signature *s, const char *hash, OSSL_PARAM params[])
{
	OSSL_PARAM *p = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_PAD_MODE);

	if (p != NULL && !get_padding(s, p))
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
	if (p != NULL && !get_salt(s, p))
		return 0;
	return params_put_text(params, OSSL_SIGNATURE_PARAM_MGF1_DIGEST, hash);
}

int
signature_get_ctx_params(void *ctx, OSSL_PARAM params[])
{
	struct signature *s = ctx;
	OSSL_PARAM *p;
	enum scheme scheme;
	struct bytes id;
	const char *hash;

	if (s->verify != NULL)
		return EVP_PKEY_CTX_get_params(
		    EVP_MD_CTX_get_pkey_ctx(s->verify), params);
	if (s->key == NULL || signature_scheme(s, &scheme) != 0)
		return 0;
	id = algorithm_id(scheme);
	if ((p = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_ALGORITHM_ID)) != NULL &&
	    !OSSL_PARAM_set_octet_string(p, id.data, id.len))
		return 0;
	hash = scheme_info(scheme)->hash;
	if (hash != NULL && !params_put_text(params, OSSL_SIGNATURE_PARAM_DIGEST, hash))
		return 0;
	return !key_type_is_rsa(s->key->type) || get_rsa_params(s, hash, params);
}

static const OSSL_PARAM rsa_params[] = {
	OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, NULL, 0),
	OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
	OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
	OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
	OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL, 0),
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
		return evp_refuse(s->provider, ERROR_UNSUPPORTED,
		    "this padding; keyhold signs PKCS#1 v1.5 and PSS");
	if (mode == RSA_PKCS1_PADDING && signature_is_pss_key(s))
		return evp_refuse(s->provider, ERROR_UNSUPPORTED,
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
	/* As openssl(1) reads -sigopt rsa_pss_saltlen. */
	if (strcmp(p->data, OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST) == 0 ||
	    strcmp(p->data, "-1") == 0) {
		s->salt_len = RSA_PSS_SALTLEN_DIGEST;
		return 1;
	}
	if (text_to_uint(p->data, 0, SIGNATURE_MAX_BYTES, &value, NULL) != 0)
		return refuse_salt(s);
	s->salt_len = (int)value;
	return 1;
}

/* Remembered even when it is refused: nothing is signed against the demand. */
static int
set_mgf1_hash(struct signature *s, const OSSL_PARAM *p)
{
	if (!is_text(p) || s->key == NULL ||
	    text_copy(s->mgf1, sizeof(s->mgf1), p->data) != 0 || !has_its_mgf1(s))
		return refuse_mgf1(s);
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
	/* A new one comes with the new digest. */
	if (OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_MGF1_DIGEST) != NULL)
		s->mgf1[0] = '\0';
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

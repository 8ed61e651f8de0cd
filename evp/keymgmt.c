/*
 * keymgmt.c - KEYMGMT for keys that live elsewhere.
 *
 * Public parts are exported, so that other providers can verify with them and compare
 * certificates; anything that asks for the private half is refused, which makes OpenSSL
 * come back to this provider to sign. There is no key generation and no import of
 * ordinary keys: ECDHE and other people's public keys stay with the default provider.
 */
#include "evp/evp.h"

#include <stdint.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/param_build.h>
#include <openssl/params.h>

#include "evp/algorithms.h"
#include "evp/params.h"
#include "evp/reference.h"
#include "evp/spki.h"

static OSSL_FUNC_keymgmt_new_fn ec_new, rsa_new, rsa_pss_new, ed25519_new;
static OSSL_FUNC_keymgmt_free_fn keymgmt_free;
static OSSL_FUNC_keymgmt_load_fn keymgmt_load;
static OSSL_FUNC_keymgmt_dup_fn keymgmt_dup;
static OSSL_FUNC_keymgmt_has_fn keymgmt_has;
static OSSL_FUNC_keymgmt_match_fn keymgmt_match;
static OSSL_FUNC_keymgmt_import_fn keymgmt_import;
static OSSL_FUNC_keymgmt_import_types_fn keymgmt_import_types;
static OSSL_FUNC_keymgmt_export_fn keymgmt_export;
static OSSL_FUNC_keymgmt_export_types_fn keymgmt_export_types;
static OSSL_FUNC_keymgmt_get_params_fn keymgmt_get_params;
static OSSL_FUNC_keymgmt_gettable_params_fn keymgmt_gettable_params;
static OSSL_FUNC_keymgmt_query_operation_name_fn ec_operation_name;

struct key *
evp_key_dup(const struct key *key)
{
	return OPENSSL_memdup(key, sizeof(*key));
}

void
evp_key_free(struct key *key)
{
	OPENSSL_free(key);
}

/* An empty key has spki_len 0 until import fills it, and a type of the algorithm's
 * family. */
static void *
new_key(enum key_type type)
{
	struct key *key = OPENSSL_zalloc(sizeof(*key));

	if (key != NULL)
		key->type = type;
	return key;
}

static void *
ec_new(void *provider)
{
	(void)provider;
	return new_key(KEY_EC_P256);
}

static void *
rsa_new(void *provider)
{
	(void)provider;
	return new_key(KEY_RSA_2048);
}

static void *
rsa_pss_new(void *provider)
{
	(void)provider;
	return new_key(KEY_RSA_PSS_2048);
}

static void *
ed25519_new(void *provider)
{
	(void)provider;
	return new_key(KEY_ED25519);
}

static void
keymgmt_free(void *key)
{
	evp_key_free(key);
}

static void *
keymgmt_load(const void *reference, size_t len)
{
	/* OpenSSL types the reference const, yet load is meant to take it over. */
	struct key **slot = (struct key **)(uintptr_t)reference;
	struct key *key;

	if (reference == NULL || len != sizeof(key))
		return NULL;
	key = *slot;
	*slot = NULL;
	return key;
}

static void *
keymgmt_dup(const void *key, int selection)
{
	(void)selection;
	return evp_key_dup(key);
}

static int
keymgmt_has(const void *keydata, int selection)
{
	const struct key *key = keydata;

	(void)selection;
	return key != NULL && key->spki_len != 0;
}

static int
keymgmt_match(const void *left, const void *right, int selection)
{
	const struct key *a = left, *b = right;

	if (a->type != b->type)
		return 0;
	if ((selection & OSSL_KEYMGMT_SELECT_KEYPAIR) == 0)
		return 1;
	return a->spki_len == b->spki_len && memcmp(a->spki, b->spki, a->spki_len) == 0;
}

static int
keymgmt_import(void *keydata, int selection, const OSSL_PARAM params[])
{
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, EVP_PARAM_REFERENCE);
	struct key *key = keydata, read;
	struct bytes der;

	if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 0 || p == NULL ||
	    p->data_type != OSSL_PARAM_OCTET_STRING || p->data == NULL)
		return 0;
	der = (struct bytes){ .data = p->data, .len = p->data_size };
	if (reference_decode(&der, &read, NULL) != 0 ||
	    key_type_info(read.type)->family != key_type_info(key->type)->family)
		return 0;
	*key = read;
	return 1;
}

static const OSSL_PARAM *
keymgmt_import_types(int selection)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_octet_string(EVP_PARAM_REFERENCE, NULL, 0),
		OSSL_PARAM_END,
	};

	return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 ? types : NULL;
}

static int
push_public(OSSL_PARAM_BLD *build, const struct key *key, const struct spki *parts)
{
	const struct key_type_info *info = key_type_info(key->type);

	if (key_type_is_rsa(key->type))
		return OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, parts->n) &&
		       OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, parts->e);
	if (info->group != NULL && !OSSL_PARAM_BLD_push_utf8_string(
				       build, OSSL_PKEY_PARAM_GROUP_NAME, info->group, 0))
		return 0;
	return OSSL_PARAM_BLD_push_octet_string(
	    build, OSSL_PKEY_PARAM_PUB_KEY, parts->point, parts->point_len);
}

static int
keymgmt_export(void *keydata, int selection, OSSL_CALLBACK *receive, void *arg)
{
	const struct key *key = keydata;
	struct bytes der = { .data = key->spki, .len = key->spki_len };
	OSSL_PARAM_BLD *build = NULL;
	OSSL_PARAM *params = NULL;
	struct spki parts;
	int ok = 0;

	if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 ||
	    spki_read(&der, &parts, NULL) != 0)
		return 0;
	if ((build = OSSL_PARAM_BLD_new()) != NULL && push_public(build, key, &parts) &&
	    (params = OSSL_PARAM_BLD_to_param(build)) != NULL)
		ok = receive(params, arg);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	spki_clear(&parts);
	return ok;
}

static const OSSL_PARAM *
keymgmt_export_types(int selection)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
		OSSL_PARAM_END,
	};

	return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 0 ? types : NULL;
}

static int
set_octets(OSSL_PARAM params[], const char *name, const unsigned char *data, size_t len)
{
	OSSL_PARAM *p = OSSL_PARAM_locate(params, name);

	return p == NULL || OSSL_PARAM_set_octet_string(p, data, len);
}

static int
set_number(OSSL_PARAM params[], const char *name, const BIGNUM *number)
{
	OSSL_PARAM *p = OSSL_PARAM_locate(params, name);

	return p == NULL || OSSL_PARAM_set_BN(p, number);
}

static int
set_coordinates(OSSL_PARAM params[], const struct spki *parts)
{
	size_t len = (parts->point_len - 1) / 2;
	BIGNUM *x = BN_bin2bn(parts->point + 1, (int)len, NULL);
	BIGNUM *y = BN_bin2bn(parts->point + 1 + len, (int)len, NULL);
	int ok = x != NULL && y != NULL &&
		 set_number(params, OSSL_PKEY_PARAM_EC_PUB_X, x) &&
		 set_number(params, OSSL_PKEY_PARAM_EC_PUB_Y, y);

	BN_free(x);
	BN_free(y);
	return ok;
}

/* libssl asks for the group alone in each handshake, and reading the key takes longer
 * than all else that this provider does there. */
static bool
wants_public(const OSSL_PARAM params[])
{
	static const char *const names[] = {
		OSSL_PKEY_PARAM_PUB_KEY,
		OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY,
		OSSL_PKEY_PARAM_EC_PUB_X,
		OSSL_PKEY_PARAM_EC_PUB_Y,
		OSSL_PKEY_PARAM_RSA_N,
		OSSL_PKEY_PARAM_RSA_E,
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (OSSL_PARAM_locate_const(params, names[i]) != NULL)
			return true;
	return false;
}

static int
set_public(OSSL_PARAM params[], const struct key *key)
{
	struct bytes der = { .data = key->spki, .len = key->spki_len };
	enum key_family family = key_type_info(key->type)->family;
	struct spki parts;
	int ok;

	if (!wants_public(params))
		return 1;
	if (spki_read(&der, &parts, NULL) != 0)
		return 0;
	if (key_type_is_rsa(key->type))
		ok = set_number(params, OSSL_PKEY_PARAM_RSA_N, parts.n) &&
		     set_number(params, OSSL_PKEY_PARAM_RSA_E, parts.e);
	else
		ok = set_octets(
			 params, OSSL_PKEY_PARAM_PUB_KEY, parts.point, parts.point_len) &&
		     set_octets(params, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, parts.point,
			 parts.point_len) &&
		     (family != KEY_FAMILY_EC || set_coordinates(params, &parts));
	spki_clear(&parts);
	return ok;
}

static int
keymgmt_get_params(void *keydata, OSSL_PARAM params[])
{
	const struct key *key = keydata;
	const struct key_type_info *info = key_type_info(key->type);

	if (key->spki_len == 0 ||
	    !params_put_int(params, OSSL_PKEY_PARAM_BITS, info->bits) ||
	    !params_put_int(params, OSSL_PKEY_PARAM_SECURITY_BITS, info->security_bits) ||
	    !params_put_int(params, OSSL_PKEY_PARAM_MAX_SIZE, (int)info->signature_max) ||
	    !set_public(params, key))
		return 0;
	switch (info->family) {
	case KEY_FAMILY_ED25519:
		/* Empty and mandatory: Ed25519 takes the message, never a digest. */
		return params_put_text(params, OSSL_PKEY_PARAM_MANDATORY_DIGEST, "");
	case KEY_FAMILY_EC:
		return params_put_text(params, OSSL_PKEY_PARAM_GROUP_NAME, info->group) &&
		       params_put_text(params, OSSL_PKEY_PARAM_EC_ENCODING,
			   OSSL_PKEY_EC_ENCODING_GROUP) &&
		       params_put_text(params, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
			   OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) &&
		       params_put_text(
			   params, OSSL_PKEY_PARAM_DEFAULT_DIGEST, info->default_hash);
	default:
		return params_put_text(
		    params, OSSL_PKEY_PARAM_DEFAULT_DIGEST, info->default_hash);
	}
}

static const OSSL_PARAM *
keymgmt_gettable_params(void *provider)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_MANDATORY_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_ENCODING, NULL, 0),
		OSSL_PARAM_utf8_string(
		    OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_PUB_X, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_PUB_Y, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)provider;
	return params;
}

static const char *
ec_operation_name(int operation_id)
{
	return operation_id == OSSL_OP_SIGNATURE ? "ECDSA" : NULL;
}

#define KEYMGMT_FUNCTIONS(new_function)                                                  \
	{ OSSL_FUNC_KEYMGMT_NEW, (void (*)(void))new_function },                         \
	    { OSSL_FUNC_KEYMGMT_FREE, (void (*)(void))keymgmt_free },                    \
	    { OSSL_FUNC_KEYMGMT_LOAD, (void (*)(void))keymgmt_load },                    \
	    { OSSL_FUNC_KEYMGMT_DUP, (void (*)(void))keymgmt_dup },                      \
	    { OSSL_FUNC_KEYMGMT_HAS, (void (*)(void))keymgmt_has },                      \
	    { OSSL_FUNC_KEYMGMT_MATCH, (void (*)(void))keymgmt_match },                  \
	    { OSSL_FUNC_KEYMGMT_IMPORT, (void (*)(void))keymgmt_import },                \
	    { OSSL_FUNC_KEYMGMT_IMPORT_TYPES, (void (*)(void))keymgmt_import_types },    \
	    { OSSL_FUNC_KEYMGMT_EXPORT, (void (*)(void))keymgmt_export },                \
	    { OSSL_FUNC_KEYMGMT_EXPORT_TYPES, (void (*)(void))keymgmt_export_types },    \
	    { OSSL_FUNC_KEYMGMT_GET_PARAMS, (void (*)(void))keymgmt_get_params },        \
	{                                                                                \
		OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS,                                       \
		    (void (*)(void))keymgmt_gettable_params                              \
	}

const OSSL_DISPATCH evp_keymgmt_rsa_functions[] = {
	KEYMGMT_FUNCTIONS(rsa_new),
	{ 0, NULL },
};

const OSSL_DISPATCH evp_keymgmt_rsa_pss_functions[] = {
	KEYMGMT_FUNCTIONS(rsa_pss_new),
	{ 0, NULL },
};

const OSSL_DISPATCH evp_keymgmt_ed25519_functions[] = {
	KEYMGMT_FUNCTIONS(ed25519_new),
	{ 0, NULL },
};

const OSSL_DISPATCH evp_keymgmt_ec_functions[] = {
	KEYMGMT_FUNCTIONS(ec_new),
	{ OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, (void (*)(void))ec_operation_name },
	{ 0, NULL },
};

/* keytype.c - the size of a key and its algorithm are its type. */
#include "ca/keytype.h"

#include <string.h>

#include <openssl/evp.h>

static const struct {
	const char *name, *algorithm;
	int bits;
} types[] = {
	{ "ec-p256", "EC", 256 },
	{ "ec-p384", "EC", 384 },
	{ "ec-p521", "EC", 521 },
	{ "rsa-2048", "RSA", 2048 },
	{ "rsa-3072", "RSA", 3072 },
	{ "rsa-4096", "RSA", 4096 },
	{ "rsa-pss-2048", "RSA-PSS", 2048 },
	{ "rsa-pss-3072", "RSA-PSS", 3072 },
	{ "rsa-pss-4096", "RSA-PSS", 4096 },
	{ "ed25519", "ED25519", 256 },
};
#define TYPES (sizeof(types) / sizeof(types[0]))

const char *const keytype_names[TYPES + 1] = { "ec-p256", "ec-p384", "ec-p521",
	"rsa-2048", "rsa-3072", "rsa-4096", "rsa-pss-2048", "rsa-pss-3072",
	"rsa-pss-4096", "ed25519" };

/* Other curves of the same length have been refused as what they are (csr-ec-curve). */
const char *
keytype_of(const EVP_PKEY *key)
{
	int bits = EVP_PKEY_is_a(key, "ED25519") ? 256 : EVP_PKEY_get_bits(key);

	for (size_t i = 0; i < TYPES; i++)
		if (types[i].bits == bits && EVP_PKEY_is_a(key, types[i].algorithm))
			return types[i].name;
	return NULL;
}

bool
keytype_is_allowed(const EVP_PKEY *key, const struct profile *profile)
{
	const char *type = keytype_of(key);

	for (const char *const *p = profile->key_types;
	     type != NULL && p != NULL && *p != NULL; p++)
		if (strcmp(*p, type) == 0)
			return true;
	return false;
}

void
keytype_check(const EVP_PKEY *key, const struct profile *profile, struct violations *v)
{
	const char *type = keytype_of(key);

	/* A key of no type has broken a rule for keys already. */
	if (type != NULL && !keytype_is_allowed(key, profile))
		violations_add(v, RULE_CSR_KEY_TYPE, "key",
		    "%s; the profile %s does not allow it", type, profile->name);
}

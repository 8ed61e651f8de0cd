/* authority_key.c - keys that are known to this authority: its own, blocked, or weak. */
#include "ca/authority_key.h"

#include <stdio.h>

#include <openssl/evp.h>

#include "store/blocked_keys.h"

static int
check_blocked(struct authority *authority, const unsigned char *spki_sha256,
    const char *field, struct violations *v, struct error *err)
{
	struct blocked_key_row row;
	bool found;

	if (store_blocked_key_find(authority->store, spki_sha256, &row, &found, err) != 0)
		return -1;
	if (found)
		violations_add(v, RULE_CSR_KEY_BLOCKED, field, "blocked: %s", row.reason);
	return 0;
}

static int
check_weak(struct authority *authority, const EVP_PKEY *key, struct violations *v,
    struct error *err)
{
	bool weak;

	if (!EVP_PKEY_is_a(key, "RSA") && !EVP_PKEY_is_a(key, "RSA-PSS"))
		return 0;
	if (weakkeys_find(authority->weak_keys, authority->libctx, key, &weak, err) != 0)
		return -1;
	if (weak)
		violations_add(v, RULE_CSR_KEY_DEBIAN_WEAK, "key",
		    "on Debian's list of keys that anybody can make again");
	return 0;
}

/* Both hashes of an RSA key: whoever has the private key can use it under either. */
static int
check_hashes(struct authority *authority, const unsigned char *spki_sha256,
    const EVP_PKEY *key, bool is_leaf, struct violations *v, struct error *err)
{
	unsigned char other[SPKI_HASH_BYTES];
	bool exists = false;

	if (key != NULL &&
	    spki_sha256_other(authority->libctx, key, other, &exists, err) != 0)
		return -1;
	if (is_leaf && (issuers_use_key(&authority->issuers, spki_sha256) ||
			   (exists && issuers_use_key(&authority->issuers, other))))
		violations_add(v, RULE_CSR_KEY_OF_ISSUER, "key", "the key of an issuer");
	if (check_blocked(authority, spki_sha256, "key", v, err) != 0)
		return -1;
	return exists ? check_blocked(authority, other, "key", v, err) : 0;
}

static int
check(struct authority *authority, const unsigned char *spki_sha256, const EVP_PKEY *key,
    bool is_leaf, struct violations *v, struct error *err)
{
	if (check_hashes(authority, spki_sha256, key, is_leaf, v, err) != 0)
		return -1;
	return key != NULL ? check_weak(authority, key, v, err) : 0;
}

int
authority_check_key(struct authority *authority,
    const unsigned char spki_sha256[static SPKI_HASH_BYTES], const EVP_PKEY *key,
    struct violations *v, struct error *err)
{
	return check(authority, spki_sha256, key, false, v, err);
}

int
authority_check_leaf_key(struct authority *authority,
    const unsigned char spki_sha256[static SPKI_HASH_BYTES], const EVP_PKEY *key,
    struct violations *v, struct error *err)
{
	return check(authority, spki_sha256, key, true, v, err);
}

int
authority_check_issuer_keys(struct authority *authority, const struct issuer *issuer,
    struct violations *v, struct error *err)
{
	char field[VIOLATION_FIELD_SIZE];

	struct issuer *above;

	for (; issuer != NULL; issuer = above) {
		snprintf(field, sizeof(field), "issuer %.50s", issuer->row.name);
		if (check_blocked(authority, issuer->info.spki_sha256, field, v, err) !=
		    0)
			return -1;
		above = NULL;
		if (issuer->info.parent != NULL &&
		    issuers_find(&authority->issuers, issuer->info.parent, &above, err) !=
			0)
			return -1;
	}
	return 0;
}

/* ocsp_key.c - finds or makes the key of an OCSP signer. */
#include "api/ocsp_key.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "api/changes.h"
#include "api/newkey.h"
#include "base/text.h"
#include "ca/ocsp_certificate.h"

static const struct caller self = { .actor = AUDIT_SELF };

static int
name_key(const char *issuer, char name[static NAME_MAX_CHARS + 1], struct error *err)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	char hex[2 * 20 + 1];
	int len = snprintf(name, NAME_MAX_CHARS + 1, "%s-ocsp", issuer);

	if (len <= NAME_MAX_CHARS)
		return 0;
	if (EVP_Digest(issuer, strlen(issuer), hash, NULL, EVP_sha256(), NULL) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "hash of a name");
	hex_encode(hex, hash, 20);
	snprintf(name, NAME_MAX_CHARS + 1, "ocsp-%s", hex);
	return 0;
}

static int
check_use(struct api *api, const struct keystore_key *key, struct error *err)
{
	if (key->use != KEY_USE_CA ||
	    authority_uses_key(api->authority, key->key.spki_sha256))
		return error_set(err, ERROR_CONFLICT,
		    "key %s, whose name is that of an OCSP signer's key, is for "
		    "something else",
		    key->key.name);
	return 0;
}

static int
find_or_create(
    struct exchange *x, const char *name, struct keystore_key *key, struct error *err)
{
	const struct keyring_place place = { .name = name, .use = KEY_USE_CA };

	if (keyring_find(x->api->keys, name, key, NULL) == 0)
		return check_use(x->api, key, err);
	return create_key(x, &place, KEY_EC_P256, key, err);
}

int
ocsp_key(void *ctx, const char *issuer, EVP_PKEY **key, struct error *err)
{
	struct api *api = ctx;
	const struct request nobodys = { .id = "", .caller = &self };
	struct exchange x = { .api = api, .req = &nobodys };
	char name[NAME_MAX_CHARS + 1];
	struct keystore_key found;
	int rc;

	if (name_key(issuer, name, err) != 0)
		return -1;
	/* One that is there waits for no change of another. */
	if (keyring_find(api->keys, name, &found, NULL) == 0) {
		rc = check_use(api, &found, err);
	} else if ((rc = changes_begin(api, err)) == 0) {
		rc = find_or_create(&x, name, &found, err);
		changes_end(api);
	}
	return rc == 0 ? builtin_pkey(api->builtin, &found.key, key, err) : -1;
}

/* key.c - a key by its public half. */
#include "evp/key.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "evp/spki.h"

int
key_init(struct key *key, const char *name, const struct bytes *spki, struct error *err)
{
	struct spki parts;
	int rc;

	if (!name_is_valid(name))
		return error_set(err, ERROR_BAD_REQUEST,
		    "\"%.64s\" is not a key name: [a-z0-9][a-z0-9._-]{0,62}", name);
	if (spki->len > sizeof(key->spki))
		return error_set(
		    err, ERROR_BAD_REQUEST, "public key: %zu bytes", spki->len);
	if (spki_read(spki, &parts, err) != 0)
		return -1;
	*key = (struct key){ .type = parts.type, .spki_len = spki->len };
	spki_clear(&parts);
	memcpy(key->spki, spki->data, spki->len);
	/*
	 * In a proxy the rest of the error queue is the proxy's, and so is the default
	 * library context: this hash is a name, and its fips=yes is not meant.
	 */
	ERR_set_mark();
	rc = EVP_Q_digest(NULL, "SHA256", "-fips", key->spki, key->spki_len,
		 key->spki_sha256, NULL)
		 ? 0
		 : error_set(err, ERROR_INTERNAL, "SHA-256 of a public key");
	ERR_pop_to_mark();
	/* name_is_valid bounded it. */
	return rc == 0 ? text_copy(key->name, sizeof(key->name), name) : -1;
}

static enum key_type
twin_of(enum key_type type)
{
	const struct key_type_info *is = key_type_info(type);

	if (is->family != KEY_FAMILY_RSA && is->family != KEY_FAMILY_RSA_PSS)
		return type;
	for (int i = 0; i < KEY_TYPES; i++) {
		const struct key_type_info *other = key_type_info((enum key_type)i);

		if (other->bits == is->bits && other->family != is->family &&
		    (other->family == KEY_FAMILY_RSA ||
			other->family == KEY_FAMILY_RSA_PSS))
			return (enum key_type)i;
	}
	return type;
}

int
key_twin(const struct key *key, struct key *twin, struct error *err)
{
	struct bytes spki = { key->spki, key->spki_len };
	struct spki parts;
	struct buffer der;
	int rc;

	if (spki_read(&spki, &parts, err) != 0)
		return -1;
	parts.type = twin_of(key->type);
	buf_init(&der, KEY_SPKI_MAX);
	rc = spki_write(&parts, &der, err);
	spki = buf_bytes(&der);
	if (rc == 0)
		rc = key_init(twin, key->name, &spki, err);
	buf_free(&der);
	spki_clear(&parts);
	return rc;
}

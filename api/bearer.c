/* bearer.c - the text of a token, and what of it is kept. */
#include "api/bearer.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#define ENCODED_CHARS (BEARER_SECRET_CHARS + 1) /* with one '=' */

int
bearer_make(const char *name, struct bearer *bearer, struct error *err)
{
	*bearer = (struct bearer){ 0 };
	if (text_copy(bearer->name, sizeof(bearer->name), name) != 0)
		return error_set(err, ERROR_BAD_REQUEST, "an overlong name");
	if (RAND_priv_bytes(bearer->secret, sizeof(bearer->secret)) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "random bytes");
	return 0;
}

void
bearer_clear(struct bearer *bearer)
{
	OPENSSL_cleanse(bearer, sizeof(*bearer));
}

static void
replace(char *text, size_t len, char from, char to)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == from)
			text[i] = to;
}

void
bearer_write(const struct bearer *bearer, char text[static BEARER_TEXT_SIZE])
{
	unsigned char encoded[ENCODED_CHARS + 1];
	char *secret = (char *)encoded;

	EVP_EncodeBlock(encoded, bearer->secret, sizeof(bearer->secret));
	secret[BEARER_SECRET_CHARS] = '\0';
	replace(secret, BEARER_SECRET_CHARS, '+', '-');
	replace(secret, BEARER_SECRET_CHARS, '/', '_');
	snprintf(text, BEARER_TEXT_SIZE, BEARER_PREFIX "%s.%.43s", bearer->name, secret);
	OPENSSL_cleanse(encoded, sizeof(encoded));
}

static bool
is_base64url(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			(c >= '0' && c <= '9') || c == '-' || c == '_'))
			return false;
	}
	return true;
}

static int
read_secret(const char *text, unsigned char secret[static BEARER_SECRET_BYTES])
{
	unsigned char decoded[BEARER_SECRET_BYTES + 1];
	char encoded[ENCODED_CHARS];
	int rc = -1;

	if (!is_base64url(text, BEARER_SECRET_CHARS))
		return -1;
	memcpy(encoded, text, BEARER_SECRET_CHARS);
	encoded[BEARER_SECRET_CHARS] = '=';
	replace(encoded, BEARER_SECRET_CHARS, '-', '+');
	replace(encoded, BEARER_SECRET_CHARS, '_', '/');
	/* What the last character says beyond the last byte must be nothing, or a secret
	 * had four texts. */
	if (EVP_DecodeBlock(decoded, (const unsigned char *)encoded, ENCODED_CHARS) ==
		(int)sizeof(decoded) &&
	    decoded[BEARER_SECRET_BYTES] == 0) {
		memcpy(secret, decoded, BEARER_SECRET_BYTES);
		rc = 0;
	}
	OPENSSL_cleanse(decoded, sizeof(decoded));
	OPENSSL_cleanse(encoded, sizeof(encoded));
	return rc;
}

int
bearer_read(const char *text, size_t len, struct bearer *bearer)
{
	const size_t prefix = strlen(BEARER_PREFIX), tail = 1 + BEARER_SECRET_CHARS;
	const char *secret;
	size_t name_len;

	*bearer = (struct bearer){ 0 };
	if (len <= prefix + tail || len >= BEARER_TEXT_SIZE ||
	    memcmp(text, BEARER_PREFIX, prefix) != 0)
		return -1;
	name_len = len - prefix - tail;
	secret = text + prefix + name_len + 1;
	if (secret[-1] != '.')
		return -1;
	memcpy(bearer->name, text + prefix, name_len);
	if (!name_is_valid(bearer->name))
		return -1;
	return read_secret(secret, bearer->secret);
}

int
bearer_hash(const struct bearer *bearer,
    const unsigned char salt[static TOKEN_SALT_BYTES],
    unsigned char hash[static TOKEN_HASH_BYTES], struct error *err)
{
	unsigned char text[TOKEN_SALT_BYTES + BEARER_SECRET_BYTES];
	int ok;

	memcpy(text, salt, TOKEN_SALT_BYTES);
	memcpy(text + TOKEN_SALT_BYTES, bearer->secret, BEARER_SECRET_BYTES);
	ok = EVP_Digest(text, sizeof(text), hash, NULL, EVP_sha256(), NULL);
	OPENSSL_cleanse(text, sizeof(text));
	return ok == 1 ? 0 : error_set_openssl(err, ERROR_INTERNAL, "SHA-256");
}

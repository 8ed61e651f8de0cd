/* weakkeys.c - Debian's lists of weak keys as one sorted table. */
#include "ca/weakkeys.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/file.h"
#include "base/text.h"

#define LIST_MAX_BYTES ((size_t)64 << 20)
#define SHA1_BYTES     20
#define ENTRY_BYTES    10 /* the last of the SHA-1 */
#define ENTRY_DIGITS   (2 * (size_t)ENTRY_BYTES)

struct weakkeys {
	struct buffer entries;
};

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, ENTRY_BYTES);
}

static int
read_line(struct bytes line, struct buffer *entries)
{
	unsigned char entry[ENTRY_BYTES];
	char hex[ENTRY_DIGITS + 1];

	if (line.len == 0 || line.data[0] == '#')
		return 0;
	if (line.len != ENTRY_DIGITS)
		return -1;
	memcpy(hex, line.data, ENTRY_DIGITS);
	hex[ENTRY_DIGITS] = '\0';
	if (hex_decode(entry, sizeof(entry), hex) != 0)
		return -1;
	buf_append(entries, entry, sizeof(entry));
	return 0;
}

int
weakkeys_parse(
    const char *path, struct bytes text, struct buffer *entries, struct error *err)
{
	for (size_t number = 1; text.len > 0; number++) {
		const unsigned char *end = memchr(text.data, '\n', text.len);
		size_t len = end != NULL ? (size_t)(end - text.data) : text.len;

		if (read_line((struct bytes){ text.data, len }, entries) != 0)
			return error_set(err, ERROR_CONFIG,
			    "%s:%zu: not 20 hex digits, nor a comment", path, number);
		len += end != NULL;
		text.data += len;
		text.len -= len;
	}
	return buf_failed(entries) ? error_set(err, ERROR_INTERNAL, "out of memory") : 0;
}

static int
read_list(const char *path, struct buffer *entries, struct error *err)
{
	struct buffer text;
	int rc;

	buf_init(&text, 0);
	if ((rc = file_read(path, LIST_MAX_BYTES, &text, err)) == 0)
		rc = weakkeys_parse(path, buf_bytes(&text), entries, err);
	else
		err->code = ERROR_CONFIG;
	buf_free(&text);
	return rc;
}

static int
read_lists(const char *directory, struct buffer *entries, struct error *err)
{
	static const char *const names[] = { "blacklist.RSA-2048", "blacklist.RSA-3072",
		"blacklist.RSA-4096" };
	char path[PATH_MAX];
	int lists = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (snprintf(path, sizeof(path), "%s/%s", directory, names[i]) >=
		    (int)sizeof(path))
			return error_set(
			    err, ERROR_CONFIG, "%s: the path is too long", directory);
		if (access(path, F_OK) != 0)
			continue;
		if (read_list(path, entries, err) != 0)
			return -1;
		lists++;
	}
	if (lists == 0)
		return error_set(err, ERROR_CONFIG,
		    "%s: no blacklist.RSA-2048, blacklist.RSA-3072 or blacklist.RSA-4096",
		    directory);
	return 0;
}

int
weakkeys_read(const char *directory, struct weakkeys **keys, struct error *err)
{
	struct weakkeys *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	buf_init(&made->entries, 0);
	if (read_lists(directory, &made->entries, err) != 0) {
		weakkeys_free(made);
		return -1;
	}
	if (made->entries.len > 0)
		qsort(made->entries.data, weakkeys_count(made), ENTRY_BYTES, compare);
	*keys = made;
	return 0;
}

void
weakkeys_free(struct weakkeys *keys)
{
	if (keys == NULL)
		return;
	buf_free(&keys->entries);
	free(keys);
}

size_t
weakkeys_count(const struct weakkeys *keys)
{
	return keys != NULL ? keys->entries.len / ENTRY_BYTES : 0;
}

/* SHA-1 because the lists have it; nothing is signed with it. */
static int
hash_modulus(OSSL_LIB_CTX *libctx, const BIGNUM *n, unsigned char hash[static SHA1_BYTES],
    struct error *err)
{
	char *hex = BN_bn2hex(n);
	struct buffer text;
	size_t len;
	int rc = 0;

	buf_init(&text, 0);
	if (hex != NULL)
		buf_printf(&text, "Modulus=%s\n", hex);
	if (hex == NULL || buf_failed(&text) ||
	    EVP_Q_digest(libctx, "SHA1", NULL, text.data, text.len, hash, &len) != 1)
		rc = error_set_openssl(err, ERROR_INTERNAL, "SHA-1 of a modulus");
	buf_free(&text);
	OPENSSL_free(hex);
	return rc;
}

int
weakkeys_find(const struct weakkeys *keys, OSSL_LIB_CTX *libctx, const EVP_PKEY *key,
    bool *weak, struct error *err)
{
	unsigned char hash[SHA1_BYTES];
	BIGNUM *n = NULL;
	int rc;

	*weak = false;
	if (weakkeys_count(keys) == 0)
		return 0;
	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "modulus of an RSA key");
	rc = hash_modulus(libctx, n, hash, err);
	if (rc == 0)
		*weak = bsearch(hash + SHA1_BYTES - ENTRY_BYTES, keys->entries.data,
			    weakkeys_count(keys), ENTRY_BYTES, compare) != NULL;
	BN_free(n);
	return rc;
}

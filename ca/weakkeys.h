/*
 * weakkeys.h - the RSA keys that Debian's OpenSSL made from a process id (CVE-2008-0166).
 *
 * They are known by the lists of Debian's package openssl-blacklist: of each key the last
 * 20 hex digits of the SHA-1 of "Modulus=HEX\n", as openssl rsa -modulus prints it, on a
 * line of its own; '#' begins a comment. Read once, then constant: any thread may ask.
 */
#ifndef CA_WEAKKEYS_H
#define CA_WEAKKEYS_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>

#include "base/buffer.h"
#include "base/error.h"

struct weakkeys;

/*
 * Reads the lists of the sizes that csr-rsa-size accepts: blacklist.RSA-2048 and so on.
 * ERROR_CONFIG when directory has none of them, or one cannot be read or has a line that
 * is no entry, which the text names. The caller frees *keys.
 */
int weakkeys_read(const char *directory, struct weakkeys **keys, struct error *err);
void weakkeys_free(struct weakkeys *keys);

/* Appends the entries of one list, of 10 bytes each, to entries; path is for messages. */
int weakkeys_parse(
    const char *path, struct bytes text, struct buffer *entries, struct error *err);

size_t weakkeys_count(const struct weakkeys *keys); /* 0 for NULL */

/* key is RSA; *weak is false for NULL keys. */
int weakkeys_find(const struct weakkeys *keys, OSSL_LIB_CTX *libctx, const EVP_PKEY *key,
    bool *weak, struct error *err);

#endif

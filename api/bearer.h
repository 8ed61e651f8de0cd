/*
 * bearer.h - a bearer token: kh1.NAME.SECRET, the secret 256 random bits in base64url.
 *
 * The prefix is what scanners of repositories and logs look for. The name says which
 * token it claims to be, so that nothing is searched by its secret.
 */
#ifndef API_BEARER_H
#define API_BEARER_H

#include "base/error.h"
#include "base/text.h"
#include "store/tokens.h"

#define BEARER_PREFIX       "kh1."
#define BEARER_SECRET_BYTES 32
#define BEARER_SECRET_CHARS 43 /* without padding */
#define BEARER_TEXT_SIZE                                                                 \
	(sizeof(BEARER_PREFIX) + NAME_MAX_CHARS + 1 + BEARER_SECRET_CHARS)

struct bearer {
	char name[NAME_MAX_CHARS + 1];
	unsigned char secret[BEARER_SECRET_BYTES];
};

/* A new secret under a name that is valid. The caller clears it, in any case. */
int bearer_make(const char *name, struct bearer *bearer, struct error *err);
void bearer_clear(struct bearer *bearer);

void bearer_write(const struct bearer *bearer, char text[static BEARER_TEXT_SIZE]);

/* Reads len characters; -1 for what bearer_write does not write. */
int bearer_read(const char *text, size_t len, struct bearer *bearer);

int bearer_hash(const struct bearer *bearer,
    const unsigned char salt[static TOKEN_SALT_BYTES],
    unsigned char hash[static TOKEN_HASH_BYTES], struct error *err);

#endif

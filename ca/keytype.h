/* keytype.h - the types of keys that profiles name: "ec-p256", "rsa-2048" ... */
#ifndef CA_KEYTYPE_H
#define CA_KEYTYPE_H

#include <openssl/types.h>

#include "ca/profile.h"
#include "ca/violation.h"

/* All of them; ends with NULL. */
extern const char *const keytype_names[];

/* The key's type, or NULL when it has none of these. */
const char *keytype_of(const EVP_PKEY *key);

/* The profile admits keys of this type. */
bool keytype_is_allowed(const EVP_PKEY *key, const struct profile *profile);

/* The same, and says so in v when it does not. */
void
keytype_check(const EVP_PKEY *key, const struct profile *profile, struct violations *v);

#endif

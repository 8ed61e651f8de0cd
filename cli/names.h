/* names.h - the names that a request has: subject and alternative names, types and uses.
 */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include <stdbool.h>

#include <jansson.h>

#include "cli/arguments.h"

#define NAMES_KEY_TYPES                                                                  \
	"ec-p256 ec-p384 ec-p521 rsa-2048 rsa-3072 rsa-4096 rsa-pss-2048 rsa-pss-3072 "  \
	"rsa-pss-4096 ed25519"
#define NAMES_TLS_USES "tls tls-rsa-kex"
#define NAMES_KEY_USES NAMES_TLS_USES " ca sign"

/* One of NAMES_TLS_USES: certificates for TLS are for keys of these uses. */
bool names_does_tls(const char *use);

/* --type, or what suits a key of this use: RSA key exchange takes RSA. */
const char *names_key_type(const struct arguments *args, const char *use);

/*
 * {"subject", "sans"} as the daemon's CSR resource takes it; what was not given is left
 * out. The caller frees with json_decref.
 */
json_t *names_of_request(const struct arguments *args);

#endif

/* names.h - the subject and alternative names of a request, from --subject and --san. */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include <jansson.h>

#include "cli/arguments.h"

#define NAMES_KEY_TYPES "ec-p256 ec-p384 ec-p521 rsa-2048 rsa-3072 rsa-4096 ed25519"
#define NAMES_PROFILES  "server client peer"

/*
 * {"subject", "sans"} as the daemon's CSR resource takes it; what was not given is left
 * out. The caller frees with json_decref.
 */
json_t *names_of_request(const struct arguments *args);

#endif

/* publickey.h - which public key somebody means: by its hash, or a file that has it. */
#ifndef CLI_PUBLICKEY_H
#define CLI_PUBLICKEY_H

#include "base/error.h"

#define PUBLICKEY_HEX_SIZE 65

/*
 * text is spki: and 64 hex digits, or the path of a file with a certificate, a request or
 * a public key, in PEM (of several blocks the first) or DER; "-" is standard input. hex
 * becomes the SHA-256 of its SubjectPublicKeyInfo.
 */
int
publickey_read(const char *text, char hex[static PUBLICKEY_HEX_SIZE], struct error *err);

#endif

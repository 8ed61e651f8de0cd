/* certfile.h - a certificate from a file: PEM or DER, the first one of a chain. */
#ifndef CLI_CERTFILE_H
#define CLI_CERTFILE_H

#include "base/buffer.h"
#include "base/error.h"

/* Appends it, and nothing else of the file, which may hold a private key. */
int certfile_pem(const char *path, struct buffer *pem, struct error *err);
int certfile_der(const char *path, struct buffer *der, struct error *err);

#endif

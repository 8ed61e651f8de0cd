/* request.h - a certificate request (PKCS#10) from a file. */
#ifndef CLI_REQUEST_H
#define CLI_REQUEST_H

#include "base/buffer.h"
#include "base/error.h"

/*
 * Appends the request to pem, in PEM whatever it was; path "-" is standard input. A file
 * with a private key is refused, so that it never leaves this process.
 */
int request_read(const char *path, struct buffer *pem, struct error *err);

#endif

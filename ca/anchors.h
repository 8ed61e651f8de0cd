/* anchors.h - the authorities whose certificates of clients are taken. */
#ifndef CA_ANCHORS_H
#define CA_ANCHORS_H

#include <openssl/types.h>

#include "base/buffer.h"
#include "base/error.h"

#define ANCHORS_MAX_BYTES (1024 * 1024)

/*
 * Certificates of authorities in PEM, with any text between them; a root or not, each
 * one is where a chain may end. name stands in a refusal, with the line. The caller frees
 * *anchors with X509_STORE_free.
 */
int anchors_read(OSSL_LIB_CTX *libctx, struct bytes pem, const char *name,
    X509_STORE **anchors, struct error *err);

#endif

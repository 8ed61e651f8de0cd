/* pem.h - one PEM block with a key reference in it. */
#ifndef PROVIDER_PEM_H
#define PROVIDER_PEM_H

#include <openssl/types.h>

#include "base/buffer.h"

/*
 * Reads the next PEM block of bio, whatever it is. 1: it is a key reference, its DER is
 * appended. 0: it is something else, or there is none; nothing is left on OpenSSL's
 * error queue, for somebody else may know the block.
 */
int pem_read_reference(BIO *bio, struct buffer *der);

#endif

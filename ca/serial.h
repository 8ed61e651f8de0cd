/* serial.h - certificate serial numbers: 20 octets, 158 of their bits random. */
#ifndef CA_SERIAL_H
#define CA_SERIAL_H

#include <openssl/types.h>

#include "base/error.h"

#define SERIAL_BYTES 20

int serial_new(
    OSSL_LIB_CTX *libctx, unsigned char serial[static SERIAL_BYTES], struct error *err);

#endif

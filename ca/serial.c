/* serial.c - serial numbers that nobody can predict. */
#include "ca/serial.h"

#include <openssl/rand.h>

int
serial_new(
    OSSL_LIB_CTX *libctx, unsigned char serial[static SERIAL_BYTES], struct error *err)
{
	if (RAND_bytes_ex(libctx, serial, SERIAL_BYTES, 0) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "serial number");
	/* Below 2^159 DER needs no 21st octet; from 2^158 on it is never shorter. */
	serial[0] = (unsigned char)((serial[0] & 0x7f) | 0x40);
	return 0;
}

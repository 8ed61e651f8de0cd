/* import.h - a key pair that was made elsewhere, as a replicated HSM has it. */
#ifndef TESTS_SUPPORT_IMPORT_H
#define TESTS_SUPPORT_IMPORT_H

#include <openssl/evp.h>

#include "pkcs11/token.h"

/* An RSA key that signs and decrypts; the CKA_ID is this one byte. */
void
test_import(struct token *token, const EVP_PKEY *pkey, const char *label, CK_BYTE id);

#endif

/* params.h - values for those OSSL_PARAMs that the caller asks for. */
#ifndef EVP_PARAMS_H
#define EVP_PARAMS_H

#include <openssl/core.h>

/* 1, also when params has none of this name; 0 when the value does not fit. */
int params_put_int(OSSL_PARAM params[], const char *name, int value);
int params_put_uint(OSSL_PARAM params[], const char *name, unsigned value);
int params_put_text(OSSL_PARAM params[], const char *name, const char *value);

#endif

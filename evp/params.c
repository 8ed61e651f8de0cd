/* params.c - OSSL_PARAM_locate, then OSSL_PARAM_set. */
#include "evp/params.h"

#include <openssl/params.h>

int
params_put_int(OSSL_PARAM params[], const char *name, int value)
{
	OSSL_PARAM *p = OSSL_PARAM_locate(params, name);

	return p == NULL || OSSL_PARAM_set_int(p, value);
}

int
params_put_uint(OSSL_PARAM params[], const char *name, unsigned value)
{
	OSSL_PARAM *p = OSSL_PARAM_locate(params, name);

	return p == NULL || OSSL_PARAM_set_uint(p, value);
}

int
params_put_text(OSSL_PARAM params[], const char *name, const char *value)
{
	OSSL_PARAM *p = OSSL_PARAM_locate(params, name);

	return p == NULL || OSSL_PARAM_set_utf8_string(p, value);
}

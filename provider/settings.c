/* settings.c - what openssl.cnf says of this provider. */
#include "provider/settings.h"

#include <stdlib.h>

#include <openssl/core_dispatch.h>
#include <openssl/params.h>

#include "base/text.h"
#include "client/client.h"

/* A handshake waits for these; the daemon answers in well under a millisecond. */
#define CONNECT_TIMEOUT_MS 200
#define ANSWER_TIMEOUT_MS  2000

static OSSL_FUNC_core_get_params_fn *
find_get_params(const OSSL_DISPATCH *in)
{
	for (; in->function_id != 0; in++)
		if (in->function_id == OSSL_FUNC_CORE_GET_PARAMS)
			return OSSL_FUNC_core_get_params(in);
	return NULL;
}

/* NULL when the section does not have it. */
static const char *
find(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in, const char *name)
{
	OSSL_FUNC_core_get_params_fn *get_params = find_get_params(in);
	char *value = NULL;
	OSSL_PARAM params[2];

	params[0] = OSSL_PARAM_construct_utf8_ptr(name, &value, 0);
	params[1] = OSSL_PARAM_construct_end();
	return get_params != NULL && get_params(core, params) ? value : NULL;
}

static int
read_timeout(int *out, const char *name, const char *value, struct error *err)
{
	struct error why;
	uint64_t number;

	if (value == NULL)
		return 0;
	if (text_to_uint(value, 1, CLIENT_TIMEOUT_MAX_MS, &number, &why) != 0)
		return error_set(err, ERROR_CONFIG,
		    "%s in keyhold's section of openssl.cnf: %s", name, why.text);
	*out = (int)number;
	return 0;
}

int
settings_read(struct settings *settings, const OSSL_CORE_HANDLE *core,
    const OSSL_DISPATCH *in, struct error *err)
{
	const char *sockets = find(core, in, "socket");

	if (sockets == NULL || *sockets == '\0')
		sockets = secure_getenv("KEYHOLD_SOCKET");
	if (sockets == NULL || *sockets == '\0')
		sockets = CLIENT_DEFAULT_SOCKET;
	*settings = (struct settings){
		.sockets = sockets,
		.connect_timeout_ms = CONNECT_TIMEOUT_MS,
		.answer_timeout_ms = ANSWER_TIMEOUT_MS,
	};
	if (read_timeout(&settings->connect_timeout_ms, "connect_timeout_ms",
		find(core, in, "connect_timeout_ms"), err) != 0)
		return -1;
	return read_timeout(&settings->answer_timeout_ms, "answer_timeout_ms",
	    find(core, in, "answer_timeout_ms"), err);
}

/* evp.c - the tables of operations, and errors on their way to OpenSSL's queue. */
#include "evp/evp.h"

#include <stdarg.h>

#include "evp/algorithms.h"

void
evp_provider_init(struct evp_provider *provider, const OSSL_CORE_HANDLE *core,
    const OSSL_DISPATCH *in, const struct key_backend *backend, void *backend_ctx)
{
	*provider = (struct evp_provider){
		.core = core,
		.backend = backend,
		.backend_ctx = backend_ctx,
	};
	for (; in->function_id != 0; in++) {
		switch (in->function_id) {
		case OSSL_FUNC_CORE_NEW_ERROR:
			provider->new_error = OSSL_FUNC_core_new_error(in);
			break;
		case OSSL_FUNC_CORE_SET_ERROR_DEBUG:
			provider->set_error_debug = OSSL_FUNC_core_set_error_debug(in);
			break;
		case OSSL_FUNC_CORE_VSET_ERROR:
			provider->vset_error = OSSL_FUNC_core_vset_error(in);
			break;
		default:
			break;
		}
	}
}

/*
 * Complete from the first call: OpenSSL asks early and remembers the answer, so a table
 * that is filled later is never seen.
 */
const OSSL_ALGORITHM *
evp_operations(int operation_id)
{
	static const OSSL_ALGORITHM keymgmt[] = {
		{ "EC:id-ecPublicKey:1.2.840.10045.2.1", "provider=keyhold",
		    evp_keymgmt_ec_functions, "EC key held by keyhold" },
		{ "RSA:rsaEncryption:1.2.840.113549.1.1.1", "provider=keyhold",
		    evp_keymgmt_rsa_functions, "RSA key held by keyhold" },
		{ "RSA-PSS:RSASSA-PSS:1.2.840.113549.1.1.10", "provider=keyhold",
		    evp_keymgmt_rsa_pss_functions, "RSA-PSS key held by keyhold" },
		{ "ED25519:1.3.101.112", "provider=keyhold",
		    evp_keymgmt_ed25519_functions, "Ed25519 key held by keyhold" },
		{ NULL, NULL, NULL, NULL },
	};
	static const OSSL_ALGORITHM signature[] = {
		{ "ECDSA", "provider=keyhold", evp_signature_functions,
		    "ECDSA by keyhold" },
		{ "RSA:rsaEncryption:1.2.840.113549.1.1.1", "provider=keyhold",
		    evp_signature_functions, "RSA signatures by keyhold" },
		{ "RSA-PSS:RSASSA-PSS:1.2.840.113549.1.1.10", "provider=keyhold",
		    evp_signature_functions, "RSA-PSS signatures by keyhold" },
		{ "ED25519:1.3.101.112", "provider=keyhold", evp_signature_functions,
		    "Ed25519 by keyhold" },
		{ NULL, NULL, NULL, NULL },
	};
	static const OSSL_ALGORITHM asym_cipher[] = {
		{ "RSA:rsaEncryption:1.2.840.113549.1.1.1", "provider=keyhold",
		    evp_asym_cipher_functions, "RSA key exchange by keyhold" },
		{ NULL, NULL, NULL, NULL },
	};

	switch (operation_id) {
	case OSSL_OP_KEYMGMT:
		return keymgmt;
	case OSSL_OP_SIGNATURE:
		return signature;
	case OSSL_OP_ASYM_CIPHER:
		return asym_cipher;
	default:
		return NULL;
	}
}

const OSSL_ITEM *
evp_reason_strings(void)
{
	static const OSSL_ITEM reasons[] = {
		{ ERROR_BAD_REQUEST, "malformed request or reference" },
		{ ERROR_FORBIDDEN, "keyholdd does not allow it" },
		{ ERROR_NOT_FOUND, "keyholdd has no such key" },
		{ ERROR_CONFLICT, "conflict" },
		{ ERROR_TOO_LARGE, "too large" },
		{ ERROR_UNSUPPORTED, "not supported for keys held by keyhold" },
		{ ERROR_REFUSED, "refused" },
		{ ERROR_BUSY, "keyholdd is busy" },
		{ ERROR_TIMEOUT, "keyholdd did not answer in time" },
		{ ERROR_TOKEN, "the token failed" },
		{ ERROR_LOGGED_OUT, "the token ended the login" },
		{ ERROR_AWAY, "the token is away" },
		{ ERROR_PIN, "the token does not accept the PIN" },
		{ ERROR_CONFIG, "configuration" },
		{ ERROR_IO, "keyholdd cannot be reached" },
		{ ERROR_INTERNAL, "internal error" },
		{ 0, NULL },
	};

	return reasons;
}

static void
set_error(const struct evp_provider *provider, uint32_t reason, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	provider->vset_error(provider->core, reason, fmt, ap);
	va_end(ap);
}

void
evp_raise(const struct evp_provider *provider, const struct error *err)
{
	if (provider->new_error == NULL || provider->vset_error == NULL)
		return;
	provider->new_error(provider->core);
	if (provider->set_error_debug != NULL)
		provider->set_error_debug(provider->core, "keyhold", 0, "keyhold");
	set_error(provider, (uint32_t)err->code, "%s", err->text);
}

int
evp_refuse(const struct evp_provider *provider, enum error_code code, const char *text)
{
	struct error err;

	error_set(&err, code, "%s", text);
	evp_raise(provider, &err);
	return 0;
}

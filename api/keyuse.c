/* keyuse.c - the rule of each use. */
#include "api/keyuse.h"

#include "api/tls_message.h"

static bool
is_tls_message(
    const struct keystore_key *key, enum scheme scheme, const struct bytes *message)
{
	return tls_is_certificate_verify_13(message, scheme, key->key.type) ||
	       tls_is_server_key_exchange(message) ||
	       tls_is_certificate_verify_12(message) || is_own_csr(message, &key->key);
}

int
keyuse_check(const struct keystore_key *key, enum scheme scheme,
    const struct bytes *message, struct error *err)
{
	if (!scheme_fits(scheme, key->key.type))
		return error_set(err, ERROR_UNSUPPORTED, "%s is not for a key of type %s",
		    scheme_info(scheme)->name, key_type_info(key->key.type)->name);
	switch (key->use) {
	case KEY_USE_SIGN:
		return 0;
	case KEY_USE_TLS:
	case KEY_USE_TLS_RSA_KEX:
		if (is_tls_message(key, scheme, message))
			return 0;
		return error_set(err, ERROR_FORBIDDEN,
		    "key %s has use %s: it signs TLS handshakes and its own CSR, and "
		    "this message is neither",
		    key->key.name, key_use_name(key->use));
	case KEY_USE_CA:
		return error_set(err, ERROR_FORBIDDEN,
		    "key %s has use ca: it signs only the certificates that this daemon "
		    "builds",
		    key->key.name);
	case KEY_USE_AUDIT:
		break;
	}
	return error_set(err, ERROR_FORBIDDEN,
	    "key %s has use audit: it signs only the heads of the audit record",
	    key->key.name);
}

int
keyuse_check_decrypt(const struct keystore_key *key, struct error *err)
{
	if (key->use == KEY_USE_TLS_RSA_KEX)
		return 0;
	return error_set(err, ERROR_FORBIDDEN,
	    "key %s has use %s: it does not decrypt; RSA key exchange takes a key of use "
	    "tls-rsa-kex",
	    key->key.name, key_use_name(key->use));
}

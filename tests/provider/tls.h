/* tls.h - certificates and handshakes over any keys. */
#ifndef TESTS_PROVIDER_TLS_H
#define TESTS_PROVIDER_TLS_H

#include <openssl/types.h>

/* Signed by its own key; belongs to libctx, so that its key is found there too. hash is
 * NULL for Ed25519. The caller frees it.
 */
X509 *tls_certificate(OSSL_LIB_CTX *libctx, EVP_PKEY *pkey, const char *hash);

/* Both sides on this thread, over memory; must succeed. How often the server paused. */
unsigned tls_shake_hands(SSL *server, SSL *client);

#endif

/*
 * tls_message.h - is this what a TLS peer signs in a handshake?
 *
 * A key of use tls signs only these, so that whoever takes over a proxy can speak as
 * that server while it lasts, and can make the key sign nothing that outlives it.
 */
#ifndef API_TLS_MESSAGE_H
#define API_TLS_MESSAGE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "evp/key.h"

/*
 * RFC 8446 section 4.4.3: 64 spaces, a context string, a zero, a transcript hash. Only
 * with the schemes that TLS 1.3 allows this key.
 */
bool tls_is_certificate_verify_13(
    const struct bytes *message, enum scheme scheme, enum key_type type);

/*
 * RFC 5246 section 7.4.3, RFC 8422 section 5.4, RFC 7919: client random, server random,
 * then ECDHE or DHE parameters that fill the rest exactly.
 */
bool tls_is_server_key_exchange(const struct bytes *message);

/*
 * RFC 5246 section 7.4.8: the handshake so far, whole messages from the ClientHello to
 * the ClientKeyExchange.
 */
bool tls_is_certificate_verify_12(const struct bytes *message);

/* RFC 2986 section 4.1: a CertificationRequestInfo for this very key. */
bool is_own_csr(const struct bytes *message, const struct key *key);

#endif

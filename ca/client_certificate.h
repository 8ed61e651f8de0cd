/*
 * client_certificate.h - the certificate that a TLS client shows: whether it holds, and
 * what its owner may be called.
 *
 * What an issuer of this house signed is looked up in the record, too, at the handshake
 * and, as long as the connection lasts, again after each revocation.
 */
#ifndef CA_CLIENT_CERTIFICATE_H
#define CA_CLIENT_CERTIFICATE_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "base/buffer.h"
#include "base/error.h"

#define CLIENT_CHAIN_MAX  10 /* certificates */
#define CLIENT_NAMES_MAX  64
#define CLIENT_ACTOR_SIZE 128

struct authority;
struct client_certificate;

/* What is wrong with it, as TLS tells it. */
enum client_fault {
	CLIENT_FAULT_BAD, /* anything else */
	CLIENT_FAULT_EXPIRED,
	CLIENT_FAULT_REVOKED,
	CLIENT_FAULT_UNKNOWN_CA,
};

struct client_chain {
	struct bytes certificates[CLIENT_CHAIN_MAX]; /* DER; the client's own first */
	size_t count;
};

/*
 * Verifies the chain up to one of anchors, for clients of TLS. ERROR_FORBIDDEN, with
 * *fault, when it does not hold. authority outlives what is made, which the caller frees.
 */
int client_certificate_verify(struct authority *authority, X509_STORE *anchors,
    const struct client_chain *chain, struct client_certificate **client,
    enum client_fault *fault, struct error *err);
void client_certificate_free(struct client_certificate *client);

/* ERROR_FORBIDDEN once it has expired or was revoked. For one thread at a time. */
int client_certificate_check(struct client_certificate *client, struct error *err);

/*
 * "dns:ci.example", "uri:spiffe://...", "ip:10.0.0.1", "email:...", in the order of the
 * certificate, and then "subject:CN=ci,O=example" (RFC 4514). They live as long as the
 * client does.
 */
const char *const *
client_certificate_names(const struct client_certificate *client, size_t *count);

/* "cert:" and the first name, or the certificate's SHA-256 where that is too long. */
const char *client_certificate_actor(const struct client_certificate *client);

#endif

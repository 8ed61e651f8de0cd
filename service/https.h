/*
 * https.h - TLS of an HTTPS listener: what it shows, and whom it lets in.
 *
 * The server's key is in the token, its certificate in the record. A client's certificate
 * is judged in the handshake; one that does not hold ends it.
 */
#ifndef SERVICE_HTTPS_H
#define SERVICE_HTTPS_H

#include <gnutls/abstract.h>

#include "api/api.h"
#include "base/error.h"
#include "service/config.h"

struct visitor;
struct https;

/* Before anything else of GnuTLS is used: it must not load the token's module, too. */
int https_init(struct error *err);

/* What can be wrong with the settings. */
int https_check(const struct config_listener *settings, struct error *err);

/* api and settings outlive it. */
int https_new(struct api *api, const struct config_listener *settings,
    struct https **https, struct error *err);
void https_free(struct https *https);

/* As GnuTLS writes it. */
extern const char https_priorities[];

/* Makes a session ready, before its handshake: of visitor, which outlives it. */
void https_attend(struct https *https, gnutls_session_t session, struct visitor *visitor);

/* What GnuTLS asks of an attended session for the server's certificate and key. */
gnutls_certificate_retrieve_function3 https_retrieve;

#endif

/* async.h - signatures that pause an OpenSSL ASYNC job instead of blocking its thread. */
#ifndef PROVIDER_ASYNC_H
#define PROVIDER_ASYNC_H

#include "client/client.h"

/*
 * ctx is any address that is this provider's alone. Applications that run handshakes as
 * jobs (SSL_MODE_ASYNC; HAProxy's ssl-mode-async) get one descriptor for each
 * ASYNC_WAIT_CTX, readable when the job can go on.
 */
extern const struct client_waiter async_waiter;

#endif

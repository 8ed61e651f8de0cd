/* remote.h - the key_backend of a proxy: keyholdd, over its socket. */
#ifndef PROVIDER_REMOTE_H
#define PROVIDER_REMOTE_H

#include "evp/key.h"
#include "provider/module.h"

/* ctx is a struct module_context. */
extern const struct key_backend remote_backend;

/* Appends the reference PEM of a named key; asks the daemon. */
int remote_reference(struct module_context *module, const char *name, struct buffer *pem,
    struct error *err);

#endif

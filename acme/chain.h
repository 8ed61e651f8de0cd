/* chain.h - the certificates that a server sends (RFC 8555 section 9.1). */
#ifndef ACME_CHAIN_H
#define ACME_CHAIN_H

#include "acme/acme.h"
#include "acme/identifier.h"

/*
 * Reads pem, which may hold certificates only; appends them to out, written anew. The
 * first is for the key of csr (DER), valid for these names; -1 for anything else.
 */
int chain_read(struct bytes pem, struct bytes csr, const struct identifier *names,
    size_t count, struct buffer *out, struct error *err);

#endif

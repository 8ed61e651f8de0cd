/* outside.h - a certificate from an ACME server, for a key in the token. */
#ifndef AGENT_OUTSIDE_H
#define AGENT_OUTSIDE_H

#include "acme/acme.h"
#include "agent/work.h"

/*
 * Appends the chain in PEM, leaf first; csr is in PEM. Blocks as long as the server takes
 * to look at the challenges, at most 15 minutes. What the server refuses is in
 * agent->detail, whole, and how long it asks to wait in work->retry_after_s.
 */
int outside_obtain(
    struct work *work, const char *csr, struct buffer *chain, struct error *err);

/* When the entry's server wants this certificate, in DER, renewed. ERROR_UNSUPPORTED when
 * it says nothing of the kind. */
int outside_window(const struct work *work, struct bytes certificate,
    struct acme_window *window, struct error *err);

#endif

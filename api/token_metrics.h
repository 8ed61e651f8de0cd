/* token_metrics.h - what Prometheus sees of the tokens, each by its name. */
#ifndef API_TOKEN_METRICS_H
#define API_TOKEN_METRICS_H

#include "base/buffer.h"
#include "pkcs11/keyring.h"

void token_metrics_write(struct keyring *keys, struct buffer *out);

#endif

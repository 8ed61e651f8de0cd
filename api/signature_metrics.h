/* signature_metrics.h - signatures and decryptions by key, scheme and outcome, for
 * /metrics: the tally without who asked. */
#ifndef API_SIGNATURE_METRICS_H
#define API_SIGNATURE_METRICS_H

#include "base/buffer.h"

struct tally;

void signature_metrics_write(struct tally *tally, struct buffer *out);

#endif

/* process.h - what the process takes of the machine, under Prometheus' standard names. */
#ifndef API_PROCESS_H
#define API_PROCESS_H

#include "base/buffer.h"

/* Appends what can be known: without /proc some of it cannot. */
void process_write(struct buffer *out);

#endif

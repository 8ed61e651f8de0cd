/* credulous.h - a client's side of OpenSSL that believes every signature. */
#ifndef BENCH_CREDULOUS_H
#define BENCH_CREDULOUS_H

#include "base/error.h"

/*
 * From now on this process takes any signature by an EC or RSA key for good, and reads
 * their public keys the short way: what is left of a client's handshake is what it cannot
 * do without. For load generators alone.
 */
int credulous_start(struct error *err);

#endif

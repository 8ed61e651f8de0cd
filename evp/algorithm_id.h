/* algorithm_id.h - the AlgorithmIdentifier (RFC 5280 section 4.1.1.2) of a scheme. */
#ifndef EVP_ALGORITHM_ID_H
#define EVP_ALGORITHM_ID_H

#include "base/buffer.h"
#include "evp/scheme.h"

/* DER; static. */
struct bytes algorithm_id(enum scheme scheme);

#endif

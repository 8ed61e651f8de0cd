/* leaf.h - what the first certificate of a chain says, and the request for one. */
#ifndef AGENT_LEAF_H
#define AGENT_LEAF_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "probe/certificate.h"

#define LEAF_HASH_SIZE 65 /* of SHA-256, in hex */

struct leaf {
	char serial[CERTIFICATE_SERIAL_SIZE];
	char spki_sha256[LEAF_HASH_SIZE];
	int64_t not_before, not_after;
};

/* Of a chain in PEM. */
int leaf_read(struct bytes chain, struct leaf *leaf, struct error *err);

/* Of a request to certify, in PEM: whose key it is for. */
int
leaf_request_key(struct bytes csr, char hash[static LEAF_HASH_SIZE], struct error *err);

/* Appends it in DER. */
int leaf_write(struct bytes chain, struct buffer *der, struct error *err);

#endif

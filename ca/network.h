/* network.h - IP networks: "10.0.0.0/8", "fd00::/8", or one address without a slash. */
#ifndef CA_NETWORK_H
#define CA_NETWORK_H

#include <stdbool.h>

#include "base/buffer.h"

struct network {
	unsigned char octets[16];
	size_t len; /* 4 or 16 */
	unsigned prefix;
};

/* -1 for what is none, and for one with bits set after its prefix. */
int network_read(const char *text, struct network *network);

/* An address of the other family is in none. */
bool network_has(const struct network *network, struct bytes address);

#endif

/* network.c - addresses that begin with the same bits. */
#include "ca/network.h"

#include <string.h>

#include <arpa/inet.h>

#include "base/text.h"

/* Whether a and b agree in the bits from the first to the last of prefix. */
static bool
begins_alike(const unsigned char *a, const unsigned char *b, unsigned prefix)
{
	unsigned whole = prefix / 8, rest = prefix % 8;

	return memcmp(a, b, whole) == 0 &&
	       (rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

static bool
has_bits_after(const struct network *network)
{
	for (unsigned bit = network->prefix; bit < network->len * 8; bit++)
		if ((network->octets[bit / 8] & (0x80u >> bit % 8)) != 0)
			return true;
	return false;
}

int
network_read(const char *text, struct network *network)
{
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	char address[INET6_ADDRSTRLEN];
	uint64_t prefix;

	if (len >= sizeof(address))
		return -1;
	memcpy(address, text, len);
	address[len] = '\0';
	if (inet_pton(AF_INET, address, network->octets) == 1)
		network->len = 4;
	else if (inet_pton(AF_INET6, address, network->octets) == 1)
		network->len = 16;
	else
		return -1;
	prefix = network->len * 8;
	if (slash != NULL &&
	    text_to_uint(slash + 1, 0, network->len * 8, &prefix, NULL) != 0)
		return -1;
	network->prefix = (unsigned)prefix;
	return has_bits_after(network) ? -1 : 0;
}

bool
network_has(const struct network *network, struct bytes address)
{
	return address.len == network->len &&
	       begins_alike(address.data, network->octets, network->prefix);
}

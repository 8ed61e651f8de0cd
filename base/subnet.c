/* subnet.c - the network of an address, as text. */
#include "base/subnet.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define NETWORK_BYTES 8 /* of IPv6, in an address */

const char *
subnet_of(const char *address, char out[static SUBNET_SIZE])
{
	struct in6_addr v6;
	struct in_addr v4;

	snprintf(out, SUBNET_SIZE, "%s", address);
	if (inet_pton(AF_INET, address, &v4) == 1) {
		if (ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET)
			snprintf(out, SUBNET_SIZE, "127.0.0.0/8");
	} else if (inet_pton(AF_INET6, address, &v6) == 1 && !IN6_IS_ADDR_V4MAPPED(&v6)) {
		memset(&v6.s6_addr[NETWORK_BYTES], 0, sizeof(v6) - NETWORK_BYTES);
		inet_ntop(AF_INET6, &v6, out, SUBNET_SIZE);
		strncat(out, "/64", SUBNET_SIZE - strlen(out) - 1);
	}
	return out;
}

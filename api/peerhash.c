/* peerhash.c - the peer of an actor. */
#include "api/peerhash.h"

#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#define NOBODY "nobody:" /* and an address */

uint64_t
peerhash_of_actor(uint64_t seed, const char *actor)
{
	struct in6_addr address;

	if (strncmp(actor, NOBODY, strlen(NOBODY)) == 0 &&
	    inet_pton(AF_INET6, actor + strlen(NOBODY), &address) == 1 &&
	    !IN6_IS_ADDR_V4MAPPED(&address))
		return peerhash(seed, &address, 8);
	return peerhash(seed, actor, strlen(actor));
}

/* peerhash.c - the peer of an actor. */
#include "api/peerhash.h"

#include <string.h>

#include "base/subnet.h"

#define NOBODY   "nobody:" /* and an address */
#define LOOPBACK "127."

uint64_t
peerhash_of_actor(uint64_t seed, const char *actor)
{
	char network[SUBNET_SIZE];

	if (strncmp(actor, NOBODY, strlen(NOBODY)) == 0 &&
	    strncmp(actor + strlen(NOBODY), LOOPBACK, strlen(LOOPBACK)) != 0)
		actor = subnet_of(actor + strlen(NOBODY), network);
	return peerhash(seed, actor, strlen(actor));
}

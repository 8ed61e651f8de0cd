/* peerhash.h - 64 bits that stand for a peer in a table of peers (FNV-1a, seeded). */
#ifndef API_PEERHASH_H
#define API_PEERHASH_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t
peerhash(uint64_t seed, const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ seed;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
	/* The low bits, which choose a place, take part in everything. */
	return hash ^ hash >> 32;
}

/* The network of an address is the peer (base/subnet.h); but each loopback address is
 * one, so that what one local client does wrong does not shut out the others. */
uint64_t peerhash_of_actor(uint64_t seed, const char *actor);

#endif

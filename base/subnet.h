/*
 * subnet.h - which addresses are one peer: a host may come from 2^64 addresses of IPv6,
 * its /64, and from all of 127.0.0.0/8 to itself.
 */
#ifndef BASE_SUBNET_H
#define BASE_SUBNET_H

#define SUBNET_SIZE 64

/*
 * Of an address as text: "2001:db8::/64", "127.0.0.0/8", or what it is itself, as any
 * other text, of which what has no room is left out. Returns out.
 */
const char *subnet_of(const char *address, char out[static SUBNET_SIZE]);

#endif

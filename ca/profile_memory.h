/* profile_memory.h - what profiles that are not part of the program share (inside ca/
 * only). */
#ifndef CA_PROFILE_MEMORY_H
#define CA_PROFILE_MEMORY_H

#include <stdatomic.h>

struct profile;

struct profile_owner {
	atomic_uint references;
	const struct profile *next; /* in profiles.c's list, under its lock */
};

#endif

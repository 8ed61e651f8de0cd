/* dh_group.h - the finite-field groups that everybody knows. */
#ifndef API_DH_GROUP_H
#define API_DH_GROUP_H

#include <stdbool.h>

#include "base/buffer.h"

/* p is the prime of a group of RFC 7919 or RFC 3526 of 2048 bits or more; both have g
 * = 2. */
bool is_known_dh_prime(const struct bytes *p);

#endif

/*
 * emailname.h - the e-mail addresses that may stand in a certificate, and patterns of
 * them: LOCAL@HOST, where LOCAL is "*" or exact and HOST a pattern of dnspattern.h.
 */
#ifndef CA_EMAILNAME_H
#define CA_EMAILNAME_H

#include <stdbool.h>

#include "base/buffer.h"
#include "ca/violation.h"

bool emailname_pattern_is_valid(struct bytes pattern);
bool emailname_matches(struct bytes pattern, struct bytes address);

/* Adds what is wrong with the address as such to v, under field. */
void emailname_check(struct bytes address, const char *field, struct violations *v);

#endif

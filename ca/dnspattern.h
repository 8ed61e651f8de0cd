/*
 * dnspattern.h - the DNS names that a profile admits.
 *
 * A pattern is a name whose labels may be "*", any one label, and whose first may be
 * "**", one or more of any: "*.svc.example" has a.svc.example and neither svc.example nor
 * a.b.svc.example; "**.svc.example" has both a. and a.b.; "**" has every name. Nothing
 * matches part of a label. In a wildcard name the label "*" is matched by "*" and "**"
 * alone. A name with an empty label, as .example and a..example have, is no pattern's.
 */
#ifndef CA_DNSPATTERN_H
#define CA_DNSPATTERN_H

#include <stdbool.h>

#include "base/buffer.h"

/* The pattern is one: in lower case, of letters, digits and hyphens. */
bool dnspattern_is_valid(struct bytes pattern);

bool dnspattern_matches(struct bytes pattern, struct bytes name);

#endif

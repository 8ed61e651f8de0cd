/*
 * uriname.h - the URIs that may stand in a certificate, and patterns of them.
 *
 * Of RFC 3986 there is what names a workload: scheme://host/segment/segment, without
 * user, port, query, fragment, percent-encoding and empty or dotted segments. A pattern
 * reads the same; its host is a pattern of dnspattern.h, and a segment "*" is any one,
 * "**" at the end one or more. The scheme is never a pattern: a profile lists its
 * schemes.
 */
#ifndef CA_URINAME_H
#define CA_URINAME_H

#include <stdbool.h>

#include "base/buffer.h"
#include "ca/violation.h"

bool uriname_pattern_is_valid(struct bytes pattern);
bool uriname_matches(struct bytes pattern, struct bytes uri);

/* Adds what is wrong with the URI as such to v, under field. */
void uriname_check(struct bytes uri, const char *field, struct violations *v);

/* An identity of SPIFFE, of which a certificate has no other beside it. */
bool uriname_is_spiffe(struct bytes uri);

#endif
